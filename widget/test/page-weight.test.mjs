// What the widget costs a page before anybody asks: one request, little of the main thread, no movement. `npm run bench` compares.
import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { buildToMemory } from "../build.mjs";
import { measureMainThread, measurePolicy, measureTime, measureWeight } from "../bench/measure.mjs";
import { LOADED, OURS } from "../bench/peers.mjs";
import { LAYOUT_SHIFT_LIMIT, LOAD_BUDGET_MS, REQUEST_LIMIT, median } from "../bench/report.mjs";
import { startServer } from "../bench/server.mjs";
import { launch } from "./support/browser.mjs";

const [[, widget]] = await buildToMemory();
let browser;
let bench;
before(async () => {
  browser = await launch();
  bench = await startServer((path) => (path === "/widget.js" ? widget : null));
});
after(async () => {
  await browser?.close();
  await bench?.close();
});

test("a page that embeds the chat asks for one file, and for nothing elsewhere", async () => {
  const { requests, foreign } = await measureWeight(browser, bench, OURS);
  assert.deepEqual([requests, foreign], [REQUEST_LIMIT, []]);
});

test("loading the file keeps a slow phone's main thread for less than its budget", async () => {
  const rounds = [];
  for (let round = 0; round < 5; round += 1) rounds.push((await measureMainThread(browser, bench, LOADED)).scriptMs);
  const middle = median(rounds);
  assert.ok(middle < LOAD_BUDGET_MS, `${middle} ms`);
});

test("nothing on the page moves when the chat comes, and its input is ready", async () => {
  const { interactiveMs, layoutShift } = await measureTime(browser, bench, OURS);
  assert.ok(interactiveMs !== null);
  assert.equal(layoutShift, LAYOUT_SHIFT_LIMIT);
});

test("a policy of the page's own files only refuses nothing", async () => {
  assert.deepEqual(await measurePolicy(browser, bench, OURS), { isUsable: true, refused: 0 });
});
