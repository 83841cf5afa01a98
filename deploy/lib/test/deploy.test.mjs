import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT, Stage } from "./fakes.mjs";

const DEPLOY = ["deploy", "--yes", "--tag", "v2"];

/** Returns the calls that begin so. */
const beginning = (calls, start) => calls.filter((call) => call.startsWith(start));

test("a deployment goes step by step, and ends with the code for the pages", () => {
  const stage = new Stage();
  const run = stage.run(DEPLOY);
  assert.equal(run.code, 0, run.text);
  const order = [
    /^cdk --no-notices deploy chatbot-edge --exclusively/, /^cdk --no-notices deploy chatbot-registry/, /^docker login/, /^docker buildx build .*SERVICE=gateway/,
    /^docker buildx build .*SERVICE=ingestor/, /^aws ssm put-parameter --name \/chatbot\/previous-tag .*before/, /^cdk --no-notices deploy chatbot /, /^keys --file/,
    /^aws secretsmanager put-secret-value/, /^aws ecs update-service .*--service two --force-new-deployment/, /^aws s3 sync .*s3:\/\/website-bucket --delete/, /^aws cloudfront create-invalidation/,
    /^curl /,
  ];
  const places = order.map((pattern) => run.calls.findIndex((call) => pattern.test(call)));
  assert.ok(places.every((place) => place >= 0), order.filter((_, at) => places[at] < 0).join());
  assert.deepEqual(places, [...places].sort((a, b) => a - b));
  const chatbot = run.calls.find((call) => /deploy chatbot /.test(call));
  assert.match(chatbot, /imageTag=v2 .*webAclArn=arn:aws:wafv2.*cloudFrontList=pl-3b927c52/);
  assert.match(run.calls.find((call) => call.includes("SERVICE=gateway")), /--platform linux\/arm64 .*123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com\/chatbot\/gateway:v2 --push/);
  assert.match(run.text, /about 44 dollars a month/);
  assert.match(run.text, /<script src="https:\/\/d111\.cloudfront\.net\/widget\.js" data-site="sbc_site_known" data-primary-color="#4287f5"/);
  assert.ok(!stage.hasProgress());
});

test("no secret stands in a list of processes", () => {
  const stage = new Stage();
  const calls = [...stage.run(DEPLOY).calls, ...stage.run(["rotate", "service-token", "--yes"]).calls];
  for (const secret of ["secret-of-docker", '{"version":1', "r4nd0m", "sbc_site_known"]) {
    for (const call of calls) assert.ok(!call.includes(secret) || /^aws ssm put-parameter/.test(call), call);
  }
});

/** Each step, how it is made to fail, and what must not be done twice after it. */
const STEPS = [
  ["bootstrap", ["cdk *bootstrap*", 1], "CDK cannot settle", []],
  ["foundations", ["cdk *deploy chatbot-registry*", 1], "chatbot-registry could not be brought", ["bootstrap"]],
  ["images", ["docker buildx build*SERVICE=generator*", 1], "generator cannot be built", ["bootstrap", "foundations"]],
  ["chatbot", ["cdk *deploy chatbot *", 1], "the stack chatbot could not be brought", ["bootstrap", "foundations", "images"]],
  ["keys", ["aws secretsmanager put*", 254], "key file cannot be written", ["bootstrap", "foundations", "images", "chatbot"]],
  ["website", ["aws s3 sync*website*", 1], "website cannot be uploaded", ["bootstrap", "foundations", "images", "chatbot", "keys"]],
  ["documents", ["aws s3 sync*documents*", 1], "documents cannot be uploaded", ["bootstrap", "foundations", "images", "chatbot", "keys", "website"]],
  ["question", ["curl *", 22, "502"], "no answer from https://d111", ["bootstrap", "foundations", "images", "chatbot", "keys", "website", "documents"]],
];
const MARKS = {
  bootstrap: "cdk --no-notices bootstrap", foundations: "cdk --no-notices deploy chatbot-edge", images: "docker buildx build", chatbot: "cdk --no-notices deploy chatbot ",
  keys: "keys ", website: "aws cloudfront create-invalidation", documents: "aws s3 sync", question: "curl ",
};

for (const [name, rule, said, before] of STEPS) {
  test(`a deployment that stops at ${name} goes on there, and does nothing twice`, () => {
    const stage = new Stage().answer("aws cloudformation describe-stacks*CDKToolkit*", 254);
    mkdirSync(join(stage.folder, "docs"));
    writeFileSync(join(stage.folder, "docs", "faq.md"), "# Open?\nAlways.\n");
    const args = [...DEPLOY, "--documents", join(stage.folder, "docs")];
    stage.answer(...rule);
    const failed = stage.run(args);
    assert.equal(failed.code, 1, failed.text);
    assert.match(failed.text, new RegExp(`${said}[\\s\\S]*fix: `));
    stage.forget();
    const run = stage.run(args);
    assert.equal(run.code, 0, run.text);
    for (const step of before) {
      const mark = MARKS[step];
      const again = step === "documents" ? run.calls.filter((call) => /s3 sync .*documents-bucket/.test(call)) : beginning(run.calls, mark);
      assert.deepEqual(again, [], `${step} was done twice`);
    }
    assert.ok(beginning(run.calls, MARKS[name]).length > 0, `${name} was not done again`);
    assert.ok(!stage.hasProgress());
  });
}

test("images that are there are not built, and what was built stays when another fails", () => {
  const stage = new Stage().answer("aws ecr describe-images*chatbot/gateway*", 0, "{}");
  const run = stage.run(DEPLOY);
  assert.deepEqual(beginning(run.calls, "docker buildx build").map((call) => /SERVICE=(\w+)/.exec(call)[1]), ["retriever", "generator", "ingestor"]);
});

test("images are pulled from another registry, and pushed into the account's own", () => {
  const run = new Stage().run([...DEPLOY, "--images", "registry.example/chatbot/"]);
  assert.equal(run.code, 0, run.text);
  assert.deepEqual(beginning(run.calls, "docker buildx build"), []);
  assert.ok(run.calls.includes("docker pull --platform linux/arm64 registry.example/chatbot/retriever:v2"));
  assert.equal(beginning(run.calls, "docker push 123456789012.dkr.ecr").length, 4);
});

test("without --tag images are named after the commit", () => {
  const run = new Stage().run(["deploy", "--yes"]);
  const commit = execFileSync("git", ["-C", ROOT, "rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).trim();
  assert.match(beginning(run.calls, "docker buildx")[1], new RegExp(`gateway:${commit}(-[0-9a-f]{8})? `));
});

test("another configuration, another tag and --again begin anew", () => {
  for (const change of [
    (stage) => [stage.configure((config) => (config.budget.dollarsPerMonth = 7)), DEPLOY],
    (stage) => [stage, ["deploy", "--yes", "--tag", "v3"]],
    (stage) => [stage, [...DEPLOY, "--again"]],
  ]) {
    const stage = new Stage().answer("curl *", 22);
    assert.equal(stage.run(DEPLOY).code, 1);
    stage.forget();
    const [next, args] = change(stage);
    const run = next.run(args);
    assert.equal(run.code, 0, run.text);
    assert.equal(beginning(run.calls, MARKS.foundations).length, 1);
  }
});

test("a dry run shows every change and makes none", () => {
  const stage = new Stage().answer("aws cloudformation describe-stacks*", 254);
  const run = stage.run(["deploy", "--dry-run", "--tag", "v2"]);
  assert.equal(run.code, 0, run.text);
  assert.deepEqual(run.changes, []);
  assert.deepEqual(beginning(run.calls, "curl"), []);
  for (const shown of ["would run: cdk bootstrap", "would run: cdk deploy chatbot-edge", "would run: docker buildx build", "would make a site key", "would ask a question"]) assert.ok(run.text.includes(shown), shown);
  assert.ok(!stage.hasProgress());
});

test("a site whose pages are the same keeps its key, others get another", () => {
  const known = new Stage().answer("aws ssm get-parameter*site-origins*", 0, "https://d111.cloudfront.net");
  assert.deepEqual(beginning(known.run(DEPLOY).calls, "keys"), []);
  const more = known.configure((config) => (config.api.allowedOrigins = ["https://www.shop.example"]));
  const run = more.run(DEPLOY);
  assert.match(beginning(run.calls, "keys")[0], /--json create site --name chatbot --origin https:\/\/d111\.cloudfront\.net --origin https:\/\/www\.shop\.example/);
  assert.match(run.text, /the old one still opens/);
});

test("the price is shown before anybody agrees, and without it nothing begins", () => {
  const run = new Stage().answer("cost *", 1).run(DEPLOY);
  assert.equal(run.code, 1);
  assert.match(run.text, /price cannot be told[\s\S]*COST_COMMAND/);
  assert.deepEqual(run.changes, []);
});

test("without a terminal only --yes agrees; in one the answer counts", () => {
  const silent = new Stage().run(["deploy", "--tag", "v2"]);
  assert.equal(silent.code, 3);
  assert.match(silent.text, /nobody is there to be asked[\s\S]*add --yes/);
  const no = new Stage().run(["deploy", "--tag", "v2"], { typed: "n" });
  assert.equal(no.code, 3, no.text);
  assert.match(no.text, /nothing was changed/);
  for (const run of [silent, no]) assert.deepEqual(run.changes, []);
  const yes = new Stage().run(["deploy", "--tag", "v2"], { typed: "y" });
  assert.equal(yes.code, 0, yes.text);
  assert.ok(yes.changes.length > 8);
});

test("the scripts are clean to shellcheck, and short", () => {
  const lint = join(ROOT, ".cache/python/bin/shellcheck");
  execFileSync(lint, ["-x", "-a", "deploy/deploy.sh"], { cwd: ROOT, encoding: "utf8" });
  const files = readdirSync(join(ROOT, "deploy/lib")).filter((name) => name.endsWith(".sh")).map((name) => `deploy/lib/${name}`);
  assert.ok(files.length >= 9);
  for (const file of ["deploy/deploy.sh", ...files]) assert.ok(readFileSync(join(ROOT, file), "utf8").split("\n").length <= 400, file);
});
