// What the business sets, read from `config.json` and checked. It knows nothing of AWS beyond names.

import { readFileSync } from "node:fs";

import { type Schema, mistakes } from "./schema.ts";

export type Tier = "starter" | "business" | "scale";

export interface GuardrailConfig {
  name: string;
  description?: string;
  blockedInputMessaging: string;
  blockedOutputsMessaging: string;
  contentPolicyConfig?: { filtersConfig: { type: string; inputStrength: string; outputStrength: string }[] };
  wordPolicyConfig?: { managedWordListsConfig?: { type: string }[]; wordsConfig?: { text: string }[] };
  sensitiveInformationPolicyConfig?: { piiEntitiesConfig?: { type: string; action: string }[] };
  topicPolicyConfig?: { topicsConfig: { name: string; definition: string; examples?: string[]; type: string }[] };
}

export interface Theme {
  primaryColor?: string;
  secondaryColor?: string;
  fontFamily?: string;
  fontSize?: string;
  borderRadius?: string;
}

/** Everything that can be set, with its defaults filled in. */
export interface Config {
  /** First part of every name in the account. */
  name: string;
  tier: Tier;
  region: string;
  business: { name: string; contactEmail: string; contact?: string; tone?: string };
  bedrock: {
    modelId: string;
    fallbackModelId: string;
    embeddingModelId: string;
    guardrails: { createDefault: boolean; defaultGuardrailConfig?: GuardrailConfig };
  };
  database: { instanceType: string; allocatedStorage: number };
  storage: { volumeGib: number };
  api: { throttling: { ratePerMinute: number; ratePerHour: number }; allowedOrigins: string[] };
  capacity: { hostType: string; taskCpu: number; taskMemoryMib: number; minimumTasks: number; maximumTasks: number };
  spend: { dollarsPerDay: number; dollarsPerMonth: number };
  budget: { dollarsPerMonth: number };
  origin?: { name: string; certificateSecretArn: string };
  documents: { ocr: "textract" | "none"; historyDays: number };
  widget: { defaultTheme: Theme; suggestedQuestions: string[] };
}

const SCHEMA = new URL("../../config.schema.json", import.meta.url);
const PRICES = new URL("../../../generator/prices.toml", import.meta.url);

/** What is wrong with the file, all of it. */
export class ConfigMistakes extends Error {
  constructor(readonly lines: string[]) {
    super(lines.join("\n"));
  }
}

/** Reads and checks a file. Throws `ConfigMistakes`. */
export function readConfig(path: string): Config {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigMistakes([`${path}: cannot be read (${(error as Error).message}); copy deploy/config.json and edit it`]);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigMistakes([`${path}: is no JSON (${(error as Error).message}); look for a missing comma or quote there`]);
  }
  return checkConfig(value);
}

/** Checks a value and fills in defaults. Throws `ConfigMistakes`. */
export function checkConfig(value: unknown): Config {
  const schema = JSON.parse(readFileSync(SCHEMA, "utf8")) as Schema;
  const found = mistakes(value, schema);
  if (found.length > 0) throw new ConfigMistakes(found);
  const config = withDefaults(value as Config);
  const together = mistakesTogether(config);
  if (together.length > 0) throw new ConfigMistakes(together);
  return config;
}

function withDefaults(given: Config): Config {
  return {
    ...given,
    bedrock: {
      ...given.bedrock,
      fallbackModelId: given.bedrock.fallbackModelId ?? "amazon.nova-micro-v1:0",
      embeddingModelId: given.bedrock.embeddingModelId ?? "amazon.titan-embed-text-v2:0",
    },
    database: { ...{ instanceType: "db.t4g.micro", allocatedStorage: 20 }, ...given.database },
    storage: { ...{ volumeGib: 10 }, ...given.storage },
    api: { ...given.api, allowedOrigins: given.api.allowedOrigins ?? [] },
    capacity: {
      ...{ hostType: "t4g.small", taskCpu: 512, taskMemoryMib: 2048, minimumTasks: 2, maximumTasks: 6 },
      ...given.capacity,
    },
    spend: { ...{ dollarsPerDay: 5, dollarsPerMonth: 50 }, ...given.spend },
    documents: { ...{ ocr: "textract" as const, historyDays: 30 }, ...given.documents },
    widget: { ...given.widget, suggestedQuestions: given.widget.suggestedQuestions ?? [] },
  };
}

/** What is wrong only in view of another key. */
function mistakesTogether(config: Config): string[] {
  const found: string[] = [];
  const { minimumTasks, maximumTasks, taskCpu, taskMemoryMib, hostType } = config.capacity;
  if (maximumTasks < minimumTasks) found.push(`capacity.maximumTasks: ${maximumTasks} is below capacity.minimumTasks, ${minimumTasks}; raise it`);
  const most = taskCpu === 512 ? 4096 : 8192;
  if (taskMemoryMib > most) found.push(`capacity.taskMemoryMib: ${taskMemoryMib} MiB need more processor; set capacity.taskCpu to 1024`);
  if (taskCpu === 4096 && taskMemoryMib < 8192) found.push("capacity.taskMemoryMib: 4096 of taskCpu need 8192 MiB; set 8192");
  if (/\.(nano|micro)$/.test(hostType)) found.push(`capacity.hostType: ${hostType} has too little memory for four services; set t4g.small or larger`);
  const { ratePerMinute, ratePerHour } = config.api.throttling;
  if (ratePerHour < ratePerMinute) found.push(`api.throttling.ratePerHour: ${ratePerHour} is below ratePerMinute, ${ratePerMinute}; raise it`);
  if (config.spend.dollarsPerMonth < config.spend.dollarsPerDay) found.push("spend.dollarsPerMonth: is below spend.dollarsPerDay; raise it");
  const { createDefault, defaultGuardrailConfig } = config.bedrock.guardrails;
  if (createDefault && !defaultGuardrailConfig) {
    found.push("bedrock.guardrails.defaultGuardrailConfig: is missing; copy it from deploy/config.json or set createDefault to false");
  }
  const attack = defaultGuardrailConfig?.contentPolicyConfig?.filtersConfig.find((filter) => filter.type === "PROMPT_ATTACK");
  if (attack && attack.outputStrength !== "NONE") {
    found.push("bedrock.guardrails.defaultGuardrailConfig.contentPolicyConfig: PROMPT_ATTACK reads questions only; set its outputStrength to NONE");
  }
  if (config.origin && config.tier !== "starter") found.push("origin: only the starter tier has such an origin; remove it");
  return [...found, ...modelMistakes(config)];
}

/** A model without a known price would not start; a model of another part of the world would not be allowed. */
function modelMistakes(config: Config): string[] {
  const prices = [...readFileSync(PRICES, "utf8").matchAll(/^\[model\."([^"]+)"\]/gm)].map((match) => match[1]);
  const found: string[] = [];
  for (const key of ["modelId", "fallbackModelId"] as const) {
    const id = config.bedrock[key];
    if (id === "none") continue;
    const bare = id.replace(/^(us|eu|apac|jp|global)\./, "");
    if (!prices.includes(id) && !prices.includes(bare)) {
      found.push(`bedrock.${key}: no price of ${id} is known; set one of ${prices.join(", ")}`);
    }
    const area = /^(us|eu|apac|jp)\./.exec(id)?.[1];
    if (area && !AREAS[area].some((start) => config.region.startsWith(start))) {
      found.push(`bedrock.${key}: the profile ${id} cannot be called from ${config.region}; set the one of that part of the world`);
    }
    if (!area && !id.startsWith("global.") && config.region !== "us-east-1") {
      found.push(`bedrock.${key}: ${id} is only certain to be in us-east-1; in ${config.region} set its inference profile, such as eu.${bare}`);
    }
  }
  return found;
}

const AREAS: Record<string, string[]> = { us: ["us-"], eu: ["eu-"], apac: ["ap-"], jp: ["ap-northeast-1", "ap-northeast-3"] };
