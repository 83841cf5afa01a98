// The playground as a server hands it out, for tests and pictures.
import { readFile, readdir } from "node:fs/promises";
import { root } from "../build.mjs";

const folder = `${root}demo/playground/`;

/** Paths that are not simply a file's name below `/playground/`. */
const PATHS = { "index.html": "/playground", "state.html": "/playground/state" };

export const pathOf = (file) => PATHS[file] ?? `/playground/${file}`;

/** Returns the pages by path, as `startGateway` takes them; every language, too. */
export async function playgroundPages() {
  const pages = {};
  for (const file of await readdir(folder)) pages[pathOf(file)] = await readFile(folder + file, "utf8");
  for (const file of await readdir(`${root}languages`).catch(() => [])) pages[`/languages/${file}`] = await readFile(`${root}languages/${file}`, "utf8");
  return pages;
}
