// Builds the DOM of an answer's text. Redraws only the blocks that changed, so that long answers stream smoothly.

import { fromBytes, toBytes, type Answer } from "./answer";
import { button, element, outsideLink, unseen, type Child } from "./elements";
import type { Citation } from "./frames";
import type { Texts } from "./labels";
import { safeAddress } from "./links";
import { parseMarkdown, withoutHalfMarkers, DOUBT_BEGINS, DOUBT_ENDS, type Tree } from "./markdown";

/** What text refers to. */
export interface References {
  citations: Citation[];
  texts: Texts;
  /** Shows a source; called by its number in the text. */
  show(citation: Citation): void;
}

/** Draws one answer's text into `container`, again and again while it grows. */
export class AnswerText {
  #drawn: string[] = [];

  constructor(private readonly container: HTMLElement) {}

  draw(answer: Answer, references: References): void {
    const markdown = withDoubts(answer);
    const blocks = parseMarkdown(answer.isSettled ? markdown : withoutHalfMarkers(markdown));
    const known = references.citations.map(({ number }) => number).join();
    const wanted = blocks.map((block) => known + JSON.stringify(block));
    const same = wanted.findIndex((key, index) => key !== this.#drawn[index]);
    const keep = same < 0 ? wanted.length : same;
    while (this.container.childNodes.length > keep) this.container.lastChild?.remove();
    this.container.append(...blocks.slice(keep).map((block) => draw(block, references) as Node));
    this.#drawn = wanted;
  }
}

/** Names a source the way a reader finds it: title, headings, page. */
export function sourceName({ title, document_id: id, heading_path: headings, page }: Citation, texts: Texts): string {
  const path = (headings[0] === title ? headings : [title || id, ...headings]).filter(Boolean);
  return plainText(path.join(" › ") + (page ? `, ${texts.of("page", { page })}` : ""));
}

/** Characters that reorder what follows them, which only a forger needs inside an answer, and marks without a partner. */
const REORDERING = /[\u202A-\u202E\u2066-\u2069\uFDD0\uFDD1]/g;

export function plainText(text: string): string {
  return text.replace(REORDERING, "");
}

/** Puts marks around the sentences that the passages do not bear out. */
function withDoubts({ text, unsupported }: Answer): string {
  if (unsupported.length === 0) return text;
  const bytes = toBytes(text);
  let marked = "";
  let at = 0;
  for (const [from = 0, to = 0] of unsupported) {
    if (from < at || to <= from) continue;
    marked += fromBytes(bytes.subarray(at, from)) + DOUBT_BEGINS + fromBytes(bytes.subarray(from, to)) + DOUBT_ENDS;
    at = to;
  }
  // A mark must not hide that a line is a heading, a quotation or the item of a list.
  return (marked + fromBytes(bytes.subarray(at))).replace(/^\uFDD0(\s*(?:#{1,6}|>|[-*+•]|\d+[.)])\s+)/gm, "$1\uFDD0");
}

function draw(tree: Tree, references: References): Child {
  if (typeof tree === "string") return plainText(tree);
  const [kind, attributes, ...content] = tree;
  const { texts } = references;
  if (kind === "cite") return drawChip(attributes["number"] as number, references);
  const inner = content.map((part) => draw(part, references));
  if (kind === "a") {
    const address = safeAddress(attributes["href"] as string, document.baseURI);
    return address ? outsideLink(texts, address, ...inner) : element("span", {}, ...inner);
  }
  if (kind === "mark.doubt") inner.push(unseen(` (${texts.words.unsupported})`));
  const name = kind === "pre" ? "code" : kind === ".table" && "table";
  // What is wider than the message scrolls inside it, so it must be reachable by keyboard.
  return element(kind, name ? { tabindex: 0, role: "group", "aria-label": texts.words[name] } : attributes, ...inner);
}

/** A number that nothing is known about stays text: the answer may just be quoting a document's own footnote. */
function drawChip(number: number, { citations, texts, show }: References): Child {
  const citation = citations.find((candidate) => candidate.number === number);
  if (!citation) return `[${number}]`;
  const name = texts.of("source", { number, name: sourceName(citation, texts) });
  return button("chip", String(number), () => show(citation), "", { "aria-label": name, title: name, "aria-haspopup": "dialog" });
}
