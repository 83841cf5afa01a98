// The stacks of one chatbot, and the checks that they must pass.

import { App, type AppProps, Tags, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";

import { ChatbotStack, type Deployment } from "./chatbot-stack.ts";
import type { Config } from "./config.ts";
import { EdgeStack } from "./edge-stack.ts";
import { RegistryStack } from "./registry-stack.ts";

/** What newer versions of CDK do by themselves; the same in every synthesis. */
const FLAGS = {
  "@aws-cdk/aws-iam:minimizePolicies": true,
  "@aws-cdk/core:checkSecretUsage": true,
  "@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions": true,
  "@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm": true,
  "@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": true,
  "@aws-cdk/aws-ec2:launchTemplateDefaultUserData": true,
  "@aws-cdk/aws-autoscaling:generateLaunchTemplateInsteadOfLaunchConfig": true,
  "@aws-cdk/aws-s3:createDefaultLoggingPolicy": true,
};

/** Returns the names of the stacks: firewall and budget, images, and the chatbot itself. */
export function stackNames(name: string): { edge: string; registry: string; chatbot: string } {
  return { edge: `${name}-edge`, registry: `${name}-registry`, chatbot: name };
}

/** Builds every stack. Synthesis fails where a check of cdk-nag finds something that no reason was given for. */
export function build(config: Config, deployment: Deployment, props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  const names = stackNames(config.name);
  // Data of the business would go with the stack, so CloudFormation asks twice.
  const home = { env: { region: config.region }, terminationProtection: true };
  new EdgeStack(app, names.edge, config, { env: { region: "us-east-1" }, description: "Chatbot: firewall and budget" });
  new RegistryStack(app, names.registry, config.name, { env: home.env, description: "Chatbot: images" });
  new ChatbotStack(app, names.chatbot, config, deployment, { ...home, description: `Chatbot: ${config.tier}` });
  Tags.of(app).add("chatbot", config.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
