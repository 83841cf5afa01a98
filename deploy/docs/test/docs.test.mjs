import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const ROOT = new URL("../../../", import.meta.url).pathname;
const DOCS = join(ROOT, "deploy/docs");
const PAGES = [
  ...readdirSync(DOCS).filter((name) => name.endsWith(".md")).map((name) => join(DOCS, name)),
  ...["deploy/README.md", "deploy/aws/README.md", "deploy/containers/README.md"].map((path) => join(ROOT, path)),
];
const TEXTS = PAGES.map((path) => [path.slice(ROOT.length), readFileSync(path, "utf8")]);

function source(folder, ending) {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(ending));
  return names.map((name) => readFileSync(join(ROOT, folder, name), "utf8")).join("\n");
}

const RUST = ["gateway/src", "retriever/src", "generator/src", "ingestor/src", "deploy/lifecycle/src"].map((folder) => source(folder, ".rs")).join("\n");
const CDK = source("deploy/aws/lib", ".ts");

test("every setting that is named exists", () => {
  let found = 0;
  for (const [path, text] of TEXTS) {
    for (const [, name] of text.matchAll(/`((?:GATEWAY|RETRIEVER|GENERATOR|INGESTOR|DRAIN|SERVICE|RATE)_[A-Z_]+)`/g)) {
      found += 1;
      assert.ok(RUST.includes(`"${name}"`), `${path}: ${name}`);
    }
  }
  assert.ok(found >= 5);
});

test("every key of the configuration that is named exists", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "deploy/config.schema.json"), "utf8"));
  let found = 0;
  for (const [path, text] of TEXTS) {
    for (const [, key] of text.matchAll(/`((?:api|bedrock|budget|business|capacity|database|documents|origin|spend|storage|widget)(?:\.[A-Za-z]+)+)`/g)) {
      found += 1;
      const place = key.split(".").reduce((inner, part) => inner?.properties?.[part], schema);
      assert.ok(place, `${path}: ${key}`);
    }
  }
  assert.ok(found >= 8);
});

test("every command of deploy.sh that is named exists, with its options", () => {
  const usage = readFileSync(join(ROOT, "deploy/deploy.sh"), "utf8");
  let found = 0;
  for (const [path, text] of TEXTS) {
    for (const [, command] of text.matchAll(/deploy\/deploy\.sh ([a-z]+|--[a-z-]+)/g)) {
      found += 1;
      assert.match(usage, new RegExp(`^  ${command}\\b`, "m"), `${path}: ${command}`);
    }
    for (const [, what] of text.matchAll(/deploy\.sh rotate ([a-z-]+)/g)) assert.ok(source("deploy/lib", ".sh").includes(what), `${path}: rotate ${what}`);
  }
  assert.ok(found >= 12);
});

test("every command of ingestor and gateway that is named exists", () => {
  const commands = { ingestor: readFileSync(join(ROOT, "ingestor/src/cli/arguments.rs"), "utf8"), gateway: readFileSync(join(ROOT, "gateway/src/keys/cli.rs"), "utf8") };
  const named = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => `${name[0].toUpperCase()}${name.slice(1)}`);
  for (const [path, text] of TEXTS) {
    for (const name of named(text, /`ingestor ([a-z]+)/g)) assert.match(commands.ingestor, new RegExp(`\\b${name}\\b`), `${path}: ingestor ${name}`);
    for (const name of named(text, /--file keys\.json ([a-z]+)/g)) assert.match(commands.gateway, new RegExp(`\\b${name}\\b`), `${path}: keys ${name}`);
  }
});

test("every alarm, output and target of make that is named exists", () => {
  const make = readFileSync(join(ROOT, "Makefile"), "utf8");
  for (const [path, text] of TEXTS) {
    for (const [, name] of text.matchAll(/alarm `([A-Za-z]+)`/g)) assert.ok(CDK.includes(`this.alarm("${name}"`), `${path}: ${name}`);
    for (const [, name] of text.matchAll(/output ([A-Z][A-Za-z]+)/g)) assert.match(CDK, new RegExp(`^ +${name}: `, "m"), `${path}: ${name}`);
    for (const [, name] of text.matchAll(/`make ([a-z-]+)/g)) assert.match(make, new RegExp(`^${name}:`, "m"), `${path}: make ${name}`);
  }
});

test("every page and file that is named is there, and every page stands in the list", () => {
  const list = readFileSync(join(DOCS, "README.md"), "utf8");
  for (const path of PAGES) {
    const text = readFileSync(path, "utf8");
    for (const [, link] of text.matchAll(/\]\(([^)#]+)\)/g)) assert.ok(existsSync(join(dirname(path), link)), `${path}: ${link}`);
    for (const [, file] of text.matchAll(/`(deploy\/[a-z./-]+\.[a-z]+)`/g)) assert.ok(existsSync(join(ROOT, file)), `${path}: ${file}`);
    if (dirname(path) === DOCS && !path.endsWith("README.md")) assert.ok(list.includes(`(${path.slice(DOCS.length + 1)})`), path);
  }
});
