// The four services as containers of tasks: image, settings, secrets, rights, health.

import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type * as ecr from "aws-cdk-lib/aws-ecr";
import * as ecs from "aws-cdk-lib/aws-ecs";
import * as iam from "aws-cdk-lib/aws-iam";
import * as logs from "aws-cdk-lib/aws-logs";
import type * as s3 from "aws-cdk-lib/aws-s3";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import { addCollector } from "./collector.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";
import type { Guardrail } from "./guardrail.ts";
import { embedding, reading, writing } from "./model-access.ts";
import { USER, addPreparation } from "./prepare.ts";
import type { Secrets } from "./secrets.ts";
import { type Facts, PORTS, type Service, settingsOf } from "./settings.ts";
import type { SharedState } from "./state.ts";
import type { Storage } from "./storage.ts";

/** ECS ends a task at the latest after this. */
const STOP = Duration.seconds(120);
const FILES: ecs.MountPoint = { sourceVolume: "files", containerPath: "/files", readOnly: true };
const DATA: ecs.MountPoint = { sourceVolume: "data", containerPath: "/data", readOnly: false };

/** MiB that each service is promised, and may have where several share a host. */
const MEMORY: Record<Service, [promised: number, most: number]> = {
  gateway: [96, 320],
  retriever: [192, 640],
  generator: [64, 192],
  ingestor: [256, 768],
};

export interface Parts {
  config: Config;
  repositories: Record<Service, ecr.IRepository>;
  imageTag: string;
  storage: Storage;
  secrets: Secrets;
  guardrail?: Guardrail;
  database?: Database;
  state?: SharedState;
}

export interface TaskOptions {
  /** Whether there is a folder `/data` that outlives the task. */
  hasData?: boolean;
  /** What each container may use is bounded where the task does not bound it. */
  isBounded?: boolean;
  /** Ports that the network reaches, by service. */
  ports?: Partial<Record<Service, ecs.PortMapping>>;
}

export class Containers extends Construct {
  /** Lines of all services. */
  readonly lines: logs.LogGroup;
  private readonly metrics: logs.LogGroup;
  private readonly facts: Facts;
  private readonly originCertificate?: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, private readonly parts: Parts) {
    super(scope, id);
    const week = { retention: logs.RetentionDays.ONE_WEEK, removalPolicy: RemovalPolicy.DESTROY };
    this.lines = new logs.LogGroup(this, "Lines", week);
    this.metrics = new logs.LogGroup(this, "Metrics", week);
    const { config, storage, guardrail, database } = parts;
    if (config.origin) {
      this.originCertificate = secretsmanager.Secret.fromSecretCompleteArn(this, "OriginCertificate", config.origin.certificateSecretArn);
    }
    this.facts = {
      region: config.region,
      documentsBucket: storage.documents.bucketName,
      queueUrl: storage.changes.queueUrl,
      guardrail,
      database,
      hasOriginCertificate: config.origin !== undefined,
    };
  }

  /** Adds these services to a task, with what goes before and beside them. */
  fill(task: ecs.TaskDefinition, services: Service[], options: TaskOptions = {}): void {
    task.addVolume({ name: FILES.sourceVolume });
    const database = services.includes("retriever") ? this.parts.database : undefined;
    const keys = services.includes("gateway") ? this.parts.secrets.keys : undefined;
    const needsFiles = keys !== undefined || database !== undefined;
    const prepared = needsFiles
      ? addPreparation(task, {
          keys,
          database,
          originCertificate: keys && this.originCertificate,
          region: this.parts.config.region,
          folders: options.hasData ? ["/data/gateway", "/data/retriever"] : [],
          logging: this.logging("prepare"),
          volumes: [{ ...FILES, readOnly: false }, ...(options.hasData ? [DATA] : [])],
        })
      : undefined;
    for (const service of services) {
      const container = this.add(task, service, options);
      if (prepared) container.addContainerDependencies({ container: prepared, condition: ecs.ContainerDependencyCondition.SUCCESS });
      for (const right of this.rightsOf(service)) task.addToTaskRolePolicy(right);
    }
    if (database) database.connecting(task.taskRole);
    addCollector(task, this.parts.config.name, services, this.metrics, this.logging("collector"));
    acknowledge(task, "AwsSolutions-ECS2", "these variables are settings, no secrets; secrets come from Secrets Manager");
    this.acknowledgeRights(task);
  }

  /** Adds the command line of editors, which is the ingestor's own program. */
  addEditor(task: ecs.TaskDefinition): void {
    task.addContainer("editor", {
      image: ecs.ContainerImage.fromEcrRepository(this.parts.repositories.ingestor, this.parts.imageTag),
      command: ["list"],
      user: String(USER),
      readonlyRootFilesystem: true,
      memoryReservationMiB: 64,
      environment: { INGESTOR_SERVER: `http://127.0.0.1:${PORTS.ingestor}` },
      secrets: { SERVICE_TOKEN: ecs.Secret.fromSecretsManager(this.parts.secrets.serviceToken) },
      logging: this.logging("editor"),
    });
    acknowledge(task, "AwsSolutions-ECS2", "the variable is an address, no secret");
    acknowledge(task, "AwsSolutions-IAM5[Resource::*]", "the login to the registry knows no resources");
  }

  private acknowledgeRights(task: ecs.TaskDefinition): void {
    acknowledge(task, "AwsSolutions-IAM5[Resource::*]", "Textract and the login to the registry know no resources");
    const bucket = Stack.of(this).getLogicalId(this.parts.storage.documents.node.defaultChild as s3.CfnBucket);
    acknowledge(task, `AwsSolutions-IAM5[Resource::<${bucket}.Arn>/*]`, "documents have names that nobody knows ahead; the bucket is named");
  }

  private add(task: ecs.TaskDefinition, service: Service, options: TaskOptions): ecs.ContainerDefinition {
    const { config, repositories, imageTag } = this.parts;
    const [promised, most] = MEMORY[service];
    const container = task.addContainer(service, {
      image: ecs.ContainerImage.fromEcrRepository(repositories[service], imageTag),
      command: service === "ingestor" ? ["serve"] : undefined,
      user: String(USER),
      readonlyRootFilesystem: true,
      memoryReservationMiB: promised,
      memoryLimitMiB: options.isBounded ? most : undefined,
      environment: settingsOf(service, config, this.facts),
      secrets: this.secretsOf(service),
      // The probe speaks gRPC's health protocol; a service says that it serves once it has what it needs.
      healthCheck: {
        command: this.probe(service),
        interval: Duration.seconds(30),
        timeout: Duration.seconds(10),
        retries: 10,
        startPeriod: Duration.seconds(120),
      },
      // One that ends is started again alone, before the whole task is given up.
      enableRestartPolicy: true,
      restartAttemptPeriod: Duration.seconds(60),
      stopTimeout: STOP,
      portMappings: options.ports?.[service] ? [options.ports[service]] : undefined,
      linuxParameters: this.unprivileged(service, task),
      logging: this.logging(service),
    });
    const hasFiles = service === "gateway" || (service === "retriever" && this.parts.database !== undefined);
    if (hasFiles) container.addMountPoints(FILES);
    if (options.hasData && (service === "gateway" || service === "retriever")) container.addMountPoints(DATA);
    return container;
  }

  private probe(service: Service): string[] {
    const port = service === "gateway" ? PORTS.grpc : PORTS[service];
    // The certificate is for the origin's name, not for this address.
    const encrypted = service === "gateway" && this.parts.config.origin ? ["-tls", "-tls-no-verify"] : [];
    return ["CMD", "/grpc_health_probe", `-addr=127.0.0.1:${port}`, "-connect-timeout=2s", "-rpc-timeout=3s", ...encrypted];
  }

  private secretsOf(service: Service): Record<string, ecs.Secret> {
    const { secrets, state } = this.parts;
    const from = (secret: secretsmanager.ISecret): ecs.Secret => ecs.Secret.fromSecretsManager(secret);
    return {
      SERVICE_TOKEN: from(secrets.serviceToken),
      ...(service === "gateway" ? { GATEWAY_TOKEN_SECRET: from(secrets.tokenSecret) } : {}),
      ...(service === "gateway" && state ? { GATEWAY_STATE: from(state.address) } : {}),
    };
  }

  private rightsOf(service: Service): iam.PolicyStatement[] {
    const { config, storage, guardrail } = this.parts;
    const { modelId, fallbackModelId, embeddingModelId } = config.bedrock;
    switch (service) {
      case "gateway":
        return [];
      case "retriever":
        return [embedding(Stack.of(this), embeddingModelId)];
      case "generator":
        return [writing(Stack.of(this), [modelId, fallbackModelId]), ...(guardrail ? [guardrail.applying()] : [])];
      case "ingestor":
        return [embedding(Stack.of(this), embeddingModelId), ...storage.keeping(), ...(config.documents.ocr === "textract" ? [reading()] : [])];
    }
  }

  private unprivileged(service: Service, task: ecs.TaskDefinition): ecs.LinuxParameters {
    const parameters = new ecs.LinuxParameters(task, `${service}Limits`);
    parameters.dropCapabilities(ecs.Capability.ALL);
    return parameters;
  }

  private logging(service: string): ecs.LogDriver {
    return ecs.LogDrivers.awsLogs({ logGroup: this.lines, streamPrefix: service, mode: ecs.AwsLogDriverMode.NON_BLOCKING });
  }
}
