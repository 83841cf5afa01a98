// Reads the safe subset of Markdown that answers use. Yields a tree of plain data: no HTML exists at any point.

import type { Attributes } from "./elements";

/**
 * A text, or an element with its class, attributes and content. Two are no elements of the page: `a` has an address that
 * is yet to be judged, and `cite` stands for the number of a source.
 */
export type Tree = string | [kind: string, attributes: Attributes, ...content: Tree[]];

/** Around a sentence that is not borne out. No text of Unicode holds these. */
export const DOUBT_BEGINS = "\uFDD0";
export const DOUBT_ENDS = "\uFDD1";

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const QUOTE = /^\s{0,3}>\s?/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

const AUTO = { dir: "auto" };

/** Longest emphasis nesting that is followed; deeper text stays as it was written. */
const DEEPEST = 6;

/** Parses `markdown`. Whatever is not in the subset, HTML and images included, comes out as text. */
export function parseMarkdown(markdown: string): Tree[] {
  const lines = new Lines(markdown.replace(/\r\n?/g, "\n").split("\n"));
  const blocks: Tree[] = [];
  while (lines.line !== undefined) {
    if (lines.line.trim()) blocks.push(parseBlock(lines, lines.line));
    else lines.at += 1;
  }
  return blocks;
}

/** Lines, and how far they were read. */
class Lines {
  at = 0;

  constructor(private readonly all: string[]) {}

  get line(): string | undefined {
    return this.all[this.at];
  }

  /** Returns the line after the next `by` ones. */
  ahead(by: number): string {
    return this.all[this.at + by] ?? "";
  }

  /** Reads on while `belongs`; the first line always does. */
  take(belongs: (line: string) => unknown): string[] {
    const from = this.at++;
    while (this.line !== undefined && belongs(this.line)) this.at += 1;
    return this.all.slice(from, this.at);
  }
}

function parseBlock(lines: Lines, line: string): Tree {
  const fence = FENCE.exec(line)?.[1];
  if (fence) {
    const code = lines.take((next) => !next.trim().startsWith(fence)).slice(1);
    lines.at += 1;
    return ["pre", {}, ["code", {}, code.join("\n")]];
  }
  if (QUOTE.test(line)) {
    const quoted = lines.take((next) => QUOTE.test(next));
    return ["blockquote", AUTO, ...parseInline(quoted.map((next) => next.replace(QUOTE, "")).join("\n"))];
  }
  const rule = RULE.test(line);
  const heading = HEADING.exec(line)?.[1];
  if (rule || heading) lines.at += 1;
  if (rule) return ["hr", {}];
  if (heading) return ["p.heading", AUTO, ...parseInline(heading)];
  if (ITEM.test(line)) return parseList(lines);
  if (startsTable(lines)) return parseTable(lines);
  const isOther = (next: string): boolean =>
    !next.trim() || startsTable(lines) || [FENCE, HEADING, RULE, QUOTE, ITEM].some((start) => start.test(next));
  return ["p", AUTO, ...parseInline(lines.take((next) => !isOther(next)).join("\n"))];
}

/** Lists nest by indentation, each level deeper than the one above it. */
function parseList(lines: Lines): Tree {
  const [, indent = "", first] = ITEM.exec(lines.ahead(0)) ?? [];
  const deeper = new RegExp(`^\\s{${indent.length + 2},}\\S`);
  const items: Tree[] = [];
  for (;;) {
    const item = ITEM.exec(lines.ahead(0));
    if (!item || item[1]!.length < indent.length || !item[2] !== !first) break;
    // One empty line within or between items does not end a list.
    const rest = lines.take((next) => deeper.test(next) || (!next.trim() && deeper.test(lines.ahead(1)) && ITEM.test(lines.ahead(1)))).slice(1);
    const nested = rest.findIndex((next) => ITEM.test(next));
    const own = nested < 0 ? rest : rest.slice(0, nested);
    const inner = nested < 0 ? [] : parseMarkdown(rest.slice(nested).join("\n"));
    items.push(["li", AUTO, ...parseInline([item[3]!, ...own].map((next) => next.trim()).join("\n")), ...inner]);
    if (!lines.ahead(0).trim() && ITEM.test(lines.ahead(1))) lines.at += 1;
  }
  return first ? ["ol", { start: first }, ...items] : ["ul", {}, ...items];
}

function startsTable(lines: Lines): boolean {
  const [head, divider] = [lines.ahead(0), lines.ahead(1)];
  return head.includes("|") && divider.includes("-") && DIVIDER.test(divider) && cellsOf(head).length === cellsOf(divider).length;
}

function parseTable(lines: Lines): Tree {
  const [head, , ...rows] = lines.take((line) => line.includes("|")).map(cellsOf);
  const row = (cells: string[], tag: string, attributes: Attributes): Tree =>
    ["tr", {}, ...head!.map((_, column): Tree => [tag, attributes, ...parseInline(cells[column] ?? "")])];
  const body = rows.map((cells) => row(cells, "td", AUTO));
  return [".table", {}, ["table", {}, ["thead", {}, row(head!, "th", { scope: "col", ...AUTO })], ["tbody", {}, ...body]]];
}

function cellsOf(row: string): string[] {
  const inner = row.trim().replace(/^\||(?<!\\)\|$/g, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

/** One alternative for each kind of run; the order decides where two could begin at the same place. */
const RUN = new RegExp(
  [
    /\uFDD0([^\uFDD1]*)\uFDD1/,
    /\\([\\`*_[\](){}#+.!|>~-])/,
    /(?<ticks>`+)([^`]|[^`][\s\S]*?[^`])\k<ticks>(?!`)/,
    /\[(\d{1,3})\](?!\()/,
    /(?<!!)\[([^\][]{1,500})\]\(([^()\s]{1,2000}(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"]*")?\)/,
    /(https?:\/\/[^\s<>()[\]"'`]+[^\s<>()[\]"'`.,;:!?*_])/,
    /(?<mark>\*\*|__)(?=\S)([\s\S]{0,2000}?\S)\k<mark>/,
    /\*(?=[^\s*])([^*\n]{0,500}?[^\s*])\*(?!\*)/,
    /(?<![\p{L}\p{N}_])_(?=[^\s_])([^_\n]{0,500}?[^\s_])_(?![\p{L}\p{N}_])/u,
    /(?: {2,}|\\)?(\n)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gu",
);

/** Parses the runs of one block. */
export function parseInline(text: string, depth = 0): Tree[] {
  if (depth > DEEPEST) return [text];
  const runs: Tree[] = [];
  const add = (run: Tree): void => {
    const last = runs.length - 1;
    if (typeof run !== "string") runs.push(run);
    else if (typeof runs[last] === "string") runs[last] += run;
    else if (run) runs.push(run);
  };
  const inner = (kind: string, part: string, attributes: Attributes = {}): Tree => [kind, attributes, ...parseInline(part, depth + 1)];
  let end = 0;
  for (const match of text.matchAll(RUN)) {
    const [whole, doubt, escaped, , code, cited, label, href, bare, , strong, emphasis, underlined, isBreak] = match;
    const slanted = emphasis ?? underlined;
    add(text.slice(end, match.index));
    end = match.index + whole.length;
    if (escaped) add(escaped);
    else if (doubt) add(inner("mark.doubt", doubt));
    else if (code) add(["code", {}, code.trim() || code]);
    else if (cited) add(["cite", { number: +cited }]);
    else if (href) add(inner("a", label!, { href }));
    else if (bare) add(["a", { href: bare }, bare]);
    else if (strong) add(inner("strong", strong));
    else if (slanted) add(inner("em", slanted));
    else if (isBreak) add(["br", {}]);
  }
  add(text.slice(end));
  return runs;
}

/**
 * Returns the part of a growing answer that is worth showing: a marker that has only half arrived stays back, so that
 * nothing flickers between `[`, `[1` and a source number, and a link is its label until its address is there.
 */
export function withoutHalfMarkers(markdown: string): string {
  return markdown.replace(/(?:\s*\[\d{0,3}|\*{1,2}|\s`{1,2})$/, "").replace(/\[([^\][\n]*)(?:\]\([^)\s]*)?$/, "$1");
}
