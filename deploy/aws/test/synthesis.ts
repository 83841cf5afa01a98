// Templates of every tier, synthesized once for all tests of a file.

import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { build, stackNames } from "../lib/app.ts";
import { type Config, type Tier, readConfig } from "../lib/config.ts";

export const TIERS: readonly Tier[] = ["starter", "business", "scale"];
export const DEPLOYMENT = {
  imageTag: "test",
  webAclArn: "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chatbot/0",
  cloudFrontList: "pl-3b927c52",
};

export interface Resource {
  id: string;
  Type: string;
  // What the tests ask of a template is looked at as data.
  Properties: Record<string, any>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

/** Returns the shipped configuration in this tier. */
export function config(tier: Tier, more: Partial<Config> = {}): Config {
  return { ...readConfig(new URL("../../config.json", import.meta.url).pathname), tier, ...more };
}

/** Synthesizes every stack, with all checks, and returns the folder. Throws where a check finds something. */
export function synthesize(given: Config): string {
  const outdir = mkdtempSync(join(tmpdir(), "chatbot-cdk-"));
  build(given, DEPLOYMENT, { outdir }).synth();
  return outdir;
}

const known = new Map<string, string>();

/** Returns the folder of a tier's templates, made once. */
export function folder(tier: Tier): string {
  const found = known.get(tier) ?? synthesize(config(tier));
  known.set(tier, found);
  return found;
}

/** Returns the resources of all stacks of a folder, in the order of their ids. */
export function resources(outdir: string): Resource[] {
  return Object.values(stackNames("chatbot")).flatMap((stack) => resourcesOf(outdir, stack));
}

export function resourcesOf(outdir: string, stack: string): Resource[] {
  const template = JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), "utf8"));
  const entries = Object.entries(template.Resources) as [string, Omit<Resource, "id">][];
  return entries.map(([id, resource]) => ({ id, ...resource, Properties: resource.Properties ?? {} })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

export function ofType(tier: Tier, type: string): Resource[] {
  return resources(folder(tier)).filter((resource) => resource.Type === type);
}

/** Returns the containers of all tasks of a tier by name; a tier with several tasks has several collectors. */
export function containers(tier: Tier): Record<string, any>[] {
  return ofType(tier, "AWS::ECS::TaskDefinition").flatMap((task) => task.Properties.ContainerDefinitions);
}

/** Returns a container's variables. */
export function environment(container: Record<string, any>): Record<string, unknown> {
  return Object.fromEntries((container.Environment ?? []).map(({ Name, Value }: { Name: string; Value: unknown }) => [Name, Value]));
}
