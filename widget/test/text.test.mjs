// Small pure parts: links, announcements, colours, addresses, delays, the cache.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { safeAddress } = await load("links");
const { finishedSentences } = await load("announce");
const { contrast, parseColour, readableOn, textOn, INK, WHITE } = await load("colour");
const { resolve } = await load("config");
const { delayMs, IDLE_BASE_MS, WAITING_BASE_MS } = await load("backoff");
const { AnswerCache } = await load("cache");

test("only web addresses without credentials become links", () => {
  const base = "https://shop.example/help/";
  assert.equal(safeAddress("/prices", base), "https://shop.example/prices");
  assert.equal(safeAddress("hours.html#sunday", base), "https://shop.example/help/hours.html#sunday");
  assert.equal(safeAddress("http://a.example", base), "http://a.example/");
  for (const href of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\nscript:alert(1)",
    " \u0001javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://shop.example/1",
    "file:///etc/passwd",
    "https://bank.example@attacker.example/",
    "https://",
    "",
    " ",
  ]) {
    assert.equal(safeAddress(href, base), null, href);
  }
});

test("sentences are announced when they are finished, without markup", () => {
  assert.deepEqual(finishedSentences("We open at **9:30**. We close at", false), ["We open at 9:30."]);
  assert.deepEqual(finishedSentences("We open at **9:30**. [1] We close at 17:00", true), ["We open at 9:30.", "We close at 17:00"]);
  assert.deepEqual(finishedSentences("| Day | Open |\n|---|---|\n| Sun | 11:00 |", true), ["Day, Open", "Sun, 11:00"]);
  assert.deepEqual(finishedSentences("- [Prices](/prices) are low!\n- Try", false), ["Prices are low!"]);
});

test("an answer that grows letter by letter announces each sentence once", () => {
  const whole = "On Sundays we open at **11:00**. [1] We close at 16:00!\n\n- Parking is free\n- Dogs (e.g. yours) are welcome";
  const heard = [];
  for (let end = 1; end <= whole.length; end += 1) {
    const sentences = finishedSentences(whole.slice(0, end), end === whole.length);
    heard.push(...sentences.slice(heard.length));
  }
  assert.deepEqual(heard, finishedSentences(whole, true));
});

test("text on the site's colour is readable", () => {
  for (const colour of [[31, 111, 92], [255, 221, 0], [128, 128, 128], [0, 0, 0], [255, 255, 255]]) {
    assert.ok(contrast(textOn(colour), colour) >= 3.9, String(colour));
    for (const ground of [WHITE, [32, 37, 40], INK]) assert.ok(contrast(readableOn(colour, ground), ground) >= 4.5);
  }
  assert.deepEqual(parseColour("rgb(31, 111, 92)"), [31, 111, 92]);
  assert.equal(parseColour("rgba(0, 0, 0, 0)"), null);
});

test("addresses come from the script, and each can be given", () => {
  const page = "https://shop.example/help/";
  const plain = resolve({ containerId: "c" }, "https://chat.example/v1/widget.js?x=1", page);
  assert.equal(plain.chatUrl, "https://chat.example/v1/chat");
  assert.equal(plain.socketUrl, "wss://chat.example/v1/ws");
  const given = resolve({ containerId: "c", apiEndpoint: "http://api.example/prod" }, "", page);
  assert.equal(given.chatUrl, "http://api.example/prod/chat");
  assert.equal(given.socketUrl, "ws://api.example/prod/ws");
  const both = resolve({ containerId: "c", apiEndpoint: "/chat", websocketUrl: "wss://live.example/socket" }, "", page);
  assert.equal(both.chatUrl, "https://shop.example/chat");
  assert.equal(both.socketUrl, "wss://live.example/socket");
});

test("delays double, spread and stop growing", () => {
  assert.equal(delayMs(0, WAITING_BASE_MS, () => 1), 1_000);
  assert.equal(delayMs(3, WAITING_BASE_MS, () => 1), 8_000);
  assert.equal(delayMs(50, IDLE_BASE_MS, () => 1), 60_000);
  assert.equal(delayMs(0, WAITING_BASE_MS, () => 0), 100);
});

function shelf() {
  const held = new Map();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => held.set(key, value), removeItem: (key) => held.delete(key) };
}

const limits = { enabled: true, maxEntries: 2, ttlMs: 3_600_000 };
const kept = (changes = {}) => ({ text: "Yes.", citations: [], generation: 4, time: Date.now(), ...changes });

test("the cache survives the page, ignores case and drops the oldest answer", () => {
  const storage = shelf();
  const cache = new AnswerCache(limits, storage, "key");
  for (const question of ["One?", "Two?", "Three?"]) cache.keep(question, kept());
  const reloaded = new AnswerCache(limits, storage, "key");
  assert.equal(reloaded.find("one?"), null);
  assert.equal(reloaded.find(" THREE? ").text, "Yes.");
});

test("answers that are too old or from older knowledge are not used", () => {
  const cache = new AnswerCache(limits, null, "key");
  cache.keep("Old?", kept({ time: Date.now() - 3_600_001 }));
  assert.equal(cache.find("Old?"), null);
  cache.keep("Before?", kept());
  cache.keep("After?", kept({ generation: 5 }));
  assert.equal(cache.find("Before?"), null);
  assert.ok(cache.find("After?"));
});

test("a cache that is off, forbidden or damaged finds nothing and breaks nothing", () => {
  const damaged = { getItem: () => '{"a":[[', setItem: () => { throw new Error("full"); }, removeItem: () => {} };
  const cache = new AnswerCache(limits, damaged, "key");
  cache.keep("One?", kept());
  assert.ok(cache.find("One?"));
  cache.isEnabled = false;
  assert.equal(cache.find("One?"), null);
});
