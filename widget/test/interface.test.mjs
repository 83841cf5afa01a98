// What a visitor can do beside asking: open and close, sources, opinions, a person, editing, coming back.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { QUESTION, answered, chunk, focused, numbered, scenario, showsText } from "./support/scenario.mjs";
import { frame } from "./support/source.mjs";
import { root } from "../build.mjs";

const nameOfFocus = (page) => focused(page, (node) => node.getAttribute("aria-label") || node.name || node.id);
const LAUNCHER = '<script src="/widget.js"></script><script src="/init.js"></script><h1>Page</h1>';

test("without a container there is a launcher, which keeps the focus in order", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t, { body: LAUNCHER, config: { containerId: "nowhere" } });
  const launcher = page.getByRole("button", { name: "Open chat" });
  assert.equal(await page.locator(".panel").count(), 0);
  await launcher.click();
  assert.equal(await nameOfFocus(page), "question");
  await ask();
  await answered(await gateway.nextConnection(), "Yes.");
  await showsText(answer, "Yes.");
  await page.keyboard.press("Escape");
  assert.equal(await nameOfFocus(page), "Open chat");
  assert.equal(await page.locator(".panel").isVisible(), false);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Close chat" }).click();
  assert.equal(await nameOfFocus(page), "Open chat");
});

test("on a phone the chat covers the screen, and the launcher stands for the container", async (t) => {
  const { page } = await scenario(t, { pageOptions: { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true, reducedMotion: "reduce" } });
  const launcher = page.getByRole("button", { name: "Open chat" });
  const { width, height } = await launcher.boundingBox();
  assert.deepEqual([width, height], [60, 60]);
  await launcher.click();
  const box = await page.locator(".panel").boundingBox();
  assert.deepEqual([box.x, box.y, box.width, box.height], [0, 0, 360, 640]);
});

test("thumbs down asks what was wrong and sends it once", async (t) => {
  const { gateway, page, ask } = await scenario(t, { gatewayOptions: { routes: { "/feedback": () => [204, null] } } });
  await ask();
  await answered(await gateway.nextConnection(), "Yes.");
  await page.getByRole("button", { name: "Not helpful" }).click();
  await page.getByLabel("Out of date").check();
  await page.getByLabel("Comment (optional)").fill("You moved.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  assert.equal(await nameOfFocus(page), "Not helpful");
  await page.getByRole("button", { name: "Helpful", exact: true }).click();
  const sent = () => gateway.asked.filter(({ path }) => path === "/feedback").map(({ body }) => body);
  while (sent().length < 2) await page.waitForTimeout(20);
  assert.deepEqual(sent(), [
    { answer_id: "A", verdict: "negative", reason: "outdated", comment: "You moved." },
    { answer_id: "A", verdict: "positive", comment: "" },
  ]);
});

test("a person is reached with a contact, and the receipt is shown", async (t) => {
  const receipt = await frame("handoff_receipt");
  const { gateway, page, ask } = await scenario(t, { config: { handoff: true }, gatewayOptions: { routes: { "/handoff": () => [200, receipt] } } });
  await ask();
  await answered(await gateway.nextConnection(), "I could not find that.", { finish_reason: "no_evidence" });
  await page.locator(".actions").getByRole("button", { name: "Talk to a person" }).click();
  assert.equal(await nameOfFocus(page), "email");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await showsText(page.locator(".status"), "Please give an e-mail address");
  await page.getByLabel("E-mail").fill("visitor@mail.example");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await showsText(page.locator(".status"), receipt.message);
  const { body } = gateway.asked.find(({ path }) => path === "/handoff");
  const example = await frame("handoff");
  delete example.action;
  assert.deepEqual(Object.keys(body).sort(), Object.keys(example).sort());
  assert.deepEqual(body.transcript.map(({ text }) => text), [QUESTION, "I could not find that."]);
  await page.locator(".sheet .plain").click();
  assert.equal(await page.locator(".sheet").isVisible(), false);
});

test("sentences that are not borne out are marked by their bytes", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  const text = "Schöne Grüße. **It costs $49.** Bye.";
  const from = Buffer.byteLength("Schöne Grüße. ");
  const to = from + Buffer.byteLength("**It costs $49.**");
  connection.send(await frame("start"), await chunk(2, text), await numbered("unsupported", 3, { byte_range: [from, to] }), await numbered("end", 4, { text, citations: [] }));
  await showsText(page.locator(".notice"), "Not confirmed by our documents");
  assert.match(await answer.locator("mark").textContent(), /^It costs \$49\./);
});

test("a question is edited in its place, and what followed is forgotten", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask("First?");
  const connection = await gateway.nextConnection();
  await answered(connection, "One.");
  await showsText(answer, "One.");
  await ask("Second?");
  await answered(connection, "Two.", {}, "B");
  await showsText(answer, "Two.");
  await page.getByRole("button", { name: "Edit question" }).first().click();
  await page.keyboard.type(" Really?");
  await page.keyboard.press("Enter");
  const { message, history } = await connection.next();
  assert.deepEqual([message, history], ["First? Really?", []]);
  assert.equal(await page.locator(".turn").count(), 1);
});

test("what is asked next is offered, and a new conversation begins empty", async (t) => {
  const { gateway, page, ask } = await scenario(t, { config: { suggestedQuestions: ["Start?"] } });
  await ask();
  const connection = await gateway.nextConnection();
  await answered(connection, "Yes.", { follow_ups: ["And tomorrow?"] });
  await page.getByRole("button", { name: "And tomorrow?" }).click();
  assert.equal((await connection.next()).message, "And tomorrow?");
  await page.getByRole("button", { name: "New conversation" }).click();
  assert.equal(await page.locator(".turn").count(), 0);
  assert.deepEqual(await page.evaluate(() => window.SmallBizChatbot.getHistory()), []);
  assert.equal(await page.getByRole("button", { name: "Start?" }).isVisible(), true);
});

test("the conversation survives the page when it may be stored, and one call clears it", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t, { config: { consent: false } });
  const stored = () => page.evaluate(() => sessionStorage.length + localStorage.length);
  await ask();
  await answered(await gateway.nextConnection(), "Yes.");
  await showsText(answer, "Yes.");
  assert.equal(await stored(), 0);
  await page.evaluate(() => window.SmallBizChatbot.setConsent(true));
  assert.equal(await stored(), 1);
  await page.evaluate(() => SmallBizChatbot.init({ containerId: "chatbot-container" }));
  await showsText(answer, "Yes.");
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.evaluate(() => window.SmallBizChatbot.clearHistory());
  assert.equal(await stored(), 0);
});

test("ten thousand messages are there, and only those that are looked at are built", async (t) => {
  const { gateway, page } = await scenario(t, { config: { containerId: "nowhere" }, body: LAUNCHER });
  await page.evaluate((origin) => {
    const turn = (number) => ({ question: `Question ${number}`, askedAt: 1, answer: { id: "A", text: `Answer ${number}`, finish: "complete" } });
    sessionStorage.setItem(`smallbiz:turns:${origin}/chat#nowhere`, JSON.stringify(Array.from({ length: 5_000 }, (_, number) => turn(number))));
    SmallBizChatbot.init({ containerId: "nowhere" });
  }, gateway.origin);
  assert.equal(await page.evaluate(() => SmallBizChatbot.getHistory().length), 10_000);
  const took = await page.evaluate(() => {
    const before = performance.now();
    SmallBizChatbot.open();
    return performance.now() - before;
  });
  t.diagnostic(`opening took ${took.toFixed(0)} ms`);
  await page.getByText("Answer 4999").waitFor();
  assert.ok((await page.locator(".turn").count()) <= 60);
  await page.locator(".log").evaluate((log) => (log.scrollTop = 0));
  await page.waitForFunction(() => document.querySelector("[data-smallbiz-chatbot]").shadowRoot.querySelectorAll(".turn").length > 20);
});

test("another language is fetched and written in its direction", async (t) => {
  const arabic = JSON.stringify({ ...JSON.parse(await readFile(`${root}languages/en.json`, "utf8")), input: "سؤالك" });
  const { page, requests, gateway } = await scenario(t, {
    body: LAUNCHER, lang: "ar-EG", config: { labels: { title: "أهلا" } },
    gatewayOptions: { routes: { "/languages/ar.json": () => [200, JSON.parse(arabic)] } },
  });
  await page.locator(".launcher").click();
  await page.getByLabel("سؤالك").waitFor();
  assert.deepEqual(await page.locator(".panel").evaluate(({ dir, lang }) => [dir, lang]), ["rtl", "ar"]);
  assert.equal(await page.locator(".header .title").textContent(), "أهلا");
  assert.ok(requests.includes(`${gateway.origin}/languages/ar.json`));
});
