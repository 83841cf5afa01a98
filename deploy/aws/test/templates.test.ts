import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Stack, aws_ec2 as ec2 } from "aws-cdk-lib";

import { build, stackNames } from "../lib/app.ts";
import { DEPLOYMENT, TIERS, config, folder, resourcesOf, synthesize } from "./synthesis.ts";

const SNAPSHOTS = new URL("snapshots/", import.meta.url).pathname;
const LINT = new URL("../../../.cache/python/bin/cfn-lint", import.meta.url).pathname;

for (const tier of TIERS) {
  test(`${tier} passes every check of cdk-nag and of CloudFormation`, () => {
    const report = JSON.parse(readFileSync(join(folder(tier), "validation-report.json"), "utf8"));
    assert.deepEqual(report.pluginReports, []);
  });

  test(`${tier} passes cfn-lint`, () => {
    const files = Object.values(stackNames("chatbot")).map((stack) => join(folder(tier), `${stack}.template.json`));
    execFileSync(LINT, ["--regions", "us-east-1", "--", ...files], { encoding: "utf8" });
  });

  test(`${tier} is what its snapshot says`, () => {
    const path = join(SNAPSHOTS, `${tier}.txt`);
    const stacks = tier === "starter" ? Object.values(stackNames("chatbot")) : [stackNames("chatbot").chatbot];
    const lines = stacks.flatMap((stack) => resourcesOf(folder(tier), stack).map((resource) => `${stack} ${JSON.stringify(resource)}`));
    const text = `${lines.join("\n")}\n`;
    if (process.env.UPDATE_SNAPSHOTS) writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"), "UPDATE_SNAPSHOTS=1 npm test writes it anew");
  });
}

test("the command line of CDK takes what the app makes, and a wrong configuration stops it", () => {
  const app = new URL("..", import.meta.url).pathname;
  const outdir = join(folder("starter"), "..", "chatbot-cdk-line");
  const run = (path: string) =>
    spawnSync("node_modules/.bin/cdk", ["synth", "--quiet", "--no-notices", "--no-lookups", "--output", outdir], {
      cwd: app, encoding: "utf8", env: { ...process.env, CHATBOT_CONFIG: path, CDK_DISABLE_CLI_TELEMETRY: "true", AWS_EC2_METADATA_DISABLED: "true" },
    });
  const right = run(join(app, "../config.json"));
  assert.equal(right.status, 0, right.stderr);
  assert.equal(resourcesOf(outdir, "chatbot").length, resourcesOf(folder("starter"), "chatbot").length);
  const wrong = run(join(app, "package.json"));
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, /tier: is missing/);
});

test("the checks bite: a database that is open to the world stops the synthesis", () => {
  const app = build(config("starter"), DEPLOYMENT, { outdir: join(folder("starter"), "..", "chatbot-cdk-open") });
  const stack = app.node.findChild("chatbot") as Stack;
  const vpc = stack.node.findAll().find((node): node is ec2.Vpc => node instanceof ec2.Vpc);
  assert.ok(vpc);
  new ec2.SecurityGroup(stack, "Open", { vpc, description: "open" }).addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(5432));
  const { error } = console;
  console.error = () => {};
  try {
    assert.throws(() => app.synth(), /Validation failed/);
  } finally {
    console.error = error;
  }
});

test("two chatbots of one account share no name", () => {
  const named = (name: string): string[] => {
    const outdir = synthesize(config("starter", { name }));
    const fixed = ["SecretName", "AlarmName", "ClusterName", "DashboardName", "RepositoryName", "LogGroupName", "DBInstanceIdentifier"];
    return Object.values(stackNames(name)).flatMap((stack) =>
      resourcesOf(outdir, stack).flatMap(({ Properties, Type }) => [...fixed, "Name"].map((key) => Properties[key]).filter((value) => typeof value === "string").map((value) => `${Type} ${value}`)),
    );
  };
  const [first, second] = [named("one"), named("two")];
  assert.ok(first.length > 10);
  assert.deepEqual(first.filter((name) => second.includes(name)), []);
});
