// The editors' command line where the chatbot runs: a task that is started for one command of `ingestor`, prints and ends. The ingestor's
// port is open to it alone.

import { Port, type ISecurityGroup, type SecurityGroup } from "aws-cdk-lib/aws-ec2";
import * as ecs from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";

import { GRAVITON } from "./business.ts";
import type { Config } from "./config.ts";
import type { Containers } from "./containers.ts";
import type { Network } from "./network.ts";
import { PORTS } from "./settings.ts";

export class Editor extends Construct {
  readonly task: ecs.TaskDefinition;
  /** Nothing in starter, where it shares the host's network. */
  readonly group?: SecurityGroup;

  constructor(scope: Construct, id: string, config: Config, network: Network, containers: Containers, ingestors?: ISecurityGroup) {
    super(scope, id);
    this.task = config.tier === "starter"
      ? new ecs.Ec2TaskDefinition(this, "Task", { networkMode: ecs.NetworkMode.HOST })
      : new ecs.FargateTaskDefinition(this, "Task", { cpu: 256, memoryLimitMiB: 512, runtimePlatform: GRAVITON });
    containers.addEditor(this.task);
    if (!ingestors) return;
    this.group = network.group("EditorGroup", "commands of editors: nobody comes in");
    ingestors.addIngressRule(this.group, Port.tcp(PORTS.ingestor), "commands of editors");
  }
}
