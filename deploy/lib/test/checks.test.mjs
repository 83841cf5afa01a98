import assert from "node:assert/strict";
import { test } from "node:test";

import { Stage } from "./fakes.mjs";

/** Each thing that can be wrong, what is said of it, and what is to be done. */
const FAULTS = {
  "no node": [(stage) => stage.without("node"), /node is missing/, /install Node\.js 20/],
  "no npm": [(stage) => stage.without("npm"), /npm is missing/, /install Node\.js 20/],
  "no aws": [(stage) => stage.without("aws"), /aws is missing/, /getting-started-install/],
  "no docker": [(stage) => stage.without("docker"), /docker is missing/, /docs\.docker\.com/],
  "no curl": [(stage) => stage.without("curl"), /curl is missing/, /install curl/],
  "no git": [(stage) => stage.without("git"), /git is missing/, /--tag/],
  "an old node": [(stage) => stage.script("node", "#!/usr/bin/env bash\necho 18\n"), /Node\.js 18 is too old/, /20 or newer/],
  "docker asleep": [(stage) => stage.answer("docker info*", 1), /Docker does not answer/, /start Docker/],
  "no buildx": [(stage) => stage.answer("docker buildx version*", 1), /buildx is missing/, /docker-buildx-plugin/],
  "a wrong key": [(stage) => stage.configure((config) => (config.tier = "tiny")), /tier: expected one of starter, business, scale/, /edit .*config\.json/],
  "no credentials": [(stage) => stage.answer("aws sts*", 255, "An error occurred: ExpiredToken"), /does not know who you are: ExpiredToken/, /aws sso login/],
  "a region that is off": [(stage) => stage.answer("aws ec2 describe-availability-zones*", 254), /us-east-1 cannot be used/, /AWS Regions/],
  "no list of addresses": [(stage) => stage.answer("aws ec2 describe-managed-prefix-lists*", 0, "None"), /CloudFront's addresses is not found/, /DescribeManagedPrefixLists/],
  "no access to a model": [
    (stage) => stage.answer("aws bedrock get-foundation-model-availability*nova-lite*", 0, "NOT_AUTHORIZED\tAVAILABLE\tAVAILABLE\tAVAILABLE"),
    /no access to amazon\.nova-lite-v1:0/, /Model catalog/,
  ],
  "an agreement that is missing": [
    (stage) => stage.answer("aws bedrock get-foundation-model-availability*titan*", 0, "AUTHORIZED\tAVAILABLE\tAVAILABLE\tNOT_AVAILABLE"),
    /no access to amazon\.titan-embed/, /Model catalog/,
  ],
  "a model that is elsewhere": [
    (stage) => stage.answer("aws bedrock get-foundation-model-availability*micro*", 0, "AUTHORIZED\tAVAILABLE\tNOT_AVAILABLE\tAVAILABLE"),
    /nova-micro-v1:0 is not in us-east-1/, /another region/,
  ],
  "a Bedrock that is silent": [(stage) => stage.answer("aws bedrock get-foundation*", 254, "(AccessDeniedException) when calling: not authorized"), /does not tell whether/, /bedrock:GetFoundationModelAvailability/],
  "no profile": [
    (stage) => stage.configure((config) => (config.bedrock.modelId = "us.amazon.nova-lite-v1:0")).answer("aws bedrock get-inference-profile*", 254),
    /the inference profile us\.amazon\.nova-lite-v1:0 is not there/, /list-inference-profiles/,
  ],
  "no rights": [(stage) => stage.answer("aws iam simulate*", 0, "ecs:UpdateService\ts3:PutObject"), /you may not: ecs:UpdateService s3:PutObject/, /administrator/],
};

for (const [name, [arrange, said, fix]] of Object.entries(FAULTS)) {
  test(`${name}: it is said with the way to put it right, and nothing is changed`, () => {
    const stage = new Stage();
    arrange(stage);
    const run = stage.run(["deploy", "--yes"]);
    assert.equal(run.code, 1, run.text);
    assert.match(run.text, said);
    assert.match(run.text, new RegExp(`fix: .*${fix.source}`));
    assert.deepEqual(run.changes, []);
  });
}

test("no cargo: only where nothing else counts the price and makes keys", () => {
  const stage = new Stage().without("cargo");
  const run = stage.run(["check"], { environment: { COST_COMMAND: "" } });
  assert.equal(run.code, 1);
  assert.match(run.text, /cargo is missing[\s\S]*rustup\.rs/);
  assert.equal(stage.run(["check"]).code, 0);
});

test("no room: it says how much there is, and images that are pulled need none", () => {
  const environment = { LEAST_FREE_GB: "99999999" };
  const run = new Stage().run(["check"], { environment });
  assert.equal(run.code, 1);
  assert.match(run.text, /only \d+ GB are free[\s\S]*docker system prune/);
  assert.equal(new Stage().run(["check", "--images", "registry.example/chatbot"], { environment }).code, 0);
});

test("every fault is told in one run", () => {
  const stage = new Stage().without("curl").without("aws");
  const run = stage.run(["check"]);
  assert.match(run.text, /aws is missing[\s\S]*curl is missing[\s\S]*2 thing\(s\) to put right/);
  const later = new Stage().answer("aws iam simulate*", 0, "ecs:UpdateService").answer("aws ec2 describe-availability-zones*", 1).run(["check"]);
  assert.match(later.text, /cannot be used[\s\S]*you may not[\s\S]*2 thing\(s\)/);
});

test("a right that cannot be looked at is no fault, and a role is asked for by its own name", () => {
  const blind = new Stage().answer("aws iam simulate*", 254).run(["check"]);
  assert.equal(blind.code, 0, blind.text);
  assert.match(blind.text, /iam:SimulatePrincipalPolicy/);
  const role = new Stage()
    .answer("aws sts*", 0, "123456789012\tarn:aws:sts::123456789012:assumed-role/Admin/me")
    .answer("aws iam get-role --role-name Admin *", 0, "arn:aws:iam::123456789012:role/sso/Admin")
    .run(["check"]);
  assert.equal(role.code, 0, role.text);
  assert.ok(role.calls.some((call) => call.includes("--policy-source-arn arn:aws:iam::123456789012:role/sso/Admin")));
  const root = new Stage().answer("aws sts*", 0, "123456789012\tarn:aws:iam::123456789012:root").run(["check"]);
  assert.match(root.text, /account's root/);
});

test("a check of everything that is right changes nothing and ends well", () => {
  const run = new Stage().run(["check"]);
  assert.equal(run.code, 0, run.text);
  assert.match(run.text, /all is well/);
  assert.deepEqual(run.changes, []);
});
