// The guardrail of Bedrock and the version that answers are held to. A changed rule makes a new version; the old one goes once no task names it.

import { createHash } from "node:crypto";

import * as bedrock from "aws-cdk-lib/aws-bedrock";
import * as iam from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

import type { GuardrailConfig } from "./config.ts";

export class Guardrail extends Construct {
  readonly id: string;
  readonly arn: string;
  readonly version: string;

  constructor(scope: Construct, id: string, name: string, config: GuardrailConfig) {
    super(scope, id);
    const { contentPolicyConfig, wordPolicyConfig, sensitiveInformationPolicyConfig, topicPolicyConfig } = config;
    const guardrail = new bedrock.CfnGuardrail(this, "Rules", {
      // Two chatbots of one account may keep the default name.
      name: `${name}-${config.name}`.slice(0, 50),
      description: config.description,
      blockedInputMessaging: config.blockedInputMessaging,
      blockedOutputsMessaging: config.blockedOutputsMessaging,
      contentPolicyConfig,
      wordPolicyConfig,
      sensitiveInformationPolicyConfig,
      topicPolicyConfig,
    });
    const hash = createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 8);
    const version = new bedrock.CfnGuardrailVersion(this, `Version${hash}`, { guardrailIdentifier: guardrail.attrGuardrailId, description: hash });
    this.id = guardrail.attrGuardrailId;
    this.arn = guardrail.attrGuardrailArn;
    this.version = version.attrVersion;
  }

  /** Allows texts to be held against it. */
  applying(): iam.PolicyStatement {
    return new iam.PolicyStatement({ sid: "Guard", actions: ["bedrock:ApplyGuardrail"], resources: [this.arn] });
  }
}
