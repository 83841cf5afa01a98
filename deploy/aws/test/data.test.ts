import assert from "node:assert/strict";
import { test } from "node:test";

import { TIERS, folder, ofType, resources, resourcesOf } from "./synthesis.ts";

const KEPT = ["Retain", "RetainExceptOnCreate", "Snapshot"];

for (const tier of TIERS) {
  test(`${tier} keeps every store when the stack goes, and encrypts it`, () => {
    const stores = {
      "AWS::S3::Bucket": (properties: any) => properties.BucketEncryption?.ServerSideEncryptionConfiguration?.length === 1,
      "AWS::EC2::Volume": (properties: any) => properties.Encrypted === true,
      "AWS::RDS::DBInstance": (properties: any) => properties.StorageEncrypted === true && properties.KmsKeyId,
      "AWS::ElastiCache::ReplicationGroup": (properties: any) => properties.AtRestEncryptionEnabled && properties.TransitEncryptionEnabled && properties.AuthToken,
      "AWS::KMS::Key": (properties: any) => properties.EnableKeyRotation === true,
    };
    let found = 0;
    for (const resource of resources(folder(tier))) {
      const isEncrypted = stores[resource.Type as keyof typeof stores];
      if (!isEncrypted) continue;
      found += 1;
      assert.ok(isEncrypted(resource.Properties), `${resource.id} is not encrypted`);
      assert.ok(KEPT.includes(resource.DeletionPolicy ?? ""), `${resource.id} goes with the stack`);
    }
    assert.ok(found >= 4);
  });

  test(`${tier} lets nobody read buckets, queues and topics without TLS`, () => {
    const policies = resources(folder(tier)).filter(({ Type }) => /BucketPolicy|QueuePolicy|TopicPolicy/.test(Type));
    const holders = resources(folder(tier)).filter(({ Type }) => ["AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"].includes(Type));
    const strict = policies.filter(({ Properties }) =>
      Properties.PolicyDocument.Statement.some((statement: any) => statement.Effect === "Deny" && statement.Condition?.Bool?.["aws:SecureTransport"] === "false"),
    );
    assert.equal(strict.length, holders.length);
    for (const { id, Properties } of ofType(tier, "AWS::S3::Bucket")) {
      assert.deepEqual(Object.values(Properties.PublicAccessBlockConfiguration), [true, true, true, true], id);
    }
    for (const { id, Properties } of ofType(tier, "AWS::SQS::Queue")) assert.ok(Properties.KmsMasterKeyId, id);
    for (const { id, Properties } of ofType(tier, "AWS::SNS::Topic")) assert.ok(Properties.KmsMasterKeyId, id);
    for (const { id, Properties } of ofType(tier, "AWS::SecretsManager::Secret")) assert.ok(Properties.KmsKeyId, id);
  });

  test(`${tier} keeps logs for seven days`, () => {
    const groups = ofType(tier, "AWS::Logs::LogGroup");
    assert.ok(groups.length >= 4);
    for (const { id, Properties } of groups) assert.equal(Properties.RetentionInDays, 7, id);
  });

  test(`${tier} leaves what an ingestor cannot read in a queue of dead letters`, () => {
    const [changes] = ofType(tier, "AWS::SQS::Queue").filter(({ Properties }) => Properties.RedrivePolicy);
    assert.equal(changes.Properties.RedrivePolicy.maxReceiveCount, 5);
    const documents = ofType(tier, "AWS::S3::Bucket").find(({ Properties }) => Properties.NotificationConfiguration);
    const events = documents?.Properties.NotificationConfiguration.QueueConfigurations.map((rule: any) => rule.Event);
    assert.deepEqual(events, ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]);
    assert.deepEqual(documents?.Properties.VersioningConfiguration, { Status: "Enabled" });
  });

  test(`${tier} has a firewall with a limit for each address, and a budget`, () => {
    const [acl] = ofType(tier, "AWS::WAFv2::WebACL");
    const rate = acl.Properties.Rules.find((rule: any) => rule.Statement.RateBasedStatement);
    assert.ok(rate.Statement.RateBasedStatement.Limit >= 100 && rate.Action.Block);
    assert.equal(acl.Properties.Rules.length, 4);
    const [distribution] = ofType(tier, "AWS::CloudFront::Distribution");
    assert.ok(distribution.Properties.DistributionConfig.WebACLId);
    const [budget] = ofType(tier, "AWS::Budgets::Budget");
    assert.equal(budget.Properties.NotificationsWithSubscribers.length, 3);
  });

  test(`${tier} has no NAT gateway and no function`, () => {
    for (const type of ["AWS::EC2::NatGateway", "AWS::Lambda::Function"]) assert.deepEqual(ofType(tier, type), [], type);
  });
}

test("a database is closed, guarded against deletion, and signed in to without a password", () => {
  for (const tier of ["business", "scale"] as const) {
    const [{ Properties }] = ofType(tier, "AWS::RDS::DBInstance");
    assert.equal(Properties.PubliclyAccessible, false);
    assert.equal(Properties.DeletionProtection, true);
    assert.equal(Properties.EnableIAMDatabaseAuthentication, true);
    assert.equal(Properties.ManageMasterUserPassword, true);
    assert.equal(Properties.MasterUserPassword, undefined);
    assert.equal(Properties.BackupRetentionPeriod, 7);
    assert.equal(Properties.MultiAZ, tier === "scale");
    const [group] = ofType(tier, "AWS::RDS::DBParameterGroup");
    assert.equal(group.Properties.Parameters["rds.force_ssl"], "1");
  }
  assert.deepEqual(ofType("starter", "AWS::RDS::DBInstance"), []);
});

test("the embedded store has a snapshot every night, kept for a week", () => {
  const [policy] = ofType("starter", "AWS::DLM::LifecyclePolicy");
  const [schedule] = policy.Properties.PolicyDetails.Schedules;
  assert.equal(schedule.CreateRule.Interval, 24);
  assert.equal(schedule.RetainRule.Count, 7);
  const [volume] = ofType("starter", "AWS::EC2::Volume");
  const [target] = policy.Properties.PolicyDetails.TargetTags;
  assert.ok(volume.Properties.Tags.some((tag: any) => tag.Key === target.Key && tag.Value === target.Value));
});

test("no secret stands in a template", () => {
  for (const tier of TIERS) {
    for (const { id, Properties } of resourcesOf(folder(tier), "chatbot")) {
      const text = JSON.stringify(Properties);
      assert.doesNotMatch(text, /AKIA[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY/, id);
    }
  }
});
