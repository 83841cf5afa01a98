// The examples in proto/frames are the contract with the gateway.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";
import { root } from "../build.mjs";
import { frame, load } from "./support/source.mjs";

const { parseFrame } = await load("frames");
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
      if (field in example) assert.deepEqual(value, example[field], `${name}: ${field}`);
    }
    understood += 1;
  }
  assert.equal(understood, 12);
});

test("the examples tell one answer whose text is the end frame's", async () => {
  const answer = new Answer();
  for (const name of ["start", "notice", "chunk", "citation"]) {
    assert.equal(answer.apply(parseFrame(JSON.stringify(await frame(name)))), "applied", name);
  }
  const end = await frame("end");
  assert.equal(answer.text, end.text);
  assert.deepEqual(answer.citations, end.citations);
  assert.equal(answer.apply(parseFrame(JSON.stringify(end))), "applied");
  assert.equal(answer.finish, "complete");
});

test("malformed and unknown frames are ignored", async () => {
  const chunk = await frame("chunk");
  const bad = ["", "{", "null", "[]", "7", '{"type":"novelty"}', new ArrayBuffer(4)];
  for (const message of bad) assert.equal(parseFrame(message), null);
  for (const changes of [{ seq: 0 }, { seq: "2" }, { answer_id: 5 }, { answer_id: "" }]) {
    assert.equal(parseFrame(JSON.stringify({ ...chunk, ...changes })), null);
  }
  const citation = await frame("citation", { citation: { number: 0 } });
  assert.equal(parseFrame(JSON.stringify(citation)), null);
});

test("a frame of an unknown type keeps its place in the numbering", async () => {
  const { seq, ...novelty } = { ...(await frame("unsupported")), type: "novelty" };
  assert.deepEqual(parseFrame(JSON.stringify({ ...novelty, seq })), { ...parseFrame(JSON.stringify(await frame("unsupported"))), type: "other" });
  const answer = new Answer();
  for (const name of ["start", "notice", "chunk", "citation"]) answer.apply(parseFrame(JSON.stringify(await frame(name))));
  assert.equal(answer.apply(parseFrame(JSON.stringify({ ...novelty, seq }))), "applied");
});
