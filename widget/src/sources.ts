// The sources of an answer on a sheet: each passage with the quoted words marked, and the way to its document.

import { element, outsideLink, type Child } from "./elements";
import type { Citation } from "./frames";
import { safeAddress } from "./links";
import type { Panel } from "./panel";
import { plainText, sourceName } from "./render";

/** Shows all sources, and leads to the passage of `wanted`. */
export function showSources({ texts, sheet, settings }: Panel, citations: Citation[], wanted: Citation): void {
  const items = citations.map((citation) => {
    const { number, text, quote, url } = citation;
    const address = safeAddress(url, settings.chatUrl);
    const name = element("p.sourceName", {}, element("span.number", {}, String(number)), sourceName(citation, texts));
    const open = address && element("p", {}, outsideLink(texts, address, texts.words.document));
    const passage = element("blockquote", { dir: "auto" }, ...quotedIn(plainText(text || quote), plainText(quote)));
    return element("li", { tabindex: -1, autofocus: citation === wanted }, name, passage, open || null);
  });
  sheet.open(texts.words.sources, [element("ol.passages", { "aria-label": texts.words.sources }, ...items)]);
  // The quoted words, not only the beginning of a long passage.
  const quoted = sheet.root.querySelector("li[autofocus] mark") ?? sheet.root.querySelector("li[autofocus]");
  quoted?.scrollIntoView({ block: "nearest" });
}

function quotedIn(text: string, quote: string): Child[] {
  const at = quote ? text.indexOf(quote) : -1;
  if (at < 0) return [text];
  return [text.slice(0, at), element("mark", {}, quote), text.slice(at + quote.length)];
}
