// Brings the peers' packages into .cache/widget-peers: fetched once, checked against their digests, never built into anything.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { BOTPRESS_APP, PACKAGES } from "./peers.mjs";

const run = promisify(execFile);
const folder = fileURLToPath(new URL("../../.cache/widget-peers/", import.meta.url));
const modules = `${folder}node_modules/`;

/** Returns the file at `path` of a package, such as `deep-chat/dist/deepChat.bundle.js`. */
export const readPeer = (path) => readFile(modules + path);

export async function installPeers() {
  for (const [id, integrity] of Object.entries(PACKAGES)) await install(id, integrity);
}

async function install(id, integrity) {
  const name = id.slice(0, id.lastIndexOf("@"));
  // The version is part of the mark, so that a newer one replaces an older one.
  const mark = `${modules}${name}/.${id.slice(name.length + 1)}`;
  if (existsSync(mark)) return;
  await mkdir(folder, { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder, id]);
  const archive = folder + JSON.parse(stdout)[0].filename.replace("@", "").replace("/", "-");
  const digest = `sha512-${createHash("sha512").update(await readFile(archive)).digest("base64")}`;
  if (digest !== integrity) throw new Error(`${id} has the digest ${digest}, not the one in peers.mjs`);
  await rm(modules + name, { recursive: true, force: true });
  await mkdir(modules + name, { recursive: true });
  await run("tar", ["xzf", archive, "-C", modules + name, "--strip-components=1"]);
  await run("touch", [mark]);
  await rename(archive, `${folder}${id.replaceAll("/", "-")}.tgz`);
}

/** Returns the Botpress component with React in it, as a page's bundler makes it. */
export async function bundleBotpress() {
  const result = await build({
    stdin: { contents: BOTPRESS_APP, resolveDir: folder, loader: "js" },
    outfile: `${folder}botpress.js`,
    bundle: true,
    write: false,
    minify: true,
    format: "esm",
    target: ["chrome110"],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  const [script, style] = [".js", ".css"].map((ending) => result.outputFiles.find(({ path }) => path.endsWith(ending)));
  return { "/botpress.js": script.contents, "/botpress.css": style.contents };
}
