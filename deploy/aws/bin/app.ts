// What `cdk` runs. CHATBOT_CONFIG names the file; the rest is context that `deploy.sh` passes.

import { App } from "aws-cdk-lib";

import { build } from "../lib/app.ts";
import { ConfigMistakes, readConfig } from "../lib/config.ts";

const path = process.env.CHATBOT_CONFIG ?? new URL("../../config.json", import.meta.url).pathname;
// Only to read the context that the command line passes; it makes nothing itself.
const context = new App({ autoSynth: false }).node;
const given = (key: string, otherwise: string): string => (context.tryGetContext(key) as string | undefined) ?? otherwise;

try {
  const deployment = {
    imageTag: given("imageTag", "none"),
    webAclArn: given("webAclArn", "arn:aws:wafv2:us-east-1:000000000000:global/webacl/none/none"),
    cloudFrontList: given("cloudFrontList", "pl-00000000"),
  };
  build(readConfig(path), deployment).synth();
} catch (error) {
  if (!(error instanceof ConfigMistakes)) throw error;
  for (const line of error.lines) console.error(line);
  process.exitCode = 1;
}
