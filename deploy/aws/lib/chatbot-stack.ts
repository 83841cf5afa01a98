// The chatbot of one business, in one region.

import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { ISecurityGroup } from "aws-cdk-lib/aws-ec2";
import * as ecr from "aws-cdk-lib/aws-ecr";
import * as ecs from "aws-cdk-lib/aws-ecs";
import type { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { Business } from "./business.ts";
import type { Config } from "./config.ts";
import { Containers } from "./containers.ts";
import { Database } from "./database.ts";
import { Editor } from "./editor.ts";
import { Front } from "./front.ts";
import { Guardrail } from "./guardrail.ts";
import { Network } from "./network.ts";
import { repositoryName } from "./registry-stack.ts";
import { Scale } from "./scale.ts";
import { Secrets } from "./secrets.ts";
import { SERVICES, type Service } from "./settings.ts";
import { Starter } from "./starter.ts";
import { SharedState } from "./state.ts";
import { Storage } from "./storage.ts";
import { Watch } from "./watch.ts";
import { type Origin, Website } from "./website.ts";

/** What `deploy.sh` finds out before. */
export interface Deployment {
  /** Tag of the images of all services. */
  imageTag: string;
  /** ARN of the firewall of the edge stack. */
  webAclArn: string;
  /** Id of AWS's list of CloudFront's addresses in this region. */
  cloudFrontList: string;
}

export class ChatbotStack extends Stack {
  constructor(scope: Construct, id: string, private readonly config: Config, private readonly deployment: Deployment, props: StackProps) {
    super(scope, id, props);
    const { name, tier } = config;
    const network = new Network(this, "Network", tier);
    const storage = new Storage(this, "Storage", name);
    const secrets = new Secrets(this, "Secrets", name, storage.key);
    const { createDefault, defaultGuardrailConfig } = config.bedrock.guardrails;
    const guardrail = createDefault && defaultGuardrailConfig ? new Guardrail(this, "Guardrail", name, defaultGuardrailConfig) : undefined;
    const database = tier === "starter" ? undefined : new Database(this, "Database", config, network, storage.key);
    const state = tier === "scale" ? new SharedState(this, "State", name, network, storage.key) : undefined;
    const cluster = this.cluster(network);
    const containers = new Containers(this, "Containers", {
      config, storage, secrets, guardrail, database, state, repositories: this.repositories(), imageTag: deployment.imageTag,
    });
    const front = tier === "starter" ? undefined : new Front(this, "Front", network, deployment.cloudFrontList);
    const { origin, services, address, ingestors } = this.compute(network, cluster, containers, front, database, state);
    const editor = new Editor(this, "Editor", config, network, containers, ingestors);
    const website = new Website(this, "Website", name, storage.website, origin, deployment.webAclArn);
    new Watch(this, "Watch", { config, storage, lines: containers.lines, guardrail, database, front });
    acknowledge(this, "AwsSolutions-ECS4", "Container Insights costs more than the small tiers; the services' own metrics tell what they do");
    this.outputs({
      Address: `https://${website.distribution.distributionDomainName}`,
      DistributionId: website.distribution.distributionId,
      DocumentsBucket: storage.documents.bucketName,
      WebsiteBucket: storage.website.bucketName,
      ClusterName: cluster.clusterName,
      ServiceNames: services.map((service) => service.serviceName).join(","),
      ImageTag: deployment.imageTag,
      KeysSecret: secrets.keys.secretArn,
      ServiceTokenSecret: secrets.serviceToken.secretArn,
      TokenSecret: secrets.tokenSecret.secretArn,
      IngestorService: (services.length > 1 ? services[services.length - 1] : services[0]).serviceName,
      EditorTask: editor.task.taskDefinitionArn,
      ...(editor.group ? { EditorGroup: editor.group.securityGroupId } : {}),
      PublicSubnet: network.vpc.publicSubnets[0].subnetId,
      LogGroup: containers.lines.logGroupName,
      ...(database ? { DatabaseInstance: database.instance.instanceIdentifier } : {}),
      ...(address ? { HostAddress: address } : {}),
    });
  }

  private compute(
    network: Network, cluster: ecs.Cluster, containers: Containers, front?: Front, database?: Database, state?: SharedState,
  ): { origin: Origin; services: ecs.BaseService[]; address?: string; ingestors?: ISecurityGroup } {
    const { config } = this;
    if (!front || !database) {
      const starter = new Starter(this, "Starter", { config, network, cluster, containers, cloudFrontList: this.deployment.cloudFrontList });
      const origin = { hostName: starter.hostName, isEncrypted: config.origin !== undefined };
      return { origin, services: [starter.service], address: starter.address };
    }
    const origin = { balancer: front.balancer };
    if (!state) {
      const business = new Business(this, "Business", { config, network, cluster, containers, database, front });
      return { origin, services: [business.service], ingestors: front.gateways };
    }
    const scale = new Scale(this, "Scale", { config, network, cluster, containers, database, state, front });
    return { origin, services: Object.values(scale.services), ingestors: scale.ingestors };
  }

  private cluster(network: Network): ecs.Cluster {
    const { name, tier } = this.config;
    const namespace = tier === "scale" ? { defaultCloudMapNamespace: { name: `${name}.internal`, useForServiceConnect: true } } : {};
    return new ecs.Cluster(this, "Cluster", { vpc: network.vpc, clusterName: name, ...namespace });
  }

  private repositories(): Record<Service, ecr.IRepository> {
    const found = SERVICES.map((service) => [service, ecr.Repository.fromRepositoryName(this, `${service}Images`, repositoryName(this.config.name, service))]);
    return Object.fromEntries(found) as Record<Service, ecr.IRepository>;
  }

  private outputs(values: Record<string, string>): void {
    for (const [key, value] of Object.entries(values)) new CfnOutput(this, `Out${key}`, { value }).overrideLogicalId(key);
  }
}
