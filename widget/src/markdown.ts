// Reads the safe subset of Markdown that answers use. Yields a tree of plain data: no HTML exists at any point.

/** A run of text inside a block. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "emphasis"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] }
  | { kind: "citation"; number: number }
  | { kind: "break" };

export interface ListItem {
  children: Inline[];
  sublist: ListBlock | null;
}

export interface ListBlock {
  kind: "list";
  isOrdered: boolean;
  start: number;
  items: ListItem[];
}

export type Block =
  | { kind: "paragraph" | "heading" | "quote"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" }
  | ListBlock;

const FENCE = /^\s{0,3}(`{3,}|~{3,})/;
const HEADING = /^\s{0,3}#{1,6}\s+(.*?)\s*#*$/;
const QUOTE = /^\s{0,3}>\s?/;
const RULE = /^\s{0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)(?:[-*+•]|(\d{1,9})[.)])\s+(.*)$/;
const DIVIDER = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;

/** Longest emphasis nesting that is followed; deeper text stays as it was written. */
const DEEPEST = 6;

/** Parses `markdown`. Whatever is not in the subset, HTML and images included, comes out as text. */
export function parseMarkdown(markdown: string): Block[] {
  const lines = markdown.replace(/\r\n?/g, "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (line.trim() === "") {
      at += 1;
      continue;
    }
    const [block, next] = parseBlock(lines, at, line);
    blocks.push(block);
    at = next;
  }
  return blocks;
}

function parseBlock(lines: string[], at: number, line: string): [Block, number] {
  const fence = FENCE.exec(line)?.[1];
  if (fence) return parseFence(lines, at, fence);
  const heading = HEADING.exec(line)?.[1];
  if (heading !== undefined) return [{ kind: "heading", children: parseInline(heading) }, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (QUOTE.test(line)) return parseQuote(lines, at);
  if (ITEM.test(line)) return parseList(lines, at);
  if (startsTable(lines, at)) return parseTable(lines, at);
  return parseParagraph(lines, at);
}

function parseFence(lines: string[], at: number, fence: string): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? "").trim().startsWith(fence)) end += 1;
  return [{ kind: "code", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function parseQuote(lines: string[], at: number): [Block, number] {
  let end = at;
  while (end < lines.length && QUOTE.test(lines[end] ?? "")) end += 1;
  const quoted = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return [{ kind: "quote", children: parseInline(quoted.join("\n")) }, end];
}

function parseParagraph(lines: string[], at: number): [Block, number] {
  let end = at + 1;
  while (end < lines.length && !interruptsParagraph(lines, end)) end += 1;
  return [{ kind: "paragraph", children: parseInline(lines.slice(at, end).join("\n")) }, end];
}

function interruptsParagraph(lines: string[], at: number): boolean {
  const line = lines[at] ?? "";
  if (line.trim() === "" || startsTable(lines, at)) return true;
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((start) => start.test(line));
}

/** Lists nest by indentation, each level deeper than the one above it. */
function parseList(lines: string[], at: number): [ListBlock, number] {
  const first = ITEM.exec(lines[at] ?? "");
  const indent = first?.[1]?.length ?? 0;
  const isOrdered = first?.[2] !== undefined;
  const list: ListBlock = { kind: "list", isOrdered, start: Number(first?.[2] ?? 1), items: [] };
  let next = at;
  while (next < lines.length) {
    const match = ITEM.exec(lines[next] ?? "");
    if (!match) break;
    const depth = match[1]?.length ?? 0;
    const last = list.items[list.items.length - 1];
    if (depth >= indent + 2 && last && !last.sublist) {
      [last.sublist, next] = parseList(lines, next);
      continue;
    }
    if (depth < indent || (match[2] !== undefined) !== isOrdered) break;
    const end = endOfItem(lines, next + 1);
    const text = [match[3] ?? "", ...lines.slice(next + 1, end).map((line) => line.trim())].join("\n");
    list.items.push({ children: parseInline(text), sublist: null });
    next = skipBlankBeforeItem(lines, end);
  }
  return [list, next];
}

function endOfItem(lines: string[], from: number): number {
  let end = from;
  while (end < lines.length && /^\s{2,}\S/.test(lines[end] ?? "") && !ITEM.test(lines[end] ?? "")) end += 1;
  return end;
}

/** One empty line between items does not end a list. */
function skipBlankBeforeItem(lines: string[], at: number): number {
  const isBlank = (lines[at] ?? "x").trim() === "";
  return isBlank && ITEM.test(lines[at + 1] ?? "") ? at + 1 : at;
}

function startsTable(lines: string[], at: number): boolean {
  const head = lines[at] ?? "";
  const divider = lines[at + 1] ?? "";
  return head.includes("|") && divider.includes("-") && DIVIDER.test(divider) && cellsOf(head).length === cellsOf(divider).length;
}

function parseTable(lines: string[], at: number): [Block, number] {
  const head = cellsOf(lines[at] ?? "").map((cell) => parseInline(cell));
  const rows: Inline[][][] = [];
  let next = at + 2;
  while (next < lines.length && (lines[next] ?? "").includes("|")) {
    const cells = cellsOf(lines[next] ?? "");
    rows.push(head.map((_, column) => parseInline(cells[column] ?? "")));
    next += 1;
  }
  return [{ kind: "table", head, rows }, next];
}

function cellsOf(row: string): string[] {
  const inner = row.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/\\\|/g, "|"));
}

/** One alternative for each kind of run; the order decides where two could begin at the same place. */
const RUN = new RegExp(
  [
    /\\(?<escaped>[\\`*_[\](){}#+.!|>~-])/,
    /(?<ticks>`+)(?<code>[^`]|[^`][\s\S]*?[^`])\k<ticks>(?!`)/,
    /\[(?<citation>\d{1,3})\](?!\()/,
    /(?<!!)\[(?<label>[^\][]{1,500})\]\((?<href>[^()\s]{1,2000}(?:\([^()\s]*\)[^()\s]*)*)(?:\s+"[^"]*")?\)/,
    /(?<bare>https?:\/\/[^\s<>()[\]"'`]+[^\s<>()[\]"'`.,;:!?*_])/,
    /(?<strongMark>\*\*|__)(?=\S)(?<strong>[\s\S]{0,2000}?\S)\k<strongMark>/,
    /\*(?=[^\s*])(?<emphasis>[^*\n]{0,500}?[^\s*])\*(?!\*)/,
    /(?<![\p{L}\p{N}_])_(?=[^\s_])(?<underlined>[^_\n]{0,500}?[^\s_])_(?![\p{L}\p{N}_])/u,
    /(?<break>(?: {2,}|\\)?\n)/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gu",
);

/** Parses the runs of one block. */
export function parseInline(text: string, depth = 0): Inline[] {
  if (depth > DEEPEST) return [{ kind: "text", text }];
  const runs: Inline[] = [];
  let end = 0;
  for (const match of text.matchAll(RUN)) {
    const begin = match.index ?? 0;
    addText(runs, text.slice(end, begin));
    addRun(runs, match.groups ?? {}, depth);
    end = begin + match[0].length;
  }
  addText(runs, text.slice(end));
  return runs;
}

function addRun(runs: Inline[], groups: Record<string, string | undefined>, depth: number): void {
  const { escaped, code, citation, label, href, bare, strong } = groups;
  const emphasis = groups["emphasis"] ?? groups["underlined"];
  if (escaped !== undefined) addText(runs, escaped);
  else if (code !== undefined) runs.push({ kind: "code", text: code.trim() || code });
  else if (citation !== undefined) runs.push({ kind: "citation", number: Number(citation) });
  else if (href !== undefined) runs.push({ kind: "link", href, children: parseInline(label ?? href, depth + 1) });
  else if (bare !== undefined) runs.push({ kind: "link", href: bare, children: [{ kind: "text", text: bare }] });
  else if (strong !== undefined) runs.push({ kind: "strong", children: parseInline(strong, depth + 1) });
  else if (emphasis !== undefined) runs.push({ kind: "emphasis", children: parseInline(emphasis, depth + 1) });
  else if (groups["break"] !== undefined) runs.push({ kind: "break" });
}

function addText(runs: Inline[], text: string): void {
  if (!text) return;
  const last = runs[runs.length - 1];
  if (last?.kind === "text") last.text += text;
  else runs.push({ kind: "text", text });
}

/**
 * Returns the part of a growing answer that is worth showing: a marker that has only half arrived stays back, so that
 * nothing flickers between `[`, `[1` and a source number.
 */
export function withoutHalfMarkers(markdown: string): string {
  return markdown.replace(/(?:\s*\[\d{0,3}|\*{1,2}|\s`{1,2})$/, "");
}
