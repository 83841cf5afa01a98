// Loads TypeScript sources and frame examples into tests.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";
import { root, styleSheetAsText } from "../../build.mjs";

/** Imports a module of src/, such as `markdown`. */
export async function load(name) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [`src/${name}.ts`],
    bundle: true,
    write: false,
    format: "esm",
    plugins: [styleSheetAsText],
  });
  return import(`data:text/javascript;base64,${Buffer.from(result.outputFiles[0].text).toString("base64")}`);
}

/** Reads an example of proto/frames, such as `chunk`; `changes` replace fields. */
export async function frame(name, changes = {}) {
  const text = await readFile(`${root}../proto/frames/${name}.json`, "utf8");
  return { ...JSON.parse(text), ...changes };
}
