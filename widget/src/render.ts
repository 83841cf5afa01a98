// Builds the DOM of an answer's text. Redraws only the blocks that changed, so that long answers stream smoothly.

import { element, outsideLink } from "./elements";
import type { Citation } from "./frames";
import { labels } from "./labels";
import { safeAddress } from "./links";
import { parseMarkdown, withoutHalfMarkers, type Block, type Inline, type ListBlock } from "./markdown";

/** What text can refer to. */
export interface References {
  citations: Citation[];
  /** Address that relative links of the text start from. */
  pageUrl: string;
  /** Address that relative links of citations start from. */
  gatewayUrl: string;
}

/** Draws one answer's text into `container`, again and again while it grows. */
export class AnswerText {
  #drawn: string[] = [];

  constructor(private readonly container: HTMLElement) {}

  draw(markdown: string, references: References, isGrowing: boolean): void {
    const blocks = parseMarkdown(isGrowing ? withoutHalfMarkers(markdown) : markdown);
    const known = references.citations.map(({ number }) => number).join();
    const wanted = blocks.map((block) => known + JSON.stringify(block));
    const same = wanted.findIndex((key, index) => key !== this.#drawn[index]);
    const keep = same < 0 ? wanted.length : same;
    while (this.container.childNodes.length > keep) this.container.lastChild?.remove();
    this.container.append(...blocks.slice(keep).map((block) => drawBlock(block, references)));
    this.#drawn = wanted;
  }
}

/** Names a source the way a reader finds it: title, headings, page. */
export function sourceName({ title, heading_path: headings, page }: Citation): string {
  const path = headings[0] === title ? headings : [title, ...headings];
  return path.join(" › ") + (page ? `, ${labels.page(page)}` : "");
}

/** Characters that reorder what follows them, which only a forger needs inside an answer. */
const REORDERING = /[\u202A-\u202E\u2066-\u2069]/g;

export function plainText(text: string): string {
  return text.replace(REORDERING, "");
}

function drawBlock(block: Block, references: References): HTMLElement {
  switch (block.kind) {
    case "paragraph":
      return element("p", { dir: "auto" }, ...drawRuns(block.children, references));
    case "heading":
      // Not a heading element: an answer must not rearrange the page's outline.
      return element("p", { class: "heading", dir: "auto" }, ...drawRuns(block.children, references));
    case "quote":
      return element("blockquote", { dir: "auto" }, ...drawRuns(block.children, references));
    case "code":
      return element("pre", { tabindex: 0 }, element("code", {}, plainText(block.text)));
    case "rule":
      return element("hr");
    case "list":
      return drawList(block, references);
    case "table":
      return drawTable(block, references);
  }
}

function drawList(list: ListBlock, references: References): HTMLElement {
  const items = list.items.map(({ children, sublist }) => {
    const nested = sublist ? [drawList(sublist, references)] : [];
    return element("li", { dir: "auto" }, ...drawRuns(children, references), ...nested);
  });
  return list.isOrdered ? element("ol", { start: list.start }, ...items) : element("ul", {}, ...items);
}

function drawTable({ head, rows }: Extract<Block, { kind: "table" }>, references: References): HTMLElement {
  const titles = head.map((cell) => element("th", { scope: "col" }, ...drawRuns(cell, references)));
  const body = rows.map((row) =>
    element("tr", {}, ...row.map((cell) => element("td", {}, ...drawRuns(cell, references)))),
  );
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...titles)), element("tbody", {}, ...body));
  // Wide tables scroll inside the message; the scrolling part must be reachable by keyboard.
  return element("div", { class: "table", tabindex: 0 }, table);
}

function drawRuns(runs: Inline[], references: References): (Node | string)[] {
  return runs.map((run) => {
    switch (run.kind) {
      case "text":
        return plainText(run.text);
      case "break":
        return element("br");
      case "code":
        return element("code", {}, plainText(run.text));
      case "strong":
        return element("strong", {}, ...drawRuns(run.children, references));
      case "emphasis":
        return element("em", {}, ...drawRuns(run.children, references));
      case "citation":
        return drawChip(run.number, references);
      case "link": {
        const address = safeAddress(run.href, references.pageUrl);
        const label = drawRuns(run.children, references);
        return address ? outsideLink(address, {}, ...label) : element("span", {}, ...label);
      }
    }
  });
}

/** A number that nothing is known about stays text: the answer may just be quoting a document's own footnote. */
function drawChip(number: number, { citations, gatewayUrl }: References): Node | string {
  const citation = citations.find((candidate) => candidate.number === number);
  if (!citation) return `[${number}]`;
  const name = labels.source(number, sourceName(citation));
  const address = safeAddress(citation.url, gatewayUrl);
  const attributes = { class: "chip", "aria-label": name, title: plainText(citation.quote || name), "data-source": String(number) };
  return address ? outsideLink(address, attributes, String(number)) : element("button", { ...attributes, type: "button" }, String(number));
}
