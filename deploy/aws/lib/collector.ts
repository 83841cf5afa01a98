// Brings the services' own metrics to CloudWatch: a collector beside the services reads `/metrics` of their internal ports each minute. What
// it passes on is listed here, because each series costs money there.

import { Stack } from "aws-cdk-lib";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as logs from "aws-cdk-lib/aws-logs";

import { PORTS, type Service } from "./settings.ts";

const IMAGE = "public.ecr.aws/aws-observability/aws-otel-collector:v0.48.0";

/** Metrics by service as they are named at `/metrics`, with the labels that are kept apart. */
export const METRICS: Record<Service, { name: string; labels: string[] }[]> = {
  gateway: [
    { name: "gateway_answers_total", labels: ["result"] },
    { name: "gateway_first_token_seconds", labels: [] },
    { name: "gateway_answer_seconds", labels: [] },
    { name: "gateway_refused_total", labels: ["code"] },
    { name: "gateway_shed_total", labels: [] },
    { name: "gateway_cache_lookups_total", labels: ["result"] },
    { name: "gateway_spent_microdollars", labels: ["span"] },
    { name: "gateway_open_sockets", labels: [] },
    { name: "gateway_handoffs_total", labels: ["result"] },
  ],
  retriever: [
    { name: "retriever_search_seconds", labels: [] },
    { name: "retriever_degraded_searches_total", labels: [] },
    { name: "retriever_changes_total", labels: ["ending"] },
  ],
  generator: [
    { name: "generator_answers_total", labels: ["ending"] },
    { name: "generator_cost_microdollars_total", labels: [] },
  ],
  ingestor: [
    { name: "ingestor_chunks_total", labels: ["vector"] },
    { name: "ingestor_ocr_pages_total", labels: [] },
    { name: "ingestor_cost_nano_dollars_total", labels: [] },
  ],
};

/** Returns the namespace of the metrics in CloudWatch. */
export function namespaceOf(name: string): string {
  return `Chatbot/${name}`;
}

/** Adds a collector that reads these services of its own task. */
export function addCollector(task: ecs.TaskDefinition, name: string, services: Service[], group: logs.LogGroup, logging: ecs.LogDriver): void {
  task.addToTaskRolePolicy(
    new iam.PolicyStatement({
      sid: "WriteMetrics",
      actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
      resources: [group.logGroupArn],
    }),
  );
  task.addContainer("collector", {
    image: ecs.ContainerImage.fromRegistry(IMAGE),
    // Answers go on without it.
    essential: false,
    readonlyRootFilesystem: true,
    memoryReservationMiB: 64,
    memoryLimitMiB: 192,
    environment: { AOT_CONFIG_CONTENT: JSON.stringify(configuration(Stack.of(task).region, name, services, group.logGroupName)) },
    logging,
  });
}

function configuration(region: string, name: string, services: Service[], logGroup: string): object {
  const port = (service: Service): number => (service === "gateway" ? PORTS.gateway : PORTS[service] + 100);
  const metrics = services.flatMap((service) => METRICS[service]);
  const scrape = { job_name: name, scrape_interval: "60s", static_configs: [{ targets: services.map((service) => `127.0.0.1:${port(service)}`) }] };
  return {
    receivers: { prometheus: { config: { scrape_configs: [scrape] } } },
    processors: {
      filter: { metrics: { include: { match_type: "strict", metric_names: metrics.map((metric) => metric.name) } } },
      batch: { timeout: "30s" },
    },
    exporters: {
      awsemf: {
        region,
        namespace: namespaceOf(name),
        log_group_name: logGroup,
        log_stream_name: services.join("-"),
        dimension_rollup_option: "NoDimensionRollup",
        metric_declarations: metrics.map(({ name: metric, labels }) => ({ dimensions: [labels], metric_name_selectors: [`^${metric}$`] })),
      },
    },
    service: {
      telemetry: { metrics: { level: "none" } },
      pipelines: { metrics: { receivers: ["prometheus"], processors: ["filter", "batch"], exporters: ["awsemf"] } },
    },
  };
}
