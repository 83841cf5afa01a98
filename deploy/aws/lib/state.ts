// What several gateways share: limits, money, answers that go on at another one. Valkey in two zones, over TLS, with a password.

import { Fn, RemovalPolicy, SecretValue } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as elasticache from "aws-cdk-lib/aws-elasticache";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import type { Network } from "./network.ts";

const PORT = 6379;

export class SharedState extends Construct {
  /** The address with its password, as `GATEWAY_STATE` takes it. */
  readonly address: secretsmanager.Secret;
  private readonly group: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, name: string, network: Network, encryptionKey: kms.IKey) {
    super(scope, id);
    this.group = network.closedGroup("StateGroup", "the shared state: nobody but gateways comes in");
    const password = new secretsmanager.Secret(this, "Password", {
      secretName: `${name}/state-password`,
      encryptionKey,
      generateSecretString: { passwordLength: 64, excludePunctuation: true },
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const subnets = new elasticache.CfnSubnetGroup(this, "Subnets", {
      description: "the shared state of the gateways",
      subnetIds: network.vpc.selectSubnets(network.closed).subnetIds,
    });
    const cluster = new elasticache.CfnReplicationGroup(this, "Cluster", {
      replicationGroupDescription: "the shared state of the gateways",
      engine: "valkey",
      engineVersion: "8.0",
      cacheNodeType: "cache.t4g.micro",
      numCacheClusters: 2,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      cacheSubnetGroupName: subnets.ref,
      securityGroupIds: [this.group.securityGroupId],
      port: PORT,
      transitEncryptionEnabled: true,
      atRestEncryptionEnabled: true,
      kmsKeyId: encryptionKey.keyArn,
      authToken: password.secretValue.unsafeUnwrap(),
      snapshotRetentionLimit: 1,
    });
    cluster.applyRemovalPolicy(RemovalPolicy.SNAPSHOT);
    const text = Fn.join("", ["rediss://:", password.secretValue.unsafeUnwrap(), "@", cluster.attrPrimaryEndPointAddress, `:${PORT}`]);
    this.address = new secretsmanager.Secret(this, "Address", {
      secretName: `${name}/state`,
      encryptionKey,
      secretStringValue: SecretValue.unsafePlainText(text),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    acknowledge(cluster, "AwsSolutions-AEC5", "another port would hide nothing; only the gateways' group reaches it");
    acknowledge([password, this.address], "AwsSolutions-SMG4", "changed by hand as deploy/docs/keys.md tells, because gateways must start anew with it");
  }

  /** Lets tasks of this group connect. */
  admit(gateways: ec2.ISecurityGroup): void {
    this.group.addIngressRule(gateways, ec2.Port.tcp(PORT), "gateways");
  }
}
