// The settings of each service, as its README names them. Secrets are not among them; containers.ts adds those.

import type { Config, Tier } from "./config.ts";

export type Service = "gateway" | "retriever" | "generator" | "ingestor";
export const SERVICES: readonly Service[] = ["retriever", "generator", "ingestor", "gateway"];

/** Seconds that open answers get when a task is stopped; ECS allows 120 in all. */
export const DRAIN_SECONDS = 100;
export const PORTS = {
  http: 8080,
  grpc: 8081,
  gateway: 8082,
  retriever: 7001,
  generator: 7002,
  ingestor: 7003,
} as const;

/** What only the deployment knows. */
export interface Facts {
  region: string;
  documentsBucket: string;
  queueUrl: string;
  guardrail?: { id: string; version: string };
  database?: { host: string };
  /** Whether the gateway finds its certificate in its folder of files. */
  hasOriginCertificate: boolean;
}

type Environment = Record<string, string>;

/** Returns the settings of one service. */
export function settingsOf(service: Service, config: Config, facts: Facts): Environment {
  const common = {
    AWS_REGION: facts.region,
    // Credentials come from the task's role, never from the host's.
    AWS_EC2_METADATA_DISABLED: "true",
    LOG_FORMAT: "json",
    LOG_LEVEL: "info",
    DRAIN_SECONDS: String(DRAIN_SECONDS),
  };
  const own = { gateway, retriever, generator, ingestor }[service](config, facts);
  return { ...common, ...own };
}

/**
 * In one task services meet on the loopback address; only where each is a service of its own do they listen to the network. The ingestor
 * does wherever editors' commands come from another task.
 */
function place(tier: Tier, service: Exclude<Service, "gateway">): Environment {
  const name = service.toUpperCase();
  const isApart = tier === "scale" || (tier === "business" && service === "ingestor");
  const listen = isApart ? "0.0.0.0" : "127.0.0.1";
  return { [`${name}_LISTEN`]: `${listen}:${PORTS[service]}`, [`${name}_INTERNAL_LISTEN`]: `127.0.0.1:${PORTS[service] + 100}` };
}

function address(tier: Tier, service: "retriever" | "generator"): string {
  return `http://${tier === "scale" ? service : "127.0.0.1"}:${PORTS[service]}`;
}

function gateway(config: Config, facts: Facts): Environment {
  const { tier, api, spend } = config;
  const certificate: Environment = { GATEWAY_TLS_CERT: "/files/origin.crt", GATEWAY_TLS_KEY: "/files/origin.key" };
  return {
    GATEWAY_HTTP_LISTEN: `0.0.0.0:${PORTS.http}`,
    GATEWAY_GRPC_LISTEN: `127.0.0.1:${PORTS.grpc}`,
    GATEWAY_INTERNAL_LISTEN: `127.0.0.1:${PORTS.gateway}`,
    GATEWAY_RETRIEVER: address(tier, "retriever"),
    GATEWAY_GENERATOR: address(tier, "generator"),
    GATEWAY_KEYS_FILE: "/files/keys.json",
    // CloudFront alone adds the visitor's address; a load balancer adds CloudFront's behind it.
    GATEWAY_TRUSTED_HOPS: tier === "starter" ? "1" : "2",
    RATE_PER_MINUTE: String(api.throttling.ratePerMinute),
    RATE_PER_HOUR: String(api.throttling.ratePerHour),
    GATEWAY_SPEND_DAY_MICRODOLLARS: micro(spend.dollarsPerDay),
    GATEWAY_SPEND_MONTH_MICRODOLLARS: micro(spend.dollarsPerMonth),
    // A challenge is known to the gateway that gave it; behind a balancer the answer may come to another.
    GATEWAY_PROOF_OF_WORK: tier === "scale" ? "off" : "budget",
    GATEWAY_ACCESS_LOG: "true",
    // A balancer would take a busy task out, and ECS would then end it.
    GATEWAY_SHED_UNREADY_SECONDS: "0",
    GATEWAY_CONTACT: config.business.contact ?? "",
    GATEWAY_SUGGESTIONS: config.widget.suggestedQuestions.join("|"),
    LINGER_SECONDS: tier === "starter" ? "0" : "10",
    ...(tier === "starter" ? { GATEWAY_SPEND_FILE: "/data/gateway/spent.json" } : {}),
    ...(facts.hasOriginCertificate ? certificate : {}),
  };
}

function retriever(config: Config, facts: Facts): Environment {
  const embedded: Environment = { RETRIEVER_STORE: "embedded", RETRIEVER_DATA_DIR: "/data/retriever" };
  const postgres: Environment = {
    RETRIEVER_STORE: "postgres",
    RETRIEVER_POSTGRES_URL: `postgresql://chatbot@${facts.database?.host}:5432/chatbot`,
    RETRIEVER_POSTGRES_IAM: "true",
    RETRIEVER_POSTGRES_TLS: "verify",
    RETRIEVER_POSTGRES_CA_FILE: "/files/rds.pem",
  };
  return {
    ...place(config.tier, "retriever"),
    ...(facts.database ? postgres : embedded),
    RETRIEVER_EMBEDDER: "titan",
    RETRIEVER_TITAN_MODEL: config.bedrock.embeddingModelId,
    RETRIEVER_HISTORY_DAYS: String(config.documents.historyDays),
  };
}

function generator(config: Config, facts: Facts): Environment {
  const guardrail: Environment = facts.guardrail
    ? { GENERATOR_GUARDRAIL_ID: facts.guardrail.id, GENERATOR_GUARDRAIL_VERSION: facts.guardrail.version, GENERATOR_GUARDRAIL_STREAM: "sync" }
    : {};
  return {
    ...place(config.tier, "generator"),
    GENERATOR_MODEL: "bedrock",
    GENERATOR_MODEL_ID: config.bedrock.modelId,
    GENERATOR_FALLBACK_MODEL_ID: config.bedrock.fallbackModelId,
    GENERATOR_BUSINESS: config.business.name,
    ...(config.business.tone ? { GENERATOR_TONE: config.business.tone } : {}),
    ...(config.business.contact ? { GENERATOR_CONTACT: config.business.contact } : {}),
    ...guardrail,
  };
}

function ingestor(config: Config, facts: Facts): Environment {
  return {
    ...place(config.tier, "ingestor"),
    INGESTOR_RETRIEVER: address(config.tier, "retriever"),
    INGESTOR_STORE: "s3",
    INGESTOR_S3_BUCKET: facts.documentsBucket,
    INGESTOR_SQS_QUEUE_URL: facts.queueUrl,
    INGESTOR_EMBEDDER: "titan",
    INGESTOR_TITAN_MODEL: config.bedrock.embeddingModelId,
    INGESTOR_OCR: config.documents.ocr,
    // Events tell of changes at once; this finds what no event told.
    INGESTOR_RECONCILE_SECONDS: "3600",
    INGESTOR_READERS: "1",
  };
}

function micro(dollars: number): string {
  return String(Math.round(dollars * 1_000_000));
}
