// The business tier: the four services in one task of Fargate on Graviton, with the database beside it. No host to look after.

import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";

import type { Config } from "./config.ts";
import type { Containers } from "./containers.ts";
import type { Database } from "./database.ts";
import type { Front } from "./front.ts";
import type { Network } from "./network.ts";
import { PORTS, SERVICES } from "./settings.ts";

export const GRAVITON: ecs.RuntimePlatform = {
  cpuArchitecture: ecs.CpuArchitecture.ARM64,
  operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
};

export interface BusinessProps {
  config: Config;
  network: Network;
  cluster: ecs.Cluster;
  containers: Containers;
  database: Database;
  front: Front;
}

export class Business extends Construct {
  readonly service: ecs.FargateService;

  constructor(scope: Construct, id: string, props: BusinessProps) {
    super(scope, id);
    const { config, network, cluster, containers, database, front } = props;
    const task = new ecs.FargateTaskDefinition(this, "Task", {
      cpu: config.capacity.taskCpu,
      memoryLimitMiB: config.capacity.taskMemoryMib,
      runtimePlatform: GRAVITON,
    });
    containers.fill(task, [...SERVICES], { ports: { gateway: { containerPort: PORTS.http } } });
    database.admit(front.gateways);
    this.service = new ecs.FargateService(this, "Service", {
      cluster,
      taskDefinition: task,
      // Limits and money are counted in one gateway's memory; several need the shared state of the scale tier.
      desiredCount: 1,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      vpcSubnets: network.public,
      // For calls to AWS only: the group lets nobody in from the internet, and a NAT gateway costs more than all of this.
      assignPublicIp: true,
      securityGroups: [front.gateways],
      enableECSManagedTags: true,
    });
    this.service.node.addDependency(database);
    front.serve(this.service);
  }
}
