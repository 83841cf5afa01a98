import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { Stage } from "./fakes.mjs";

const NOWHERE = ["aws cloudformation describe-stacks*", 254];

test("status tells what runs and which alarms ring, and changes nothing", () => {
  const stage = new Stage().answer("aws cloudwatch describe-alarms*", 0, "chatbot-SlowFirstWord\tvisitors wait for the first word");
  const run = stage.run(["status"]);
  assert.equal(run.code, 0, run.text);
  for (const said of ["https://d111.cloudfront.net", "before", "UPDATE_COMPLETE", "chatbot-one", "1/1", "visitors wait"]) assert.ok(run.text.includes(said), said);
  assert.deepEqual(run.changes, []);
  assert.match(new Stage().run(["status"]).text, /Alarms that ring\n  none/);
});

test("every command but deploy says where nothing is deployed", () => {
  for (const args of [["status"], ["documents"], ["rollback"], ["rotate", "site-key"], ["destroy"]]) {
    const run = new Stage().answer(...NOWHERE).run([...args, "--yes"]);
    assert.equal(run.code, 1, args.join(" "));
    assert.match(run.text, /chatbot is not deployed in us-east-1[\s\S]*fix: deploy it first/);
    assert.deepEqual(run.changes, []);
  }
});

test("a rollback runs the images from before, and asks whether they answer", () => {
  const stage = new Stage().answer("aws ecr describe-images*", 0, "{}");
  const run = stage.run(["rollback", "--yes"]);
  assert.equal(run.code, 0, run.text);
  assert.match(run.changes.find((call) => call.startsWith("cdk")) ?? "", /deploy chatbot --exclusively .*imageTag=older/);
  assert.ok(run.changes.some((call) => call.includes("/chatbot/previous-tag") && call.endsWith("--value before")), "so that it can be undone");
  assert.ok(run.calls.some((call) => call.startsWith("curl")));
  assert.match(stage.run(["rollback", "v7", "--yes"]).changes.join(), /imageTag=v7/);
});

test("a rollback refuses what cannot be gone back to", () => {
  for (const [arrange, args, said] of [
    [(stage) => stage.answer("aws ssm get-parameter*", 254), [], /not known what ran before/],
    [(stage) => stage, ["before"], /before is what runs/],
    [(stage) => stage, ["v1"], /gateway:v1 is not in the registry any more/],
  ]) {
    const run = arrange(new Stage()).run(["rollback", ...args, "--yes"]);
    assert.equal(run.code, 1);
    assert.match(run.text, said);
    assert.deepEqual(run.changes, []);
  }
});

test("secrets are rotated, and the services start with the new ones", () => {
  for (const [what, secret] of [["service-token", "arn:service-token"], ["token-secret", "arn:token-secret"]]) {
    const run = new Stage().run(["rotate", what, "--yes"]);
    assert.equal(run.code, 0, run.text);
    assert.match(run.changes[0], new RegExp(`put-secret-value --secret-id ${secret} --secret-string file:///`));
    assert.equal(run.changes.filter((call) => call.includes("--force-new-deployment")).length, 2);
    assert.ok(run.calls.some((call) => call.startsWith("aws ecs wait services-stable --cluster chatbot --services one two")));
  }
  const key = new Stage().answer("aws ssm get-parameter*site-origins*", 0, "https://d111.cloudfront.net").run(["rotate", "site-key", "--yes"]);
  assert.equal(key.code, 0, key.text);
  assert.match(key.text, /a new site key: sbc_site_new/);
  assert.ok(key.changes.some((call) => call.includes("s3://website-bucket")), "the site shows the new key");
  assert.equal(new Stage().run(["rotate", "everything"]).code, 2);
});

test("a folder of documents is uploaded without its hidden files, and nothing is deleted", () => {
  const stage = new Stage();
  const folder = join(stage.folder, "papers");
  mkdirSync(folder);
  writeFileSync(join(folder, "faq.md"), "x");
  const run = stage.run(["documents", folder]);
  assert.equal(run.code, 0, run.text);
  assert.deepEqual(run.changes, [`aws s3 sync ${folder} s3://documents-bucket --exclude .* --exclude */.* --only-show-errors`]);
  const none = stage.run(["documents", "/nowhere"]);
  assert.equal(none.code, 1);
  assert.match(none.text, /there is no folder \/nowhere/);
});

test("a teardown takes protection away first, and leaves the documents", () => {
  const stage = new Stage().answer("aws cloudformation describe-stacks*'DatabaseInstance'*", 0, "chatbot-database");
  const run = stage.run(["destroy", "--yes"]);
  assert.equal(run.code, 0, run.text);
  const order = ["update-termination-protection", "modify-db-instance", "destroy chatbot --exclusively", "destroy chatbot-registry", "destroy chatbot-edge", "ssm delete-parameters", "delete-bucket --bucket website-bucket"];
  const places = order.map((part) => run.changes.findIndex((call) => call.includes(part)));
  assert.ok(places.every((place, at) => place >= 0 && (at === 0 || place > places[at - 1])), places.join());
  assert.ok(!run.changes.some((call) => call.includes("documents-bucket")));
  assert.match(run.text, /the documents: s3:\/\/documents-bucket[\s\S]*snapshot/);
});

test("a teardown with --data removes every version of the documents too", () => {
  const stage = new Stage();
  // The second look finds nothing any more.
  stage.script("aws", `#!/usr/bin/env bash
printf 'aws %s\\n' "$*" >> "$FAKES/log"
case "$*" in
  *list-object-versions*documents-bucket*)
    if [ -e "$FAKES/emptied" ]; then echo '{"Objects":[null]}'; else echo '{"Objects":[{"Key":"a","VersionId":"1"},{"Key":"a","VersionId":"2"}]}'; fi ;;
  *list-object-versions*) echo '{"Objects":[null]}' ;;
  *delete-objects*) touch "$FAKES/emptied" ;;
  *prefix-lists*) echo pl-1 ;;
  *sts*) printf '1\\tarn:aws:iam::1:user/me' ;;
  *DocumentsBucket*) echo documents-bucket ;;
  *WebsiteBucket*) echo website-bucket ;;
  *) echo value ;;
esac
`);
  const run = stage.run(["destroy", "--data", "--yes"]);
  assert.equal(run.code, 0, run.text);
  const emptied = run.changes.filter((call) => call.includes("delete-objects"));
  assert.equal(emptied.length, 1);
  assert.match(emptied[0], /"Key":"a","VersionId":"2"/);
  assert.ok(run.changes.some((call) => call.includes("delete-bucket --bucket documents-bucket")));
});

test("a teardown asks for the name, and another word is no", () => {
  const wrong = new Stage().run(["destroy"], { typed: "yes" });
  assert.equal(wrong.code, 3, wrong.text);
  assert.deepEqual(wrong.changes, []);
  assert.equal(new Stage().run(["destroy"]).code, 3);
  assert.equal(new Stage().run(["destroy"], { typed: "chatbot" }).code, 0);
});

test("a dry run of a teardown, of a rollback and of a rotation changes nothing", () => {
  for (const args of [["destroy", "--data"], ["rollback"], ["rotate", "service-token"]]) {
    const run = new Stage().answer("aws ecr describe-images*", 0, "{}").run([...args, "--dry-run"]);
    assert.equal(run.code, 0, run.text);
    assert.deepEqual(run.changes, []);
  }
});

test("wrong usage says what is right and ends with 2", () => {
  for (const args of [["fly"], ["--loud"], ["deploy", "a", "b"], ["rotate"]]) {
    const run = new Stage().run(args);
    assert.equal(run.code, 2, args.join(" "));
    assert.match(run.text, /deploy\.sh \[COMMAND\] \[OPTIONS\]/);
  }
  const help = new Stage().run(["help"]);
  assert.equal(help.code, 0);
  assert.match(help.text, /Exit codes: 0 done/);
});

/** What an account answers to a command of an editor. */
const editing = (stage) =>
  stage
    .answer("aws ecs run-task*", 0, "arn:aws:ecs:us-east-1:1:task/chatbot/abc")
    .answer("aws ecs describe-tasks*exitCode*", 0, "0")
    .answer("aws ecs describe-tasks*privateIpv4Address*", 0, "10.42.0.7")
    .answer("aws ecs list-tasks*", 0, "arn:task")
    .answer("aws logs get-log-events*editor/editor/abc*", 0, "faq.md  indexed\n");

test("a command of an editor runs beside the chatbot, and its lines and its end come back", () => {
  const stage = editing(new Stage());
  const run = stage.run(["editor"], { after: ["--", "status", "my faq.md", "--json"] });
  assert.equal(run.code, 0, run.text);
  assert.match(run.text, /faq\.md {2}indexed/);
  const call = run.calls.find((given) => given.startsWith("aws ecs run-task"));
  assert.match(call, /--task-definition arn:editor --launch-type EC2/);
  assert.ok(call.includes('"command":["status","my faq.md","--json"]') && call.includes('"value":"http://127.0.0.1:7003"'), call);
  const failed = editing(new Stage()).answer("aws ecs describe-tasks*exitCode*", 0, "1").run(["editor"], { after: ["--", "status"] });
  assert.equal(failed.code, 1);
  assert.match(new Stage().answer("aws ecs run-task*", 0, "None").run(["editor"], { after: ["--", "list"] }).text, /could not be started[\s\S]*fix: /);
  assert.equal(new Stage().run(["editor"]).code, 2);
});

test("where the ingestor has a task of its own the command finds its address", () => {
  const stage = editing(new Stage().configure((config) => (config.tier = "business"))).answer("aws cloudformation describe-stacks*'EditorGroup'*", 0, "sg-1").answer("aws cloudformation describe-stacks*'PublicSubnet'*", 0, "subnet-1");
  const run = stage.run(["editor"], { after: ["--", "history"] });
  assert.equal(run.code, 0, run.text);
  const call = run.calls.find((given) => given.startsWith("aws ecs run-task"));
  assert.match(call, /--launch-type FARGATE --network-configuration awsvpcConfiguration=\{subnets=\[subnet-1\],securityGroups=\[sg-1\],assignPublicIp=ENABLED\}/);
  assert.ok(call.includes('"value":"http://10.42.0.7:7003"'), call);
  assert.match(stage.answer("aws ecs describe-tasks*privateIpv4Address*", 0, "None").run(["editor"], { after: ["--", "list"] }).text, /the ingestor does not run/);
});
