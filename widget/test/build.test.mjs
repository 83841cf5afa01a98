// The committed file is the source's, small, and free of what a strict policy forbids.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { BUDGET_BYTES, buildToMemory, packedBytes, root } from "../build.mjs";

const built = await buildToMemory();

test("dist holds what the source builds to", async () => {
  for (const [path, text] of built) {
    const committed = await readFile(root + path, "utf8");
    assert.ok(committed === text, `${path} is out of date: run npm run build`);
  }
});

test("building twice gives the same bytes", async () => {
  assert.deepEqual(await buildToMemory(), built);
});

test("the widget stays within its budget", () => {
  const bytes = packedBytes(built[0][1]);
  assert.ok(bytes <= BUDGET_BYTES, `${bytes} bytes compressed`);
});

test("nothing turns text into markup, script or style elements", () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|cssText|createElement\("s(?:cript|tyle)"/;
  assert.doesNotMatch(built[0][1], forbidden);
});

test("the package has no dependency at run time and names no registry", async () => {
  const manifest = JSON.parse(await readFile(`${root}package.json`, "utf8"));
  assert.equal(manifest.dependencies, undefined);
  for (const version of Object.values(manifest.devDependencies)) assert.match(version, /^\d+\.\d+\.\d+$/);
  const lock = await readFile(`${root}package-lock.json`, "utf8");
  assert.doesNotMatch(lock, /https?:\/\/[^"]*\.tgz/);
});
