// Builds dist/widget.js and dist/widget.d.ts from src/. The same source gives the same bytes on every machine.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, transform } from "esbuild";

export const root = fileURLToPath(new URL(".", import.meta.url));

const TARGET = ["chrome90", "firefox101", "safari16.4"];

/** Turns an imported style sheet into its minified text; the page's policy may forbid style elements. */
export const styleSheetAsText = {
  name: "style-sheet-as-text",
  setup(bundler) {
    bundler.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true, target: TARGET });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** Returns the built files as `[path below the folder, text]`, writing nothing. */
export async function buildToMemory() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: ["src/index.ts"],
    bundle: true,
    write: false,
    format: "iife",
    charset: "utf8",
    target: TARGET,
    minify: true,
    legalComments: "none",
    banner: { js: "/* SmallBiz Chatbot widget. MIT licence. */" },
    plugins: [styleSheetAsText],
  });
  const declarations = await readFile(`${root}src/api.ts`, "utf8");
  return [
    ["dist/widget.js", result.outputFiles[0].text],
    ["dist/widget.d.ts", declarations],
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await mkdir(`${root}dist`, { recursive: true });
  for (const [path, text] of await buildToMemory()) {
    await writeFile(`${root}${path}`, text);
    console.log(`${path}: ${Buffer.byteLength(text)} bytes`);
  }
}
