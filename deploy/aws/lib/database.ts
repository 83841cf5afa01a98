// PostgreSQL with pgvector. Nobody holds a password: the retriever signs in with its role (IAM), and the administrator's password is kept
// and changed by RDS itself.

import { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import * as logs from "aws-cdk-lib/aws-logs";
import * as rds from "aws-cdk-lib/aws-rds";
import type * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";
import type { Config } from "./config.ts";
import type { Network } from "./network.ts";

/** The database, its schema and the retriever's user have this name. */
export const DATABASE = "chatbot";
const PORT = 5432;

export class Database extends Construct {
  readonly instance: rds.DatabaseInstance;
  readonly administrator: secretsmanager.ISecret;
  readonly host: string;

  constructor(scope: Construct, id: string, config: Config, network: Network, encryptionKey: kms.IKey) {
    super(scope, id);
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of("17.10", "17") });
    const instanceIdentifier = `${config.name}-database`;
    // Made before RDS makes it, which would keep its lines for ever.
    const lines = new logs.LogGroup(this, "Lines", {
      logGroupName: `/aws/rds/instance/${instanceIdentifier}/postgresql`,
      retention: logs.RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.instance = new rds.DatabaseInstance(this, "Instance", {
      engine,
      instanceIdentifier,
      instanceType: new ec2.InstanceType(config.database.instanceType.replace(/^db\./, "")),
      vpc: network.vpc,
      vpcSubnets: network.closed,
      securityGroups: [network.closedGroup("DatabaseGroup", "the database: nobody but the retriever comes in")],
      publiclyAccessible: false,
      port: PORT,
      databaseName: DATABASE,
      credentials: rds.Credentials.fromUsername("keeper"),
      manageMasterUserPassword: true,
      iamAuthentication: true,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      parameters: { "rds.force_ssl": "1" },
      storageType: rds.StorageType.GP3,
      allocatedStorage: config.database.allocatedStorage,
      maxAllocatedStorage: config.database.allocatedStorage * 5,
      storageEncrypted: true,
      storageEncryptionKey: encryptionKey,
      multiAz: config.tier === "scale",
      backupRetention: Duration.days(7),
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
      deletionProtection: true,
      // A last snapshot stays; kept whole, the instance would hold the network that is to go.
      removalPolicy: RemovalPolicy.SNAPSHOT,
      cloudwatchLogsExports: ["postgresql"],
    });
    this.instance.node.addDependency(lines);
    this.host = this.instance.dbInstanceEndpointAddress;
    if (!this.instance.secret) throw new Error("RDS keeps the administrator's password, so there is a secret");
    this.administrator = this.instance.secret;
    acknowledge(this, "AwsSolutions-RDS11", "another port would hide nothing; only the retriever's group reaches it");
    if (config.tier !== "scale") acknowledge(this, "AwsSolutions-RDS3", "a second zone doubles the price; the scale tier has it");
  }

  /** Lets tasks of this group connect. */
  admit(group: ec2.ISecurityGroup): void {
    this.instance.connections.allowFrom(group, ec2.Port.tcp(PORT), "the retriever");
  }

  /** Allows a role to sign in as the retriever's user. */
  connecting(role: iam.IGrantable): void {
    this.instance.grantConnect(role, DATABASE);
  }
}
