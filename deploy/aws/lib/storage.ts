// What is kept: the key, the documents and the queue of their changes, the website. Buckets outlive the stack.

import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";

import { acknowledge } from "./acknowledge.ts";

export class Storage extends Construct {
  readonly key: kms.Key;
  readonly documents: s3.Bucket;
  readonly website: s3.Bucket;
  readonly changes: sqs.Queue;
  readonly unreadable: sqs.Queue;

  constructor(scope: Construct, id: string, name: string) {
    super(scope, id);
    this.key = new kms.Key(this, "Key", {
      description: `${name}: documents, secrets, database, alarms`,
      enableKeyRotation: true,
      // Snapshots and documents that outlive the stack can only be read with it.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.documents = new s3.Bucket(this, "Documents", {
      ...CLOSED_BUCKET,
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      versioned: true,
      lifecycleRules: [
        { noncurrentVersionExpiration: Duration.days(30), expiredObjectDeleteMarker: true },
        { abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
    this.website = new s3.Bucket(this, "Website", { ...CLOSED_BUCKET, encryption: s3.BucketEncryption.S3_MANAGED, versioned: true });
    acknowledge([this.documents, this.website], "AwsSolutions-S1", "a log of requests would keep the addresses of visitors; the gateway logs requests without them");

    const queue = { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: this.key, enforceSSL: true };
    this.unreadable = new sqs.Queue(this, "UnreadableChanges", { ...queue, retentionPeriod: Duration.days(14) });
    this.changes = new sqs.Queue(this, "Changes", {
      ...queue,
      // Six times what the ingestor asks for each message.
      visibilityTimeout: Duration.minutes(6),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.unreadable, maxReceiveCount: 5 },
    });
    this.tellChanges();
  }

  /** The bucket writes to the queue. Its name is not known before it is made, so the queue and the key admit buckets of this account. */
  private tellChanges(): void {
    const own = {
      principals: [new iam.ServicePrincipal("s3.amazonaws.com")],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(this).account } },
    };
    this.changes.addToResourcePolicy(new iam.PolicyStatement({ ...own, actions: ["sqs:SendMessage"], resources: [this.changes.queueArn] }));
    this.key.addToResourcePolicy(new iam.PolicyStatement({ ...own, actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: ["*"] }));
    const bucket = this.documents.node.defaultChild as s3.CfnBucket;
    bucket.notificationConfiguration = {
      queueConfigurations: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"].map((event) => ({ event, queue: this.changes.queueArn })),
    };
    const policy = this.changes.node.findChild("Policy").node.defaultChild as sqs.CfnQueuePolicy;
    bucket.addResourceDependency(policy);
  }

  /** Lets the ingestor read documents, write and delete what editors tell it to, and follow the queue. */
  keeping(): iam.PolicyStatement[] {
    return [
      new iam.PolicyStatement({ sid: "ListDocuments", actions: ["s3:ListBucket"], resources: [this.documents.bucketArn] }),
      new iam.PolicyStatement({
        sid: "KeepDocuments",
        actions: ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"],
        resources: [this.documents.arnForObjects("*")],
      }),
      new iam.PolicyStatement({
        sid: "FollowChanges",
        actions: ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage"],
        resources: [this.changes.queueArn],
      }),
      new iam.PolicyStatement({ sid: "UseKey", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [this.key.keyArn] }),
    ];
  }
}

/** Nobody but its owner reads it, over TLS only; it outlives the stack unless its very creation failed. */
const CLOSED_BUCKET: s3.BucketProps = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
};
