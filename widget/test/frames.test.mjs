// The examples in proto/frames are the contract with the gateway.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";
import { root } from "../build.mjs";
import { frame, load } from "./support/source.mjs";

const { isNumbered, parseFrame } = await load("frames");
const { Answer } = await load("answer");
const folder = `${root}../proto/frames/`;

test("every server frame among the examples is understood and keeps its fields", async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  let understood = 0;
  for (const name of names) {
    const text = await readFile(folder + name, "utf8");
    const example = JSON.parse(text);
    if (!example.type) continue;
    const parsed = parseFrame(text);
    assert.ok(parsed, name);
    for (const [field, value] of Object.entries(parsed)) {
      // A page that is not known is null on the wire and 0 in the widget.
      if (field in example) assert.deepEqual(value, JSON.parse(JSON.stringify(example[field]), (key, inner) => (key === "page" ? (inner ?? 0) : inner)), `${name}: ${field}`);
    }
    understood += 1;
  }
  assert.equal(understood, 13);
});

test("the examples tell one answer whose text is the end frame's", async () => {
  const answer = new Answer();
  for (const name of ["start", "notice", "chunk", "citation"]) {
    assert.equal(answer.apply(parseFrame(JSON.stringify(await frame(name)))), "applied", name);
  }
  const end = await frame("end");
  assert.equal(answer.text, end.text);
  assert.equal(answer.citations[0].quote, end.citations[0].quote);
  assert.equal(answer.apply(parseFrame(JSON.stringify(end))), "applied");
  assert.equal(answer.finish, "complete");
});

test("what is malformed is empty, and no frame of an answer without its number", async () => {
  for (const message of ["", "{", "null", "[]", "7", '{"text":"x"}', new ArrayBuffer(4)]) assert.equal(parseFrame(message), null);
  const chunk = await frame("chunk");
  for (const changes of [{ seq: 0 }, { seq: "2" }, { answer_id: 5 }, { answer_id: "" }]) {
    assert.equal(isNumbered(parseFrame(JSON.stringify({ ...chunk, ...changes }))), false);
  }
  const { citation } = parseFrame(JSON.stringify(await frame("citation", { citation: { number: "1", heading_path: [{}, "A"], url: 7 } })));
  assert.deepEqual([citation.number, citation.heading_path, citation.url], [0, ["", "A"], ""]);
});

test("a frame of an unknown type keeps its place in the numbering", async () => {
  const answer = new Answer();
  for (const name of ["start", "notice", "chunk", "citation"]) answer.apply(parseFrame(JSON.stringify(await frame(name))));
  assert.equal(answer.apply(parseFrame(JSON.stringify(await frame("unsupported", { type: "novelty" })))), "applied");
});
