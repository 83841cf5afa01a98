// Turns measurements into rows, ratios, limits and a table.
import { LOADED, NOTHING, OURS } from "./peers.mjs";

/** Main-thread time that loading the file may cost at four times slowdown. */
export const LOAD_BUDGET_MS = 20;
export const LAYOUT_SHIFT_LIMIT = 0;
export const REQUEST_LIMIT = 1;

/** The middle value; null when any is missing, because a chat that shows only sometimes has no time. */
export function median(values) {
  if (values.some((value) => value === null)) return null;
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Returns one flat row for each widget; main-thread times are those above the page alone. */
export function summarise(rows) {
  const middleOf = (row, list, name) => median(row[list].map((entry) => entry[name]));
  const alone = rows.find(({ widget }) => widget === NOTHING);
  const above = (row, name) => {
    // A file that makes no nodes causes no layout; the difference of two equal pages would only be noise.
    if (row === alone || (row.widget === LOADED && name === "layoutMs")) return 0;
    return Math.max(0, middleOf(row, "threads", name) - middleOf(alone, "threads", name));
  };
  const summaries = rows.map((row) => ({
    name: row.widget.name,
    gzipBytes: row.weight.bytes,
    requests: row.weight.requests,
    otherHosts: row.weight.foreign,
    unanswered: row.weight.unanswered,
    interactiveMs: middleOf(row, "times", "interactiveMs"),
    mainThreadMs: above(row, "scriptMs") + above(row, "layoutMs"),
    scriptMs: above(row, "scriptMs"),
    layoutMs: above(row, "layoutMs"),
    layoutShift: Math.max(...row.times.map(({ layoutShift }) => layoutShift)),
    violations: row.violations.filter(({ id }) => !alone.violations.some((own) => own.id === id)),
    worksUnderPolicy: row.policy.isUsable,
    refusedByPolicy: row.policy.refused,
    needs: row.widget.needs ?? "",
    isLauncher: row.widget.isLauncher ?? false,
  }));
  const ours = summaries.find(({ name }) => name === OURS.name);
  const ratio = (row, field) => (row[field] === null || !ours[field] ? null : row[field] / ours[field]);
  return summaries.map((row) => ({ ...row, timesOurs: { bytes: ratio(row, "gzipBytes"), interactive: ratio(row, "interactiveMs"), mainThread: ratio(row, "mainThreadMs") } }));
}

/** Returns a sentence for each limit of ours that is missed. */
export function missedLimits(summaries) {
  const loaded = summaries.find(({ name }) => name === LOADED.name);
  const ours = summaries.find(({ name }) => name === OURS.name);
  const missed = [];
  if (loaded.mainThreadMs >= LOAD_BUDGET_MS) missed.push(`widget.js costs ${loaded.mainThreadMs.toFixed(1)} ms of main thread, and may cost less than ${LOAD_BUDGET_MS}`);
  if (ours.layoutShift > LAYOUT_SHIFT_LIMIT) missed.push(`the page shifts by ${ours.layoutShift.toFixed(4)}, and may not shift`);
  if (ours.requests > REQUEST_LIMIT) missed.push(`the chat takes ${ours.requests} requests, and may take ${REQUEST_LIMIT}`);
  if (ours.violations.length > 0) missed.push(`axe finds ${ours.violations.map(({ id }) => id).join(", ")}`);
  if (!ours.worksUnderPolicy || ours.refusedByPolicy > 0) missed.push(`default-src 'self' refuses something ${ours.refusedByPolicy} times`);
  return missed;
}

export function drawTable(summaries, { browser, processor, processors, rounds }) {
  const shown = summaries.filter(({ name }) => name !== NOTHING.name);
  const lines = shown.map(cellsOf);
  const header = ["", "gzip kB", "× ours", "requests", "usable ms", "× ours", "main thread ms", "× ours", "shift", "axe rules", "under default-src 'self'"];
  const widths = header.map((title, column) => Math.max(title.length, ...lines.map((cells) => cells[column].length)));
  const draw = (cells) => cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  ").trimEnd();
  const notes = shown.filter(({ needs }) => needs).map(({ name, needs }) => `${name}: ${needs}.`);
  const hosts = shown.filter(({ otherHosts }) => otherHosts.length > 0).map(({ name, otherHosts }) => `${name} asks other hosts: ${otherHosts.join(", ")}.`);
  return [
    `Medians of ${rounds} rounds; ${browser} on ${processors} × ${processor}. Processor slowed down 4 times; "usable" also over 1.6 Mbit/s and 150 ms.`,
    "Main thread: scripting, compiling, style and layout in processor time, above the page alone.",
    "", draw(header), ...lines.map(draw), "", ...notes, ...hosts,
  ].join("\n");
}

function cellsOf(row) {
  const times = (value) => (value === null ? "–" : value.toFixed(1));
  const { bytes, interactive, mainThread } = row.timesOurs;
  return [
    row.name, (row.gzipBytes / 1000).toFixed(1), times(bytes), String(row.requests), usableOf(row), times(interactive),
    row.mainThreadMs.toFixed(1), times(mainThread), row.layoutShift.toFixed(3), String(row.violations.length), policyOf(row),
  ];
}

/** A chat that showed no input has no time; why it showed none is known of each row. */
function usableOf({ name, interactiveMs, isLauncher }) {
  if (interactiveMs !== null) return interactiveMs.toFixed(0);
  if (isLauncher) return "on click";
  return name === LOADED.name ? "–" : "needs server";
}

function policyOf({ interactiveMs, worksUnderPolicy, refusedByPolicy, isLauncher }) {
  if (isLauncher && refusedByPolicy === 0) return "works";
  if (interactiveMs === null) return "–";
  const shows = worksUnderPolicy ? "shows" : "no input";
  return worksUnderPolicy && refusedByPolicy === 0 ? "works" : `${shows}, ${refusedByPolicy} refused`;
}
