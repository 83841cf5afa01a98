// What nobody may read: the token between the services, what visitor tokens are signed with, the gateway's keys.

import { RemovalPolicy, SecretValue } from "aws-cdk-lib";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";

/** A gateway with this lets nobody in; `deploy.sh` writes the first key. */
const NO_KEYS = '{"version":1,"keys":[]}';

export class Secrets extends Construct {
  readonly serviceToken: secretsmanager.Secret;
  readonly tokenSecret: secretsmanager.Secret;
  readonly keys: secretsmanager.Secret;

  constructor(scope: Construct, id: string, name: string, encryptionKey: kms.IKey) {
    super(scope, id);
    const random = { generateSecretString: { passwordLength: 64, excludePunctuation: true } };
    const common = { encryptionKey, removalPolicy: RemovalPolicy.DESTROY };
    this.serviceToken = new secretsmanager.Secret(this, "ServiceToken", {
      ...common, ...random, secretName: `${name}/service-token`, description: "shown by calls between the services",
    });
    this.tokenSecret = new secretsmanager.Secret(this, "TokenSecret", {
      ...common, ...random, secretName: `${name}/token-secret`, description: "signs the tokens of visitors",
    });
    this.keys = new secretsmanager.Secret(this, "Keys", {
      encryptionKey,
      // Keys that sites already show must open again after a new deployment.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      secretName: `${name}/keys`,
      description: "the gateway's key file: hashes of keys, and the identity secrets of sites",
      secretStringValue: SecretValue.unsafePlainText(NO_KEYS),
    });
    const reason = "all services must change it at one moment, which `deploy.sh rotate` does; the database has no password that could grow old";
    acknowledge([this.serviceToken, this.tokenSecret, this.keys], "AwsSolutions-SMG4", reason);
  }
}
