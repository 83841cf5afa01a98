import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../../../", import.meta.url).pathname;
const HERE = join(ROOT, "deploy/containers");
const TOOLS = join(ROOT, ".cache/python/bin");
const DOCKERFILE = readFileSync(join(HERE, "Dockerfile"), "utf8");
const SERVICES = ["gateway", "retriever", "generator", "ingestor"];

/** Instructions with their arguments, continued lines joined, comments left out. */
const INSTRUCTIONS = DOCKERFILE.replace(/^#.*\n/gm, "").replace(/\\\n/g, " ").split("\n").filter(Boolean).map((line) => {
  const [name, ...rest] = line.trim().split(/\s+/);
  return { name, text: rest.join(" ") };
});

const compose = JSON.parse(
  execFileSync(join(TOOLS, "python"), ["-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"], {
    input: readFileSync(join(HERE, "compose.yaml"), "utf8"), encoding: "utf8",
  }),
);

function source(folder) {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rs"));
  return names.map((name) => readFileSync(join(ROOT, folder, name), "utf8")).join("\n");
}

test("hadolint finds nothing", () => {
  execFileSync(join(TOOLS, "hadolint"), ["--failure-threshold", "style", join(HERE, "Dockerfile")], { encoding: "utf8" });
});

test("every base is one version", () => {
  const bases = INSTRUCTIONS.filter(({ name }) => name === "FROM").map(({ text }) => text.replace(/^--platform=\S+ /, "").split(" ")[0]);
  assert.equal(bases.length, 3);
  for (const base of bases) assert.match(base, /@sha256:[0-9a-f]{64}$|:(v?\d+\.\d+\.\d+|\$\{RUST\}-bookworm)$/, base);
  const [, channel] = /channel = "([^"]+)"/.exec(readFileSync(join(ROOT, "rust-toolchain.toml"), "utf8"));
  assert.ok(DOCKERFILE.includes(`ARG RUST=${channel}\n`), "the compiler is the one of rust-toolchain.toml");
  for (const { image } of Object.values(compose.services).filter(({ image }) => image)) assert.match(image, /:\d+\.\d+\.\d+/);
});

test("the image has no root, no shell form, nothing fetched by address and no secret", () => {
  const last = INSTRUCTIONS.slice(INSTRUCTIONS.findLastIndex(({ name }) => name === "FROM"));
  assert.deepEqual(last.filter(({ name }) => name === "USER").map(({ text }) => text), ["10001:10001"]);
  assert.ok(last.findIndex(({ name }) => name === "USER") > last.findLastIndex(({ name }) => name === "COPY"));
  assert.deepEqual(last.filter(({ name }) => name === "RUN"), [], "the base has no shell");
  assert.deepEqual(JSON.parse(last.find(({ name }) => name === "ENTRYPOINT").text), ["/service"]);
  assert.ok(!INSTRUCTIONS.some(({ name }) => name === "ADD"));
  assert.doesNotMatch(DOCKERFILE, /curl|wget|https?:\/\/|PASSWORD|TOKEN|SECRET|AKIA/);
  assert.ok(!INSTRUCTIONS.some(({ name, text }) => name === "ENV" && /key|secret|token/i.test(text)));
});

test("it builds each service, and nothing else, for both processors", () => {
  const [, names] = /^ *(gateway\|[a-z|]+)\) ;;/m.exec(DOCKERFILE);
  assert.deepEqual(names.split("|"), SERVICES);
  for (const service of SERVICES) assert.ok(existsSync(join(ROOT, service, "src/main.rs")));
  for (const processor of ["arm64", "amd64"]) assert.match(DOCKERFILE, new RegExp(`^ *(RUN case .*)?${processor}\\) machine=`, "m"));
});

test("the build sees every crate, and what crates take in from elsewhere", () => {
  const seen = readFileSync(join(HERE, "Dockerfile.dockerignore"), "utf8").split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const covers = (path) => seen.some((start) => path === start || path.startsWith(`${start}/`));
  const [, members] = /members = \[([^\]]+)\]/.exec(readFileSync(join(ROOT, "Cargo.toml"), "utf8"));
  for (const [, member] of members.matchAll(/"([^"]+)"/g)) assert.ok(covers(member), member);
  for (const service of SERVICES) {
    for (const [, path] of source(`${service}/src`).matchAll(/include_(?:bytes|str)!\("(?:\.\.\/)+(widget\/[^"]+)"\)/g)) assert.ok(covers(path), path);
  }
});

test("Compose sets only what the services know, and keeps them shut in", () => {
  const shared = source("deploy/lifecycle/src");
  for (const service of SERVICES) {
    const given = compose.services[service];
    const known = source(`${service}/src`) + shared;
    for (const name of Object.keys(given.environment)) assert.ok(known.includes(`"${name}"`), `${service} does not know ${name}`);
    assert.equal(given.read_only, true, service);
    assert.deepEqual(given.cap_drop, ["ALL"], service);
    assert.deepEqual(given.security_opt, ["no-new-privileges:true"]);
    assert.equal(given.user, "10001:10001");
    assert.equal(given.build.args.SERVICE, service);
    assert.equal(given.healthcheck.test[1], "/grpc_health_probe");
    assert.equal(given.environment.SERVICE_TOKEN.startsWith("${SERVICE_TOKEN"), true);
  }
  assert.equal(compose.networks.inside.internal, true);
  for (const [name, { ports, networks }] of Object.entries(compose.services)) {
    if (name === "gateway") for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
    else assert.ok(ports === undefined && networks.join() === "inside", `${name} is reached from outside`);
  }
});

test("Compose names every secret from outside and holds none", () => {
  const text = readFileSync(join(HERE, "compose.yaml"), "utf8");
  for (const name of ["POSTGRES_PASSWORD", "SERVICE_TOKEN", "GATEWAY_API_KEYS"]) assert.match(text, new RegExp(`\\$\\{${name}:\\?`));
  assert.doesNotMatch(text, /PASSWORD: [^$]/);
});
