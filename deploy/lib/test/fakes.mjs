// Runs the real deploy.sh with fakes of aws, docker, cdk, curl, cargo and the two commands of ours. A fake notes how it was called and answers by the
// first rule whose pattern fits the whole call.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ROOT = new URL("../../../", import.meta.url).pathname;
const FAKED = ["npm", "aws", "docker", "cdk", "curl", "cargo", "cost", "keys"];
const REAL = [
  "bash", "env", "node", "git", "sed", "awk", "grep", "head", "tail", "tr", "cut", "wc", "find", "mktemp", "rm", "mkdir", "cp", "touch", "cat", "df", "seq",
  "sleep", "dirname", "basename", "date", "ls", "sh",
];

const FAKE = `#!/usr/bin/env bash
call="$(basename "$0") $*"
printf '%s\\n' "$call" >> "$FAKES/log"
case $call in "docker login"*) cat >/dev/null ;; esac
while IFS='~' read -r pattern code text; do
  if [[ $call == $pattern ]]; then
    if [ "$code" = 0 ]; then printf '%b' "$text"; else printf '%b\\n' "$text" >&2; fi
    exit "$code"
  fi
done < "$FAKES/rules"
`;

/** What an account answers in which the chatbot runs already. */
const RULES = [
  ["aws sts get-caller-identity*", 0, "123456789012\tarn:aws:iam::123456789012:user/owner"],
  ["aws ec2 describe-availability-zones*", 0, "us-east-1a"],
  ["aws ec2 describe-managed-prefix-lists*", 0, "pl-3b927c52"],
  ["aws bedrock get-foundation-model-availability*", 0, "AUTHORIZED\tAVAILABLE\tAVAILABLE\tAVAILABLE"],
  ["aws iam simulate-principal-policy*", 0, ""],
  ["aws ecr describe-images*", 254, "ImageNotFoundException"],
  ["aws ecr get-login-password*", 0, "secret-of-docker"],
  ["aws cloudformation describe-stacks*WebAclArn*", 0, "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chatbot/1"],
  ["aws cloudformation describe-stacks*'Address'*", 0, "https://d111.cloudfront.net"],
  ["aws cloudformation describe-stacks*'DistributionId'*", 0, "E111"],
  ["aws cloudformation describe-stacks*'DocumentsBucket'*", 0, "documents-bucket"],
  ["aws cloudformation describe-stacks*'WebsiteBucket'*", 0, "website-bucket"],
  ["aws cloudformation describe-stacks*'ClusterName'*", 0, "chatbot"],
  ["aws cloudformation describe-stacks*'ServiceNames'*", 0, "one,two"],
  ["aws cloudformation describe-stacks*'KeysSecret'*", 0, "arn:keys"],
  ["aws cloudformation describe-stacks*'ServiceTokenSecret'*", 0, "arn:service-token"],
  ["aws cloudformation describe-stacks*'TokenSecret'*", 0, "arn:token-secret"],
  ["aws cloudformation describe-stacks*'EditorTask'*", 0, "arn:editor"],
  ["aws cloudformation describe-stacks*'LogGroup'*", 0, "lines"],
  ["aws cloudformation describe-stacks*'ImageTag'*", 0, "before"],
  ["aws cloudformation describe-stacks*'DatabaseInstance'*", 0, "None"],
  ["aws cloudformation describe-stacks*StackStatus*", 0, "UPDATE_COMPLETE"],
  ["aws secretsmanager get-secret-value*", 0, '{"version":1,"keys":[]}'],
  ["aws secretsmanager get-random-password*", 0, "r4nd0m-r4nd0m"],
  ["aws ssm get-parameter*site-origins*", 254, "ParameterNotFound"],
  ["aws ssm get-parameter*previous-tag*", 0, "older"],
  ["aws ssm get-parameter*site-key*", 0, "sbc_site_known"],
  ["aws ecs describe-services*", 0, "chatbot-one\t1/1\tCOMPLETED\n"],
  ["aws s3api list-object-versions*", 0, '{"Objects":[null]}'],
  ["keys *", 0, '{"id":"00000001","key":"sbc_site_new","identity_secret":null}'],
  ["cost *", 0, "about 44 dollars a month\n"],
  ["curl *", 0, '{"success":true}'],
];

/** What changes something outside. */
const CHANGES = /^(cdk --no-notices (deploy|destroy|bootstrap)|docker (buildx build|push|tag|pull|login)|aws (ecs run|s3 sync|s3api delete|ssm (put|delete)|secretsmanager put|ecs update|cloudfront create|rds modify|cloudformation update))/;

/** A place with its own tools, rules and notes. */
export class Stage {
  constructor() {
    const installed = join(ROOT, "deploy/aws/node_modules/.installed");
    if (!existsSync(installed)) throw new Error("deploy.sh would install packages first; `make deploy-tools` does");
    this.folder = mkdtempSync(join(tmpdir(), "chatbot-deploy-"));
    this.tools = join(this.folder, "bin");
    mkdirSync(this.tools);
    for (const name of REAL) symlinkSync(which(name), join(this.tools, name));
    for (const name of FAKED) this.script(name, FAKE);
    this.config = join(this.folder, "config.json");
    copyFileSync(join(ROOT, "deploy/config.json"), this.config);
    this.rules = [];
  }

  script(name, text) {
    const path = join(this.tools, name);
    rmSync(path, { force: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }

  without(name) {
    rmSync(join(this.tools, name));
    return this;
  }

  /** Puts a rule in front of the others. */
  answer(pattern, code, text = "") {
    this.rules.unshift([pattern, code, text]);
    return this;
  }

  /** Takes back the newest rule. */
  forget() {
    this.rules.shift();
  }

  configure(change) {
    const config = JSON.parse(readFileSync(this.config, "utf8"));
    change(config);
    writeFileSync(this.config, JSON.stringify(config));
    return this;
  }

  /** Runs deploy.sh without a terminal, or with one where it is to be answered. */
  run(args, { environment = {}, typed, after = [] } = {}) {
    const lines = [...this.rules, ...RULES].map((rule) => rule.join("~").replaceAll("\n", "\\n").replaceAll("\t", "\\t"));
    writeFileSync(join(this.folder, "rules"), `${lines.join("\n")}\n`);
    const log = join(this.folder, "log");
    writeFileSync(log, "");
    const env = {
      PATH: this.tools, HOME: this.folder, FAKES: this.folder, DEPLOY_STATE: join(this.folder, "state"), CDK_COMMAND: "cdk", COST_COMMAND: "cost", KEYS_COMMAND: "keys",
      SMOKE_ATTEMPTS: "2", SMOKE_PAUSE: "0", LEAST_FREE_GB: "0", ...environment,
    };
    const command = [join(ROOT, "deploy/deploy.sh"), ...args, "--config", this.config, ...after];
    const run = typed === undefined
      ? spawnSync(join(this.tools, "bash"), command, { env, encoding: "utf8", input: "" })
      : spawnSync(join(ROOT, ".cache/python/bin/python"), [new URL("terminal.py", import.meta.url).pathname, typed, join(this.tools, "bash"), ...command], { env, encoding: "utf8" });
    const calls = readFileSync(log, "utf8").split("\n").filter(Boolean);
    return { code: run.status, text: `${run.stdout}${run.stderr}`, calls, changes: calls.filter((call) => CHANGES.test(call)) };
  }

  hasProgress() {
    return existsSync(join(this.folder, "state/chatbot.progress"));
  }
}

function which(name) {
  return execFileSync("bash", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
}
