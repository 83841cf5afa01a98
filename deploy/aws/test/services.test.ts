import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { METRICS } from "../lib/collector.ts";
import { SERVICES, type Service } from "../lib/settings.ts";
import { GATEWAY_PATHS } from "../lib/website.ts";
import { TIERS, config, containers, environment, folder, ofType, resources, synthesize } from "./synthesis.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Returns the source of a service, tests included, as one text. */
function source(...folders: string[]): string {
  const texts = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rs")).map((name) => readFileSync(join(ROOT, folder, name), "utf8")),
  );
  return texts.join("\n");
}

const SOURCES = Object.fromEntries(SERVICES.map((service) => [service, source(`${service}/src`, "deploy/lifecycle/src")])) as Record<Service, string>;
/** What AWS's own tools and the images beside the services read. */
const FOREIGN = new Set(["AWS_REGION", "AWS_EC2_METADATA_DISABLED"]);

for (const tier of TIERS) {
  test(`${tier} sets only what the services know`, () => {
    for (const container of containers(tier).filter(({ Name }) => SERVICES.includes(Name))) {
      const names = [...Object.keys(environment(container)), ...(container.Secrets ?? []).map((secret: any) => secret.Name)];
      assert.ok(names.length > 8, container.Name);
      for (const name of names) {
        if (FOREIGN.has(name)) continue;
        assert.ok(SOURCES[container.Name as Service].includes(`"${name}"`), `${container.Name} does not know ${name}`);
      }
    }
  });

  test(`${tier} runs the four services, with no right to write, to be root or to have a capability`, () => {
    const found = containers(tier).filter(({ Name }) => SERVICES.includes(Name));
    assert.deepEqual(found.map(({ Name }) => Name).sort(), [...SERVICES].sort());
    for (const container of found) {
      assert.equal(container.User, "10001", container.Name);
      assert.equal(container.ReadonlyRootFilesystem, true, container.Name);
      assert.deepEqual(container.LinuxParameters.Capabilities.Drop, ["ALL"], container.Name);
      assert.equal(container.HealthCheck.Command[0], "CMD", `${container.Name} needs no shell`);
      assert.equal(container.StopTimeout, 120);
      assert.ok(Number(environment(container).DRAIN_SECONDS) + Number(environment(container).LINGER_SECONDS ?? 0) < 120);
    }
  });

  test(`${tier} gives every service its token as a secret, and the shared state in scale only`, () => {
    for (const container of containers(tier).filter(({ Name }) => SERVICES.includes(Name))) {
      const secrets = (container.Secrets ?? []).map((secret: any) => secret.Name);
      assert.ok(secrets.includes("SERVICE_TOKEN"), container.Name);
      assert.equal(secrets.includes("GATEWAY_STATE"), tier === "scale" && container.Name === "gateway");
      for (const name of secrets) assert.equal(environment(container)[name], undefined, `${name} stands open`);
    }
  });

  test(`${tier} runs on Graviton`, () => {
    for (const task of ofType(tier, "AWS::ECS::TaskDefinition")) {
      if (tier !== "starter") assert.equal(task.Properties.RuntimePlatform.CpuArchitecture, "ARM64");
    }
    if (tier === "starter") {
      const [template] = ofType(tier, "AWS::EC2::LaunchTemplate");
      assert.equal(template.Properties.LaunchTemplateData.InstanceType, "t4g.small");
      assert.match(JSON.stringify(template.Properties.LaunchTemplateData.ImageId), /arm64/);
      assert.equal(template.Properties.LaunchTemplateData.MetadataOptions.HttpTokens, "required");
    }
  });

  test(`${tier} sends chat to the gateway, uncached, and everything else to the website's bucket`, () => {
    const [{ Properties }] = ofType(tier, "AWS::CloudFront::Distribution");
    const { CacheBehaviors, DefaultCacheBehavior, Origins } = Properties.DistributionConfig;
    assert.deepEqual(CacheBehaviors.map((behavior: any) => behavior.PathPattern), GATEWAY_PATHS);
    for (const behavior of CacheBehaviors) {
      assert.notEqual(behavior.TargetOriginId, DefaultCacheBehavior.TargetOriginId);
      // AWS's policies: cache nothing; send all that the visitor sent, the WebSocket's handshake included.
      assert.equal(behavior.CachePolicyId, "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
      assert.equal(behavior.OriginRequestPolicyId, "216adef6-5c7f-47e4-b989-5492eafa07d3");
    }
    assert.equal(Origins.some((origin: any) => origin.VpcOriginConfig), tier !== "starter");
    const router = readFileSync(join(ROOT, "gateway/src/http.rs"), "utf8");
    for (const path of GATEWAY_PATHS.filter((path) => !path.includes("*"))) assert.ok(router.includes(`"${path}"`), path);
  });
}

test("each metric that is passed on is one that its service tells", () => {
  for (const service of SERVICES) {
    for (const { name, labels } of METRICS[service]) {
      // The registry adds the unit and, to a counter, `_total`.
      const bare = name.replace(/_total$/, "");
      const told = [bare, bare.replace(/_seconds$/, "")].some((given) => SOURCES[service].includes(`"${given}"`));
      assert.ok(told, `${service} does not tell ${name}`);
      for (const label of labels) assert.match(SOURCES[service], new RegExp(`\\b${label}: (&'static str|String)`), `${name} has no label ${label}`);
    }
  }
});

test("every alarm and every graph asks for a metric that is passed on or made of log lines", () => {
  const passed = new Set(Object.values(METRICS).flat().map(({ name }) => name));
  for (const tier of TIERS) {
    for (const filter of ofType(tier, "AWS::Logs::MetricFilter")) passed.add(filter.Properties.MetricTransformations[0].MetricName);
    const alarms = ofType(tier, "AWS::CloudWatch::Alarm");
    assert.ok(alarms.length >= 9);
    for (const { id, Properties } of alarms) {
      assert.equal(Properties.AlarmActions.length, 1, id);
      if (Properties.Namespace === "Chatbot/chatbot") assert.ok(passed.has(Properties.MetricName), `${id}: ${Properties.MetricName}`);
    }
    const [dashboard] = ofType(tier, "AWS::CloudWatch::Dashboard");
    const body = JSON.stringify(dashboard.Properties.DashboardBody);
    for (const [, name] of body.matchAll(/Chatbot\/chatbot\\+",\\+"([a-z_]+)/g)) assert.ok(passed.has(name), name);
    const shown = ["generator_answers_total", "gateway_first_token_seconds", "gateway_cache_lookups_total", "gateway_spent_microdollars"];
    for (const part of [...shown, "InvocationsIntervened", "ingestor_chunks_total", "log_errors"]) assert.ok(body.includes(part), part);
  }
});

test("log lines that metrics are made of are lines that the services write", () => {
  assert.ok(SOURCES.ingestor.includes('"document not indexed"'));
});

test("in scale services find each other by Service Connect, and no answer is cut by it", () => {
  const services = ofType("scale", "AWS::ECS::Service");
  assert.equal(services.length, 4);
  const offered = services.flatMap(({ Properties }) => Properties.ServiceConnectConfiguration.Services ?? []);
  assert.deepEqual(offered.map((service: any) => service.PortName).sort(), ["generator", "retriever"]);
  for (const service of offered) assert.equal(service.Timeout.PerRequestTimeoutSeconds, 0);
  for (const { Properties } of services) assert.equal(Properties.ServiceConnectConfiguration.Enabled, true);
  for (const container of containers("scale").filter(({ Name }) => ["retriever", "generator"].includes(Name))) {
    assert.deepEqual(container.PortMappings.map((mapping: any) => mapping.AppProtocol), ["grpc"]);
  }
  assert.equal(ofType("scale", "AWS::ApplicationAutoScaling::ScalableTarget").length, 3);
});

test("work is asked of new sessions only where one gateway answers all of them", () => {
  for (const tier of TIERS) {
    const gateway = containers(tier).find(({ Name }) => Name === "gateway") as Record<string, any>;
    assert.equal(environment(gateway).GATEWAY_PROOF_OF_WORK, tier === "scale" ? "off" : "budget");
  }
});

test("a command of an editor reaches the ingestor with the token, and has no right of its own", () => {
  for (const tier of TIERS) {
    const editor = containers(tier).find(({ Name }) => Name === "editor") as Record<string, any>;
    const ingestor = containers(tier).find(({ Name }) => Name === "ingestor") as Record<string, any>;
    assert.deepEqual(editor.Secrets.map((secret: any) => secret.Name), ["SERVICE_TOKEN"]);
    assert.equal(environment(editor).INGESTOR_SERVER, "http://127.0.0.1:7003");
    assert.equal(environment(ingestor).INGESTOR_LISTEN, tier === "starter" ? "127.0.0.1:7003" : "0.0.0.0:7003");
    assert.ok(!ofType(tier, "AWS::IAM::Policy").some(({ id }) => id.includes("EditorTaskTaskRole")));
  }
});

test("nothing writes twice: starter and business run one task, and so does the ingestor everywhere", () => {
  for (const tier of ["starter", "business"] as const) {
    const [service, ...others] = ofType(tier, "AWS::ECS::Service");
    assert.deepEqual(others, []);
    assert.equal(service.Properties.DesiredCount, 1);
  }
  const [starter] = ofType("starter", "AWS::ECS::Service");
  assert.equal(starter.Properties.DeploymentConfiguration.MaximumPercent, 100, "one writer of the embedded store");
  const ingestor = ofType("scale", "AWS::ECS::Service").find(({ id }) => id.includes("ingestor"));
  assert.equal(ingestor?.Properties.DesiredCount, 1);
});

test("the host lets ECS begin only with its volume, and never formats one that holds something", () => {
  const [template] = ofType("starter", "AWS::EC2::LaunchTemplate");
  const script = JSON.stringify(template.Properties.LaunchTemplateData.UserData);
  assert.match(script, /trap 'systemctl mask ecs' ERR/);
  assert.match(script, /RequiresMountsFor=\/mnt\/chatbot/);
  assert.doesNotMatch(script, /mkfs\.xfs -f/);
  assert.ok(resources(folder("starter")).some(({ Type }) => Type === "AWS::EC2::EIP"));
});

test("an origin with a certificate of its own is called and probed over TLS", () => {
  const certificateSecretArn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:origin-AbCdEf";
  const found = resources(synthesize(config("starter", { origin: { name: "origin.shop.example", certificateSecretArn } })));
  const distribution = found.find(({ Type }) => Type === "AWS::CloudFront::Distribution");
  const origin = distribution?.Properties.DistributionConfig.Origins.find((given: any) => given.CustomOriginConfig);
  assert.equal(origin.DomainName, "origin.shop.example");
  assert.equal(origin.CustomOriginConfig.OriginProtocolPolicy, "https-only");
  const task = found.filter(({ Type }) => Type === "AWS::ECS::TaskDefinition").flatMap(({ Properties }) => Properties.ContainerDefinitions);
  const named = (name: string): Record<string, any> => task.find((container: any) => container.Name === name);
  assert.ok(named("gateway").HealthCheck.Command.includes("-tls"));
  assert.ok(!named("retriever").HealthCheck.Command.includes("-tls"));
  assert.equal(environment(named("gateway")).GATEWAY_TLS_CERT, "/files/origin.crt");
  assert.match(named("prepare").Command[0], /origin\.key/);
  assert.deepEqual(named("prepare").Secrets.map((secret: any) => secret.Name).sort(), ["CERTIFICATE", "CERTIFICATE_KEY", "KEYS"]);
});
