// What is looked at: a dashboard, and alarms that mail the business. An alarm says that someone must act.

import { Duration } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as actions from "aws-cdk-lib/aws-cloudwatch-actions";
import { HttpCodeTarget } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as logs from "aws-cdk-lib/aws-logs";
import { FilterPattern, MetricFilter } from "aws-cdk-lib/aws-logs";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import { Construct } from "constructs";

import { namespaceOf } from "./collector.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";
import type { Front } from "./front.ts";
import type { Guardrail } from "./guardrail.ts";
import type { Storage } from "./storage.ts";

export interface WatchProps {
  config: Config;
  storage: Storage;
  lines: logs.LogGroup;
  guardrail?: Guardrail;
  database?: Database;
  front?: Front;
}

const FIVE = Duration.minutes(5);

export class Watch extends Construct {
  private readonly topic: sns.Topic;
  private readonly namespace: string;

  constructor(scope: Construct, id: string, private readonly props: WatchProps) {
    super(scope, id);
    const { config, storage } = props;
    this.namespace = namespaceOf(config.name);
    this.topic = new sns.Topic(this, "Alarms", { masterKey: storage.key, enforceSSL: true });
    storage.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        resources: ["*"],
      }),
    );
    this.topic.addSubscription(new EmailSubscription(config.business.contactEmail));
    this.serviceAlarms();
    this.storeAlarms();
    this.dashboard();
  }

  /** A metric of the services, by the name at their `/metrics`. */
  private own(metricName: string, statistic: string, labels: Record<string, string> = {}, label?: string): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: this.namespace, metricName, statistic, dimensionsMap: labels, period: FIVE, label: label ?? Object.values(labels)[0] });
  }

  private serviceAlarms(): void {
    const { config, lines, front } = this.props;
    const errors = new MetricFilter(this, "Errors", {
      logGroup: lines,
      filterPattern: FilterPattern.stringValue("$.level", "=", "ERROR"),
      metricNamespace: this.namespace,
      metricName: "log_errors",
      metricValue: "1",
      defaultValue: 0,
    }).metric({ statistic: "Sum", period: FIVE });
    this.alarm("ErrorLines", "somebody must look at the errors in the log", errors, 3, 1);
    const notIndexed = new MetricFilter(this, "NotIndexed", {
      logGroup: lines,
      filterPattern: FilterPattern.stringValue("$.message", "=", "document not indexed"),
      metricNamespace: this.namespace,
      metricName: "documents_not_indexed",
      metricValue: "1",
      defaultValue: 0,
    }).metric({ statistic: "Sum", period: FIVE });
    this.alarm("DocumentsNotIndexed", "a document could not be read; the log names it and the reason", notIndexed, 0, 1);
    // Each gateway tells this every minute; silence means that none runs.
    const alive = this.own("gateway_open_sockets", "SampleCount");
    this.alarm("NoGateway", "no gateway has told anything for fifteen minutes: the chat is down", alive, 1, 3, {
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
    this.alarm("SlowFirstWord", "visitors wait for the first word", this.own("gateway_first_token_seconds", "Average"), 6, 3);
    const spent = this.own("gateway_spent_microdollars", "Maximum", { span: "day" });
    this.alarm("SpendOfDay", "four fifths of the day's money are spent; beyond it answers quote documents", spent, config.spend.dollarsPerDay * 800_000, 1);
    this.alarm("Overload", "questions are refused because too many run at once", this.own("gateway_shed_total", "Sum"), 20, 2);
    this.alarm("Handoffs", "a visitor asked for a person and nobody was reached", this.own("gateway_handoffs_total", "Sum", { result: "failed" }), 0, 1);
    if (front) {
      const metrics = front.balancer.metrics;
      this.alarm("ServerErrors", "the gateway answers with errors", metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period: FIVE, statistic: "Sum" }), 5, 1);
    }
  }

  private storeAlarms(): void {
    const { storage, database } = this.props;
    const unread = storage.unreadable.metricApproximateNumberOfMessagesVisible({ period: FIVE, statistic: "Maximum" });
    this.alarm("UnreadableChanges", "changes of documents could not be read; see the queue of dead letters", unread, 0, 1);
    const waiting = storage.changes.metricApproximateAgeOfOldestMessage({ period: FIVE, statistic: "Maximum" });
    this.alarm("IngestionStuck", "changed documents wait for more than fifteen minutes", waiting, 900, 2);
    if (!database) return;
    this.alarm("DatabaseBusy", "the database's processor is busy", database.instance.metricCPUUtilization({ period: FIVE }), 80, 3);
    this.alarm("DatabaseFull", "less than 2 GB are free in the database", database.instance.metricFreeStorageSpace({ period: FIVE, statistic: "Minimum" }), 2e9, 1, {
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    });
  }

  private alarm(
    id: string, description: string, metric: cloudwatch.IMetric, threshold: number, evaluationPeriods: number, more: Partial<cloudwatch.AlarmProps> = {},
  ): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmName: `${this.props.config.name}-${id}`,
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      ...more,
    });
    alarm.addAlarmAction(new actions.SnsAction(this.topic));
  }

  private dashboard(): void {
    const { config, guardrail, database, storage } = this.props;
    const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []): cloudwatch.GraphWidget =>
      new cloudwatch.GraphWidget({ title, left, right, width: 8, height: 6 });
    const each = (metric: string, label: string, values: string[]): cloudwatch.IMetric[] =>
      values.map((value) => this.own(metric, "Sum", { [label]: value }));
    const bedrock = (metricName: string): cloudwatch.Metric =>
      new cloudwatch.Metric({ namespace: "AWS/Bedrock", metricName, statistic: "Sum", period: FIVE, dimensionsMap: { ModelId: config.bedrock.modelId } });
    const intervened = guardrail
      ? [new cloudwatch.Metric({
          namespace: "AWS/Bedrock/Guardrails", metricName: "InvocationsIntervened", statistic: "Sum", period: FIVE,
          dimensionsMap: { GuardrailArn: guardrail.arn, GuardrailVersion: guardrail.version },
        })]
      : [];
    const money = [this.own("gateway_spent_microdollars", "Maximum", { span: "day" }), this.own("gateway_spent_microdollars", "Maximum", { span: "month" })];
    const rows: cloudwatch.IWidget[][] = [
      [
        graph("Answers", each("generator_answers_total", "ending", ["complete", "no_evidence", "try_later", "cancelled"])),
        graph("Seconds to the first word, and of the whole answer", [this.own("gateway_first_token_seconds", "Average"), this.own("gateway_answer_seconds", "Average")]),
        graph("Errors and refusals", [...each("generator_answers_total", "ending", ["failed"]), this.own("gateway_shed_total", "Sum"), this.own("log_errors", "Sum")]),
      ],
      [
        graph("Spent, in millionths of a dollar", money),
        graph("Cost of models and documents", [this.own("generator_cost_microdollars_total", "Sum")], [this.own("ingestor_cost_nano_dollars_total", "Sum")]),
        graph("Cache of answers", each("gateway_cache_lookups_total", "result", ["hit", "shared", "near", "stale", "miss"])),
      ],
      [
        graph("Guardrail and rules", [...intervened, ...each("generator_answers_total", "ending", ["blocked"])]),
        graph("Ingestion", [...each("ingestor_chunks_total", "vector", ["embedded", "reused"]), ...each("retriever_changes_total", "ending", ["replaced", "deleted", "refused"])], [
          storage.changes.metricApproximateNumberOfMessagesVisible({ period: FIVE }), this.own("documents_not_indexed", "Sum"),
        ]),
        graph("Model", [bedrock("Invocations"), bedrock("InvocationThrottles"), bedrock("InvocationServerErrors")]),
      ],
      [
        graph("Search, seconds; searches by words alone", [this.own("retriever_search_seconds", "Average")], [this.own("retriever_degraded_searches_total", "Sum")]),
        graph("Open WebSockets", [this.own("gateway_open_sockets", "Maximum")]),
        ...(database ? [graph("Database", [database.instance.metricCPUUtilization()], [database.instance.metricDatabaseConnections()])] : []),
      ],
    ];
    new cloudwatch.Dashboard(this, "Dashboard", { dashboardName: config.name, widgets: rows, defaultInterval: Duration.days(1) });
  }
}
