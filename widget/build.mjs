// Builds dist/ from src/. The same source gives the same bytes on every machine; above the budget it fails.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { minify } from "terser";

export const root = fileURLToPath(new URL(".", import.meta.url));

/** Most bytes that the widget may cost a visitor, as `gzip -9` packs it. */
export const BUDGET_BYTES = 18_500;

/** Browsers of spring 2024 on: `light-dark()`, nested style rules, `content-visibility`. */
const TARGET = ["chrome123", "firefox128", "safari17.5"];

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

const OPTIONS = {
  absWorkingDir: root,
  bundle: true,
  write: false,
  charset: "utf8",
  target: TARGET,
  legalComments: "none",
  plugins: [styleSheetAsText],
};

const ELEMENT_TYPES = `import "./widget.js";

/** Makes the class of \`<smallbiz-chat>\`; \`scriptUrl\` is the folder of the gateway, or any file in it. The page registers it. */
export declare function makeElementClass(scriptUrl: string): CustomElementConstructor;
`;

/** Returns the built files as `[path below the folder, text]`, writing nothing. */
export async function buildToMemory() {
  return [
    ["dist/widget.js", await bundle("src/index.ts", "iife")],
    ["dist/element.js", await bundle("src/element.ts", "esm")],
    ["dist/widget.d.ts", await readFile(`${root}src/api.ts`, "utf8")],
    ["dist/element.d.ts", ELEMENT_TYPES],
  ];
}

async function bundle(entry, format) {
  const own = new RegExp(`^(?:${(await ownNames()).join("|")})$`);
  const { outputFiles } = await build({ ...OPTIONS, entryPoints: [entry], format, minify: true, mangleProps: own });
  const { code } = await minify(outputFiles[0].text, {
    ecma: 2020,
    module: format === "esm",
    toplevel: true,
    compress: { passes: 3, unsafe_arrows: true, unsafe_methods: true },
    format: { preamble: "/* SmallBiz Chatbot widget. MIT licence. */" },
  });
  return `${code}\n`;
}

/**
 * Returns the names of properties that mean something inside the widget only, and may be shortened. All others are kept:
 * those of the browser, of the wire, of the page's calls and options, of labels, of stored values, of attributes and of groups in patterns.
 */
async function ownNames() {
  const kept = new Set(["tabindex", "maxlength", "enterkeyhint", "autofocus", "connectedCallback", "disconnectedCallback"]);
  const keep = (text, pattern = /\w+/g) => Array.from(text.matchAll(pattern), (match) => kept.add(match[1] ?? match[0]));
  const library = dirname(createRequire(import.meta.url).resolve("typescript"));
  for (const name of await readdir(library)) {
    if (/^lib\.(dom|es\d|decorators)/.test(name)) keep(withoutComments(await readFile(`${library}/${name}`, "utf8")));
  }
  for (const name of ["api", "frames", "stored"]) keep(withoutComments(await readFile(`${root}src/${name}.ts`, "utf8")));
  for (const name of await readdir(`${root}../proto/frames`)) keep(await readFile(`${root}../proto/frames/${name}`, "utf8"), /"(\w+)":/g);
  keep(await readFile(`${root}languages/en.json`, "utf8"), /"(\w+)":/g);
  // What bodies over HTTP name beyond the frames.
  keep("solution passages messages");
  const own = new Set();
  for (const name of await readdir(`${root}src`)) {
    if (!name.endsWith(".ts")) continue;
    const source = await readFile(`${root}src/${name}`, "utf8");
    keep(source, /\?<(\w+)>/g);
    for (const [word] of withoutComments(source).matchAll(/[a-zA-Z]\w+/g)) own.add(word);
  }
  return [...own].filter((name) => !kept.has(name) && !name.includes("_")).sort();
}

function withoutComments(source) {
  return source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
}

/** Returns the bytes of `text` as `gzip -9` packs it. */
export function packedBytes(text) {
  return gzipSync(text, { level: 9 }).length;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = await buildToMemory();
  const bytes = packedBytes(files[0][1]);
  if (bytes > BUDGET_BYTES) throw new Error(`dist/widget.js: ${bytes} bytes compressed; at most ${BUDGET_BYTES} may be`);
  await mkdir(`${root}dist`, { recursive: true });
  for (const [path, text] of files) {
    await writeFile(`${root}${path}`, text);
    console.log(`${path}: ${Buffer.byteLength(text)} bytes, ${packedBytes(text)} compressed`);
  }
}
