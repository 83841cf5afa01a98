// Small pure parts: links, announcements, colours, addresses, delays, the cache.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { safeAddress } = await load("links");
const { finishedSentences } = await load("announce");
const { configOf, resolve } = await load("config");
const { delayMs } = await load("backoff");
const { AnswerCache, wordingOf } = await load("cache");

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

test("addresses come from the script, and each can be given", () => {
  const page = "https://shop.example/help/";
  const plain = resolve({}, "https://chat.example/v1/widget.js?x=1", page);
  assert.equal(plain.chatUrl, "https://chat.example/v1/chat");
  assert.equal(plain.socketUrl, "wss://chat.example/v1/ws");
  const given = resolve({ containerId: "c", apiEndpoint: "http://api.example/prod" }, "", page);
  assert.equal(given.chatUrl, "http://api.example/prod/chat");
  assert.equal(given.socketUrl, "ws://api.example/prod/ws");
  const both = resolve({ containerId: "c", apiEndpoint: "/chat", websocketUrl: "wss://live.example/socket" }, "", page);
  assert.equal(both.chatUrl, "https://shop.example/chat");
  assert.equal(both.socketUrl, "wss://live.example/socket");
});

test("options may be written as attributes, and those of the theme beside the others", () => {
  const config = configOf({ site: "sbc_site_example", streaming: "false", cache: '{"enabled":true}', primaryColor: "red", welcomeMessage: "Moin", launcher: "" });
  assert.deepEqual([config.apiKey, config.streaming, config.cache, config.theme.primaryColor, config.welcomeMessage, config.launcher], ["sbc_site_example", false, { enabled: true }, "red", "Moin", true]);
});

test("delays double, spread and stop growing", () => {
  assert.equal(delayMs(0, 1_000, () => 1), 1_000);
  assert.equal(delayMs(3, 1_000, () => 1), 8_000);
  assert.equal(delayMs(50, 6_000, () => 1), 60_000);
  assert.equal(delayMs(0, 1_000, () => 0), 100);
});

function shelf() {
  let held = null;
  return { read: () => held && JSON.parse(held), write: (value) => Boolean((held = JSON.stringify(value))), clear: () => (held = null) };
}

const limits = { enabled: true, maxEntries: 2, ttl: 3_600_000 };
const kept = (changes = {}) => ({ text: "Yes.", citations: [], followUps: [], generation: 4, time: Date.now(), ...changes });

test("the cache survives the page, ignores case and closing marks, and drops the oldest answer", () => {
  const storage = shelf();
  const cache = new AnswerCache(limits, storage);
  for (const question of ["One?", "Two?", "Three?"]) cache.keep(question, kept());
  const reloaded = new AnswerCache(limits, storage);
  assert.equal(reloaded.find("one?"), null);
  assert.equal(reloaded.find(" THREE ").text, "Yes.");
});

test("questions are the same when their words are, as the gateway's own cache has it", () => {
  const asked = wordingOf("When are you open?");
  for (const same of ["when are you open", "  When  Are\tYou open ?!", '"When are you open?"']) assert.equal(wordingOf(same), asked);
  for (const other of ["When are you not open?", "are you open when", "When are you open on 1.5.?"]) assert.notEqual(wordingOf(other), asked);
  assert.notEqual(wordingOf("Do you ship to US?"), wordingOf("Do you ship to us?"));
  assert.equal(wordingOf("DO YOU SHIP TO US"), "do you ship to us");
  assert.equal(wordingOf("Was kostet ﬁlter – 5 €?"), "was kostet filter – 5 €");
});

test("answers that are too old, or of another generation than the newest that any tab heard of, are not used", () => {
  const storage = shelf();
  const [cache, otherTab] = [new AnswerCache(limits, storage), new AnswerCache(limits, storage)];
  cache.keep("Old?", kept({ time: Date.now() - 3_600_001 }));
  assert.equal(cache.find("Old?"), null);
  cache.keep("Before?", kept());
  assert.ok(otherTab.find("Before?"));
  otherTab.heard(5);
  assert.equal(cache.find("Before?"), null);
  cache.keep("Late?", kept());
  assert.equal(cache.find("Late?"), null);
});

test("a cache that is off, forbidden or damaged finds nothing and breaks nothing", () => {
  const cache = new AnswerCache(limits, { read: () => ({ a: [[] ] }), write: () => false, clear: () => {} });
  cache.keep("One?", kept());
  assert.ok(cache.find("One?"));
  cache.isEnabled = false;
  assert.equal(cache.find("One?"), null);
});
