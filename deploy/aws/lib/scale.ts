// The scale tier: each service for itself, in two zones, growing with its load. They find each other by Service Connect, which spreads calls
// of one connection over all tasks; it must not cut answers, so it has no limit of time for a call.

import { Duration } from "aws-cdk-lib";
import type * as ec2 from "aws-cdk-lib/aws-ec2";
import { Port } from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";

import { GRAVITON } from "./business.ts";
import type { Config } from "./config.ts";
import type { Containers } from "./containers.ts";
import type { Database } from "./database.ts";
import type { Front } from "./front.ts";
import type { Network } from "./network.ts";
import { PORTS, type Service } from "./settings.ts";
import type { SharedState } from "./state.ts";

export interface ScaleProps {
  config: Config;
  network: Network;
  cluster: ecs.Cluster;
  containers: Containers;
  database: Database;
  state: SharedState;
  front: Front;
}

/** Thousandths of a processor and MiB of one task. */
const SIZES: Record<Service, [cpu: number, memoryMib: number]> = {
  gateway: [512, 1024],
  retriever: [1024, 2048],
  generator: [256, 512],
  ingestor: [512, 2048],
};

export class Scale extends Construct {
  /** Group of the ingestor's task. */
  readonly ingestors: ec2.ISecurityGroup;
  readonly services: Record<Service, ecs.FargateService>;

  constructor(scope: Construct, id: string, private readonly props: ScaleProps) {
    super(scope, id);
    const { network, database, state, front } = props;
    const inner = {
      retriever: network.group("RetrieverGroup", "retrievers: gateways and the ingestor come in"),
      generator: network.group("GeneratorGroup", "generators: gateways come in"),
      ingestor: network.group("IngestorGroup", "the ingestor: commands of editors come in"),
    };
    inner.retriever.addIngressRule(front.gateways, Port.tcp(PORTS.retriever), "gateways");
    inner.retriever.addIngressRule(inner.ingestor, Port.tcp(PORTS.retriever), "the ingestor");
    inner.generator.addIngressRule(front.gateways, Port.tcp(PORTS.generator), "gateways");
    database.admit(inner.retriever);
    state.admit(front.gateways);

    const retriever = this.add("retriever", inner.retriever, true);
    const generator = this.add("generator", inner.generator, true);
    const ingestor = this.add("ingestor", inner.ingestor, false);
    const gateway = this.add("gateway", front.gateways, false);
    retriever.node.addDependency(database);
    // Whoever calls learns the names of those that were there when it started.
    gateway.node.addDependency(retriever, generator);
    ingestor.node.addDependency(retriever);
    front.serve(gateway);
    this.ingestors = inner.ingestor;
    this.services = { gateway, retriever, generator, ingestor };
    for (const service of [gateway, retriever, generator]) this.grow(service);
  }

  private add(service: Service, group: ec2.ISecurityGroup, isCalled: boolean): ecs.FargateService {
    const { cluster, containers, network, config } = this.props;
    const [cpu, memoryLimitMiB] = SIZES[service];
    const task = new ecs.FargateTaskDefinition(this, `${service}Task`, { cpu, memoryLimitMiB, runtimePlatform: GRAVITON });
    const port = service === "gateway" ? PORTS.http : PORTS[service];
    const mapping: ecs.PortMapping = isCalled
      ? { containerPort: port, name: service, appProtocol: ecs.AppProtocol.grpc }
      : { containerPort: port };
    containers.fill(task, [service], { ports: { [service]: mapping } });
    return new ecs.FargateService(this, service, {
      cluster,
      taskDefinition: task,
      // One ingestor reads the queue; more would do the same work twice.
      desiredCount: service === "ingestor" ? 1 : config.capacity.minimumTasks,
      minHealthyPercent: service === "ingestor" ? 0 : 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: network.public,
      assignPublicIp: true,
      securityGroups: [group],
      serviceConnectConfiguration: {
        services: isCalled
          ? [{ portMappingName: service, discoveryName: service, dnsName: service, port, perRequestTimeout: Duration.seconds(0), idleTimeout: Duration.hours(1) }]
          : undefined,
      },
      enableECSManagedTags: true,
    });
  }

  private grow(service: ecs.FargateService): void {
    const { minimumTasks, maximumTasks } = this.props.config.capacity;
    const scaling = service.autoScaleTaskCount({ minCapacity: minimumTasks, maxCapacity: maximumTasks });
    scaling.scaleOnCpuUtilization("Processor", {
      targetUtilizationPercent: 55,
      scaleOutCooldown: Duration.seconds(30),
      // A gateway that goes takes its WebSockets along; it should not come and go.
      scaleInCooldown: Duration.minutes(10),
    });
    scaling.scaleOnMemoryUtilization("Memory", { targetUtilizationPercent: 75, scaleInCooldown: Duration.minutes(10) });
  }
}
