// Prints what `deploy.sh` needs of a configuration, as lines of NAME=value, or its mistakes on standard error with exit code 3.

import { createHash } from "node:crypto";

import { ConfigMistakes, readConfig } from "../lib/config.ts";

try {
  const config = readConfig(process.argv[2]);
  const { modelId, fallbackModelId, embeddingModelId } = config.bedrock;
  const lines = {
    NAME: config.name,
    TIER: config.tier,
    REGION: config.region,
    MODELS: [...new Set([modelId, fallbackModelId])].filter((id) => id !== "none").join(" "),
    EMBEDDING: embeddingModelId,
    ORIGINS: config.api.allowedOrigins.join(" "),
    FINGERPRINT: createHash("sha256").update(JSON.stringify(config)).digest("hex").slice(0, 16),
  };
  for (const [name, value] of Object.entries(lines)) console.log(`${name}=${value}`);
} catch (error) {
  if (!(error instanceof ConfigMistakes)) throw error;
  for (const line of error.lines) console.error(line);
  process.exitCode = 3;
}
