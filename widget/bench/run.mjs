// The widget beside others: node bench/run.mjs [--rounds 5] [--only NAME] [--out FILE]. Exits with 1 where a limit of ours is missed.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildToMemory } from "../build.mjs";
import { launch } from "../test/support/browser.mjs";
import { bundleBotpress, installPeers, readPeer } from "./install.mjs";
import { measureAccessibility, measureMainThread, measurePolicy, measureTime, measureWeight } from "./measure.mjs";
import { LAUNCHER, LOADED, NOTHING, OURS, PEERS } from "./peers.mjs";
import { drawTable, missedLimits, summarise } from "./report.mjs";
import { startServer } from "./server.mjs";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    out: { type: "string", default: fileURLToPath(new URL("../../.cache/widget-bench.json", import.meta.url)) },
  },
});
const rounds = Number(options.rounds);

await installPeers();
const built = { "/widget.js": (await buildToMemory())[0][1], ...(await bundleBotpress()) };
const bench = await startServer((path) => built[path] ?? readPeer(path.slice(1)).catch(() => null));
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const browser = await launch();
const widgets = [NOTHING, LOADED, LAUNCHER, OURS, ...PEERS.filter(({ name }) => name.includes(options.only))];

const rows = [];
for (const widget of widgets) {
  const weight = await measureWeight(browser, bench, widget);
  const violations = await measureAccessibility(browser, bench, widget, axe);
  const policy = await measurePolicy(browser, bench, widget);
  rows.push({ widget, weight, violations, policy, times: [], threads: [] });
}
// Round by round over all rows, so that a busy minute of the machine meets all alike.
for (let round = 1; round <= rounds; round += 1) {
  for (const row of rows) {
    row.threads.push(await measureMainThread(browser, bench, row.widget));
    row.times.push(await measureTime(browser, bench, row.widget));
  }
  console.error(`round ${round} of ${rounds}`);
}
const version = browser.version();
await browser.close();
await bench.close();

const summaries = summarise(rows);
const missed = missedLimits(summaries);
const machine = { browser: `Chromium ${version}`, processor: cpus()[0].model, processors: cpus().length, rounds };
await mkdir(dirname(options.out), { recursive: true });
await writeFile(options.out, `${JSON.stringify({ machine, rows: summaries, missed }, null, 2)}\n`);
console.log(drawTable(summaries, machine));
for (const limit of missed) console.log(`MISSED: ${limit}`);
process.exitCode = missed.length > 0 ? 1 : 0;
