import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { Ajv } from "ajv";

import { ConfigMistakes, checkConfig, readConfig } from "../lib/config.ts";
import { databaseAuthorities } from "../lib/prepare.ts";
import { type Schema, mistakes } from "../lib/schema.ts";
import { modelArns } from "../lib/model-access.ts";
import { App, Stack } from "aws-cdk-lib";

const SHIPPED = new URL("../../config.json", import.meta.url).pathname;
const SCHEMA = JSON.parse(readFileSync(new URL("../../config.schema.json", import.meta.url), "utf8")) as Schema;

/** Returns the shipped file with one key changed; nothing removes it. */
function changed(path: string, value: unknown): Record<string, any> {
  const config = JSON.parse(readFileSync(SHIPPED, "utf8"));
  const keys = path.split(".");
  const last = keys.pop() as string;
  const place = keys.reduce((inner, key) => (inner[key] ??= {}), config);
  if (value === undefined) delete place[last];
  else place[last] = value;
  return config;
}

function check(path: string, value: unknown, expected: RegExp): void {
  assert.throws(
    () => checkConfig(changed(path, value)),
    (error: unknown) => {
      assert.ok(error instanceof ConfigMistakes);
      assert.ok(error.lines.some((line) => expected.test(line)), `${path}: ${error.lines.join(" | ")}`);
      return true;
    },
  );
}

test("the shipped file is right", () => {
  assert.equal(readConfig(SHIPPED).tier, "starter");
});

test("a mistake names its key and what would be right", () => {
  for (const [path, value, expected] of [
    ["tier", "tiny", /^tier: expected one of starter, business, scale, got "tiny"/],
    ["region", "Frankfurt", /^region: .*such as us-east-1/],
    ["name", undefined, /^name: is missing; set a name of 2 to 20/],
    ["bedrock.modelId", "amazon.nova-lite-v1", /^bedrock\.modelId: .*amazon\.nova-lite-v1:0/],
    ["bedrock.modelId", "amazon.titan-text:9", /^bedrock\.modelId: no price/],
    ["bedrock.modelId", "eu.amazon.nova-lite-v1:0", /cannot be called from us-east-1/],
    ["api.throttling.ratePerMinute", 0, /^api\.throttling\.ratePerMinute: expected a whole number from 1 to 10000, got 0/],
    ["api.throttling.ratePerHour", 5, /below ratePerMinute/],
    ["api.allowedOrigins", ["https://*.shop.example"], /^api\.allowedOrigins\[0\]: .*without \*/],
    ["api.allowedOrigins", ["https://shop.example/"], /without a path/],
    ["widget.defaultTheme.primaryColor", "blue", /six hexadecimal digits/],
    ["business.contactEmail", "nobody", /owner@shop\.example/],
    ["database.instanceType", "db.t3.micro", /Graviton/],
    ["capacity.hostType", "t4g.micro", /too little memory/],
    ["capacity.maximumTasks", 1, /capacity\.maximumTasks/],
    ["capacity.taskMemoryMib", 8192, /set capacity\.taskCpu to 1024/],
    ["spend.dollarsPerMonth", 2, /below spend\.dollarsPerDay/],
    ["bedrock.guardrails.defaultGuardrailConfig", undefined, /copy it/],
    ["surprise", 1, /^surprise: is not known; known here are /],
    ["widget", "nice", /^widget: expected an object/],
  ] as const) {
    check(path, value, expected);
  }
});

test("keys of older files are told what they have become", () => {
  const guardrail = "bedrock.guardrails.defaultGuardrailConfig";
  check("lambda", { chatbot: { provisionedConcurrency: { enabled: true } } }, /^lambda: .*capacity\.minimumTasks/);
  check(`${guardrail}.contentPolicyConfig`, { filters: [{ type: "HATE", strength: "LOW" }] }, /filters: is called filtersConfig/);
  check(`${guardrail}.contentPolicyConfig`, { filtersConfig: [{ type: "HATE", strength: "LOW" }] }, /strength: there are two, inputStrength/);
  check(`${guardrail}.wordPolicyConfig`, { managedWordLists: [] }, /managedWordListsConfig/);
  check(`${guardrail}.sensitiveInformationPolicyConfig`, { piiEntitiesConfig: [{ type: "ALL", action: "BLOCK" }] }, /got "ALL".*there is no ALL/);
  check(`${guardrail}.topicPolicyConfig`, { topicsConfig: [{ name: "Politics", type: "DENY" }] }, /definition: is missing/);
});

test("all mistakes are told at once", () => {
  const wrong = { ...changed("tier", "tiny"), region: 1, business: {} };
  assert.throws(() => checkConfig(wrong), (error: ConfigMistakes) => error.lines.length === 4);
});

test("a file that is no JSON, and one that is not there, say so", () => {
  assert.throws(() => readConfig(new URL(import.meta.url).pathname), /is no JSON/);
  assert.throws(() => readConfig("/nowhere/config.json"), /copy deploy\/config\.json/);
});

test("our reading of the schema agrees with another's", () => {
  const validate = new Ajv({ strict: true, strictTypes: false, allErrors: true, unicodeRegExp: true }).compile(SCHEMA);
  const cases: [string, unknown][] = [
    ["tier", "scale"], ["tier", "huge"], ["name", "A"], ["name", "shop-2"], ["region", "eu-central-1"], ["region", ""],
    ["budget.dollarsPerMonth", 0], ["budget.dollarsPerMonth", "100"], ["storage.volumeGib", 4.5], ["capacity.taskCpu", 513],
    ["documents.ocr", "textract"], ["documents.ocr", null], ["documents", undefined], ["business", undefined], ["business.contact", "a|b"],
    ["business.contact", "ä".repeat(300)], ["business.contact", "ä".repeat(301)], ["api.allowedOrigins", Array(33).fill("https://a.example")],
    ["widget.suggestedQuestions", ["ok?"]], ["widget.suggestedQuestions", [7]], ["origin", { name: "a.example" }], ["extra", {}],
    ["bedrock.guardrails.createDefault", "yes"], ["bedrock.guardrails.defaultGuardrailConfig.name", "no spaces"], ["$schema", 1],
  ];
  for (const [path, value] of cases) {
    const config = changed(path, value);
    assert.equal(mistakes(config, SCHEMA).length === 0, validate(config), `${path} = ${JSON.stringify(value)}`);
  }
});

test("every region has its authority of RDS, and a profile its models", () => {
  for (const region of ["us-east-1", "us-west-2", "eu-central-1", "eu-west-1", "ap-southeast-2"]) {
    assert.match(databaseAuthorities(region), /^-----BEGIN CERTIFICATE-----/);
  }
  assert.throws(() => databaseAuthorities("xx-nowhere-1"), /choose another region/);
  const stack = new Stack(new App(), "Here", { env: { region: "eu-central-1", account: "123456789012" } });
  const arns = modelArns(stack, "eu.amazon.nova-lite-v1:0");
  assert.equal(arns[0], "arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0");
  assert.ok(arns.length > 3 && arns.slice(1).every((arn) => arn.includes("::foundation-model/amazon.nova-lite-v1:0")));
  assert.deepEqual(modelArns(stack, "amazon.nova-lite-v1:0"), ["arn:aws:bedrock:eu-central-1::foundation-model/amazon.nova-lite-v1:0"]);
});
