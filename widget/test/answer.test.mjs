import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { Answer } = await load("answer");
const { parseMessage } = await load("frames");

const event = (type, seq, fields = {}) => parseMessage({ type, answer_id: "A", epoch: 1, seq, text: "", complete: false, ...fields });
const chunk = (seq, text, fields = {}) => event("chunk", seq, { text, ...fields });

function answerOf(...frames) {
  const answer = new Answer();
  const outcomes = frames.map((frame) => answer.apply(frame));
  return { answer, outcomes };
}

test("a frame that comes twice is used once", () => {
  const { answer, outcomes } = answerOf(event("start", 1), chunk(2, "one "), chunk(2, "one "), event("start", 1), chunk(3, "two"));
  assert.deepEqual(outcomes, ["applied", "applied", "repeated", "repeated", "applied"]);
  assert.equal(answer.text, "one two");
});

test("nothing is used after a gap until the missing frame is there", () => {
  const { answer, outcomes } = answerOf(event("start", 1), chunk(3, "two"), chunk(2, "one "), chunk(3, "two"));
  assert.deepEqual(outcomes, ["applied", "gap", "applied", "applied"]);
  assert.equal(answer.text, "one two");
});

test("the end carries the whole answer, so a gap before it does not matter", () => {
  const end = event("end", 9, { text: "one two", complete: true, citations: [], finish_reason: "complete", generation: 3 });
  const { answer, outcomes } = answerOf(event("start", 1), chunk(2, "one "), end);
  assert.deepEqual(outcomes, ["applied", "applied", "applied"]);
  assert.equal(answer.text, "one two");
  assert.equal(answer.isSettled, true);
});

test("another epoch discards what was held", () => {
  const { answer, outcomes } = answerOf(
    event("start", 1),
    chunk(2, "old"),
    event("start", 1, { epoch: 2 }),
    chunk(2, "new", { epoch: 2 }),
  );
  assert.deepEqual(outcomes, ["applied", "applied", "applied", "applied"]);
  assert.equal(answer.text, "new");
});

test("a retraction counts bytes, keeps whole characters and gives its reason", () => {
  const { answer } = answerOf(event("start", 1), chunk(2, "Grüße, all"), event("retract", 3, { from_byte: 8, reason: "Withdrawn." }));
  assert.equal(answer.text, "Grüße,");
  assert.deepEqual(answer.notices, ["Withdrawn."]);
  const { answer: cut } = answerOf(event("start", 1), chunk(2, "aü"), event("retract", 3, { from_byte: 2, reason: "" }));
  assert.equal(cut.text, "a");
});

test("an error in mid-answer settles it and keeps the text", () => {
  const error = event("error", 3, { text: "Please try later.", complete: true, code: "UNAVAILABLE", retryable: true, retry_after_ms: 900 });
  const { answer } = answerOf(event("start", 1), chunk(2, "one"), error);
  assert.equal(answer.text, "one");
  assert.deepEqual(answer.problem, { code: "UNAVAILABLE", text: "Please try later.", isRetryable: true, waitMs: 900 });
});

test("marks of unsupported sentences stay until their text is withdrawn", () => {
  const doubt = (seq, from, to) => event("unsupported", seq, { byte_range: [from, to] });
  const { answer } = answerOf(event("start", 1), chunk(2, "One. Two. Three."), doubt(3, 0, 4), doubt(4, 5, 9), event("retract", 5, { from_byte: 5 }));
  assert.deepEqual(answer.unsupported, [[0, 4]]);
});
