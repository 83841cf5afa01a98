import assert from "node:assert/strict";
import { test } from "node:test";

import { TIERS, folder, ofType, resources } from "./synthesis.ts";

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Principal?: unknown;
}

const listed = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** Statements that roles have, and those of things that are called. */
function statements(tier: (typeof TIERS)[number]): { id: string; statement: Statement; isRole: boolean }[] {
  return resources(folder(tier)).flatMap(({ id, Type, Properties }) => {
    const documents = [Properties.PolicyDocument, Properties.KeyPolicy, ...(Properties.Policies ?? []).map((policy: any) => policy.PolicyDocument)];
    return documents.filter(Boolean).flatMap((document) => document.Statement.map((statement: Statement) => ({ id, statement, isRole: Type.startsWith("AWS::IAM::") })));
  });
}

const VIA_SECRETS = ["kms:GenerateDataKey*", "kms:ReEncrypt*"];

/** Actions that know no resources. */
const WITHOUT_RESOURCES = /^(textract:|ecr:GetAuthorizationToken$|ecs:DiscoverPollEndpoint$|ec2:Describe)/;

for (const tier of TIERS) {
  test(`${tier} allows no action by wildcard`, () => {
    let looked = 0;
    for (const { id, statement, isRole } of statements(tier)) {
      if (statement.Effect !== "Allow") continue;
      looked += 1;
      for (const action of listed(statement.Action)) {
        // A key's owner is its account; without that nobody could change the key any more.
        if (!isRole && action === "kms:*" && JSON.stringify(statement.Principal).includes(":root")) continue;
        // The families that Secrets Manager asks of a key, through itself only.
        if (!isRole && VIA_SECRETS.includes(action) && JSON.stringify(statement).includes("kms:ViaService")) continue;
        assert.ok(!action.includes("*"), `${id}: ${action}`);
      }
    }
    assert.ok(looked > 10);
  });

  test(`${tier} allows an action on everything only where it knows no resources`, () => {
    for (const { id, statement, isRole } of statements(tier)) {
      if (!isRole || !listed(statement.Resource).includes("*")) continue;
      for (const action of listed(statement.Action)) assert.match(action, WITHOUT_RESOURCES, `${id}: ${action}`);
    }
  });

  test(`${tier} uses no policy of AWS's and no right that is handed to anybody`, () => {
    for (const role of ofType(tier, "AWS::IAM::Role")) assert.equal(role.Properties.ManagedPolicyArns, undefined, role.id);
    for (const { id, statement } of statements(tier)) {
      if (statement.Effect !== "Allow" || !statement.Principal) continue;
      assert.ok(!JSON.stringify(statement.Principal).includes('"*"'), id);
    }
  });

  test(`${tier} opens no port to the internet, and only the gateway's to CloudFront`, () => {
    const groups = ofType(tier, "AWS::EC2::SecurityGroup");
    const inline = groups.flatMap(({ id, Properties }) => (Properties.SecurityGroupIngress ?? []).map((rule: any) => ({ id, rule })));
    const apart = ofType(tier, "AWS::EC2::SecurityGroupIngress").map(({ id, Properties }) => ({ id, rule: Properties }));
    const rules = [...inline, ...apart];
    assert.ok(rules.length > 0);
    for (const { id, rule } of rules) {
      assert.equal(rule.CidrIp, undefined, `${id} is open to ${rule.CidrIp}`);
      assert.equal(rule.CidrIpv6, undefined, `${id} is open to ${rule.CidrIpv6}`);
      assert.equal(rule.FromPort, rule.ToPort, `${id} opens more than one port`);
      const inner = [5432, 6379, 7001, 7002, 7003, 7101, 7102, 7103, 8081, 8082];
      if (rule.SourcePrefixListId) assert.ok([80, 8080].includes(rule.FromPort) && !inner.includes(rule.FromPort), id);
      else assert.ok(rule.SourceSecurityGroupId, `${id} admits something else than a group`);
      assert.notEqual(rule.IpProtocol, "-1", id);
    }
    const lists = rules.filter(({ rule }) => rule.SourcePrefixListId);
    assert.equal(lists.length, 1, "one door, and CloudFront stands before it");
  });
}

test("the database and the shared state are reached by one service each", () => {
  const admitted = (port: number): string[] =>
    ofType("scale", "AWS::EC2::SecurityGroupIngress").filter(({ Properties }) => Properties.FromPort === port).map(({ Properties }) => JSON.stringify(Properties.SourceSecurityGroupId));
  assert.equal(admitted(5432).length, 1);
  assert.match(admitted(5432)[0], /Retriever/);
  assert.equal(admitted(6379).length, 1);
  assert.match(admitted(6379)[0], /Gateway/);
  assert.equal(admitted(7001).length, 2, "gateways and the ingestor");
  assert.equal(admitted(7002).length, 1);
  assert.equal(admitted(7003).length, 1);
  assert.match(admitted(7003)[0], /Editor/);
});

test("in scale each service has its own rights only", () => {
  const rights = new Map<string, string>();
  for (const { id, Properties } of ofType("scale", "AWS::IAM::Policy")) rights.set(id, JSON.stringify(Properties.PolicyDocument));
  const of = (service: string): string => [...rights].filter(([id]) => id.includes(`${service}TaskTaskRole`)).map(([, text]) => text).join();
  assert.ok(!of("gateway").includes("bedrock:") && !of("gateway").includes("s3:") && !of("gateway").includes("rds-db:"));
  assert.ok(of("retriever").includes("rds-db:connect") && !of("retriever").includes("s3:") && !of("retriever").includes("WithResponseStream"));
  assert.ok(of("generator").includes("bedrock:ApplyGuardrail") && !of("generator").includes("rds-db:"));
  assert.ok(of("ingestor").includes("textract:") && !of("ingestor").includes("rds-db:"));
});
