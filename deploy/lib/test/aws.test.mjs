import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT, Stage } from "./fakes.mjs";

/** Returns what AWS's models say against these calls, and how many were looked at. */
function judged(calls) {
  const run = spawnSync(join(ROOT, ".cache/python/bin/python"), [new URL("aws_calls.py", import.meta.url).pathname], { input: `${calls.join("\n")}\n`, encoding: "utf8" });
  return { faults: run.stdout.split("\n").filter(Boolean), looked: Number.parseInt(run.stderr, 10), text: run.stderr };
}

test("every call of AWS's command line that deploy.sh makes exists, with its options", () => {
  const stage = () =>
    new Stage().answer("aws ecr describe-images*before*", 0, "{}").answer("aws cloudformation describe-stacks*'DatabaseInstance'*", 0, "chatbot-database").answer("aws s3api list-object-versions*", 0, '{"Objects":[]}');
  const profile = stage().configure((config) => (config.bedrock.modelId = "us.amazon.nova-lite-v1:0"));
  const role = stage().answer("aws sts*", 0, "1\tarn:aws:sts::1:assumed-role/Admin/me").answer("aws iam get-role*", 0, "arn:aws:iam::1:role/Admin");
  const back = stage().answer("aws ecr describe-images*", 0, "{}");
  const editor = stage().configure((config) => (config.tier = "scale")).answer("aws ecs run-task*", 0, "arn:aws:ecs:a:1:task/chatbot/abc").answer("aws ecs describe-tasks*exitCode*", 0, "0").answer("aws ecs describe-tasks*private*", 0, "10.0.0.1").answer("aws ecs list-tasks*", 0, "arn:task");
  const calls = [
    profile.run(["deploy", "--yes", "--tag", "v2"]), role.run(["check"]), stage().run(["status"]), back.run(["rollback", "--yes"]), stage().run(["rotate", "service-token", "--yes"]),
    stage().run(["destroy", "--data", "--yes"]), editor.run(["editor"], { after: ["--", "list"] }),
  ].flatMap((run) => {
    assert.equal(run.code, 0, run.text);
    return run.calls;
  });
  const distinct = [...new Set(calls.filter((call) => call.startsWith("aws ")))];
  const { faults, looked, text } = judged(distinct);
  assert.ok(looked > 30, text);
  assert.deepEqual(faults, []);
});

test("and so does every one that a page names", () => {
  const folder = join(ROOT, "deploy/docs");
  const texts = readdirSync(folder).filter((name) => name.endsWith(".md")).map((name) => readFileSync(join(folder, name), "utf8"));
  const calls = texts.flatMap((text) => {
    const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block.split("\n"));
    const inline = [...text.replace(/^```sh\n[\s\S]*?^```/gm, "").matchAll(/`(aws [^`]+)`/g)].map(([, call]) => call.replaceAll("\n", " "));
    return [...blocks, ...inline].map((call) => call.trim().replace(/ +#.*| [>|].*/, "")).filter((call) => call.startsWith("aws "));
  });
  const { faults, looked, text } = judged(calls);
  assert.ok(looked > 10, text);
  assert.deepEqual(faults, []);
});

test("what does not exist is found", () => {
  const { faults } = judged(["aws ecs fly --cluster a", "aws ecs update-service --clusters a", "aws nowhere do", "aws rds wait never", "aws ecs wait services-stable --cluster a"]);
  assert.equal(faults.length, 4);
});
