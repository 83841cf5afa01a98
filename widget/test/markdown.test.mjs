import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { parseMarkdown, parseInline, withoutHalfMarkers } = await load("markdown");
const text = (value) => ({ kind: "text", text: value });
const kinds = (markdown) => parseMarkdown(markdown).map(({ kind }) => kind);

test("blocks of every kind are told apart", () => {
  const markdown = "# Hours\nOpen *daily*.\nStill.\n\n> quoted\n\n- a\n- b\n\n1. x\n\n```js\n<b>\n```\n---\n| A | B |\n|---|:-:|\n| 1 | 2 |\nEnd";
  assert.deepEqual(kinds(markdown), ["heading", "paragraph", "quote", "list", "list", "code", "rule", "table", "paragraph"]);
});

test("runs inside a block are told apart", () => {
  assert.deepEqual(parseInline("**bold** and `a*b` [1] [link](/prices) \\*"), [
    { kind: "strong", children: [text("bold")] },
    text(" and "),
    { kind: "code", text: "a*b" },
    text(" "),
    { kind: "citation", number: 1 },
    text(" "),
    { kind: "link", href: "/prices", children: [text("link")] },
    text(" *"),
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
    assert.equal(block.kind, "paragraph", written);
    assert.ok(!JSON.stringify(block).includes('"kind":"link","href":"b"'), written);
    const flat = block.children.filter(({ kind }) => kind === "text").map((run) => run.text).join("");
    assert.ok(flat.length > 0, written);
    assert.ok(block.children.every(({ kind }) => ["text", "link"].includes(kind)), written);
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
  assert.equal(list.kind, "list");
  assert.equal(list.start, 3);
  assert.equal(list.items.length, 2);
  assert.equal(list.items[0].sublist.items.length, 2);
  assert.equal(after.kind, "paragraph");
});

test("a table keeps as many columns as its head", () => {
  const [table] = parseMarkdown("| Code | Price |\n|---|---|\n| TR-204X7 | 12.50 | extra |\n| TR-118B2 |");
  assert.deepEqual(table.rows, [[[text("TR-204X7")], [text("12.50")]], [[text("TR-118B2")], []]]);
});

test("addresses in the text become links without the sentence's own punctuation", () => {
  const link = parseInline("See https://shop.example/a_b?c=1. Thanks").find(({ kind }) => kind === "link");
  assert.equal(link.href, "https://shop.example/a_b?c=1");
});

test("half a marker at the end of a growing answer stays back", () => {
  assert.equal(withoutHalfMarkers("until 16:00. [1"), "until 16:00.");
  assert.equal(withoutHalfMarkers("until **"), "until ");
  assert.equal(withoutHalfMarkers("until 16:00. [1]"), "until 16:00. [1]");
});

test("hostile text is parsed in time that grows with its length", () => {
  const hostile = ["*", "_", "`", "[", "](", "**a", "|", "> ", "- ", "[a](", "\\", "http://"];
  for (const piece of hostile) {
    const parsed = parseMarkdown(piece.repeat(Math.ceil(8_000 / piece.length)));
    assert.ok(parsed.length > 0, piece);
  }
});
