// Opens guarded pages and sends them hostile text, for the tests of payloads to share.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import { PAYLOADS } from "./payloads.corpus.mjs";
import { installGuard } from "./payloads.guard.mjs";
import { launch } from "./support/browser.mjs";
import { STRICT_POLICY, startGateway } from "./support/gateway.mjs";
import { frame as readFrame } from "./support/source.mjs";

/** Questions of one conversation; more would only make each page's history longer. */
const BATCH = 25;
const PAGE = `<!doctype html><html lang="en"><title>Page</title><script src="/widget.js"></script><script src="/init.js"></script>
  <main><h1>Page</h1><div id="chatbot-container"></div></main></html>`;

const NAMES = ["start", "notice", "chunk", "citation", "unsupported", "handoff_receipt", "retract", "error", "end"];
const EXAMPLES = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await readFrame(name)])));
/** The corpus takes tens of thousands of frames, so their examples are read once. */
const frame = (name, changes) => ({ ...EXAMPLES[name], ...changes });

export let browser;
let axe;
before(async () => {
  browser = await launch();
  axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
});
/** Gateways that a failed test left behind would keep the process alive. */
const gateways = new Set();
after(async () => {
  await browser?.close();
  for (const gateway of gateways) await gateway.close();
});

/** Opens a guarded page; `finish` asserts that nothing came alive. */
export async function open({ policy, config = {}, answer, pages = {} }) {
  const init = `SmallBizChatbot.init(${JSON.stringify({ containerId: "chatbot-container", ...config })})`;
  const gateway = await startGateway({ pages: { "/": PAGE, "/init.js": init, ...pages }, policy, answer });
  gateways.add(gateway);
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const outside = [];
  await context.addInitScript(installGuard);
  await context.route((url) => url.origin !== gateway.origin, (route) => {
    outside.push(`request: ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  context.on("page", (opened) => outside.push(`window: ${opened.url()}`));
  page.on("websocket", (socket) => new URL(socket.url()).host === new URL(gateway.origin).host || outside.push(`socket: ${socket.url()}`));
  page.on("dialog", (dialog) => (outside.push(`dialog: ${dialog.message()}`), dialog.dismiss()));
  page.on("pageerror", (error) => outside.push(String(error)));
  page.on("framenavigated", (moved) => moved.url() === `${gateway.origin}/` || outside.push(`navigation: ${moved.url()}`));
  await page.goto(gateway.origin);
  const shows = (text) => page.waitForFunction((wanted) => window.guard.text().includes(wanted), text, { polling: 10, timeout: 60_000 });
  const ask = async (question) => {
    await page.locator("textarea").first().fill(question);
    await page.keyboard.press("Enter");
  };
  const check = async () => {
    // What loads late, loads within a turn of the event loop of the last node.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
    const faults = await page.evaluate(() => [...window.guard.faults, ...window.guard.reordering()]);
    assert.deepEqual([...outside, ...faults], []);
  };
  const finish = async () => {
    await check().finally(() => context.close());
  };
  return { gateway, page, ask, shows, check, finish };
}

/** Sources that carry the payload in each of their fields. */
export function citationsOf({ text, address }) {
  const { citation } = frame("citation");
  const hostile = { title: text, heading_path: [text, text], quote: text, text, document_id: text, collection: text };
  return [
    { ...citation, ...hostile, number: 1, url: address },
    { ...citation, number: 2, url: text, page: 7 },
    { ...citation, ...hostile, number: 3, url: "" },
  ];
}

/** One answer that brings the payload, cut after every `step` characters, with whatever may come beside an answer. */
function framesOf(payload, index, { step, endsInError }) {
  const common = { answer_id: `A${index}` };
  const text = `${payload.text}\n\nSee [1], [2] and [3]. End ${index}.`;
  let seq = 1;
  const next = (name, fields) => frame(name, { ...common, seq: ++seq, ...fields });
  const frames = [frame("start", common), next("notice", { text: payload.text, kind: payload.text })];
  const characters = [...text];
  for (let at = 0; at < characters.length; at += step) frames.push(next("chunk", { text: characters.slice(at, at + step).join("") }));
  const citations = citationsOf(payload);
  for (const citation of citations) frames.push(next("citation", { citation }));
  const length = Buffer.byteLength(text);
  const claims = [{ kind: payload.text, text: payload.text }];
  frames.push(next("unsupported", { text: payload.text, byte_range: [0, Buffer.byteLength(payload.text)], claims }));
  frames.push(frame("handoff_receipt", { message: payload.text, handoff_id: payload.text }));
  if (endsInError(index)) {
    frames.push(next("retract", { from_byte: length, text: payload.text, reason: payload.text }));
    frames.push(next("error", { text: `${payload.text} End ${index} failed.`, code: payload.text, retry_after_ms: undefined }));
  } else {
    frames.push(next("end", { text, citations, follow_ups: [payload.text, payload.address], model: payload.text }));
  }
  return frames;
}

async function askAll(scene, payloads, manner) {
  let connection;
  for (const [index, payload] of payloads.entries()) {
    // Line ends send a question, so the question has the payload's first line only.
    await scene.ask(`${payload.text.split(/[\r\n]/)[0]} Question ${index}`);
    connection ??= await scene.gateway.nextConnection();
    await connection.next();
    connection.send(...framesOf(payload, index, manner));
    await scene.shows(manner.endsInError(index) ? `End ${index} failed.` : `End ${index}.`);
  }
}

/** Opens what only shows on demand: the passages behind the first, the middle and the last answers that have any. */
async function openSheets(page) {
  const sources = page.locator(".sources button");
  const count = await sources.count();
  for (const index of [0, count >> 1, count - 1]) {
    await sources.nth(index).click();
    await page.keyboard.press("Escape");
  }
}

async function seriousViolations(page) {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await window.axe.run();
    return violations.filter(({ impact }) => /serious|critical/.test(impact)).map(({ id, nodes }) => `${id}: ${nodes[0].html}`);
  });
}

async function runCorpus(all, policy, manner) {
  for (let from = 0; from < all.length; from += BATCH) {
    const payloads = all.slice(from, from + BATCH);
    const texts = payloads.map(({ text }) => text);
    const config = { welcomeMessage: texts[0], placeholderText: texts[1], suggestedQuestions: texts.slice(2, 6) };
    const scene = await open({ policy, config });
    await askAll(scene, payloads, manner);
    await openSheets(scene.page);
    // The checker's own code is inline, so it runs where no policy forbids that.
    if (!policy) assert.deepEqual(await seriousViolations(scene.page), []);
    await scene.check();
    // What the browser kept of the conversation is drawn again.
    await scene.page.reload();
    const answered = payloads.map((_, index) => index).filter((index) => !manner.endsInError(index));
    await scene.shows(`End ${answered.at(-1)}.`);
    await scene.finish();
  }
}

/** Declares the tests of the corpus's families of these names. */
export function testFamilies(...families) {
  for (const family of families) {
    const payloads = PAYLOADS.filter((payload) => payload.family === family);

    test(`a hostile ${family} stays text under a strict policy, wherever it is cut`, () =>
      runCorpus(payloads, STRICT_POLICY, { step: 1, endsInError: (index) => index % 2 === 0 }));

    test(`a hostile ${family} stays text without a policy, and readable by everyone`, () =>
      runCorpus(payloads, "", { step: 5, endsInError: (index) => index % 2 === 1 }));
  }
}
