// Conversations in a real browser, under a policy that forbids inline code and style and demands trusted types.
import assert from "node:assert/strict";
import test from "node:test";
import { QUESTION, browser, chunk, end, numbered, sameKeys, scenario, showsText } from "./support/scenario.mjs";
import { frame } from "./support/source.mjs";

test("an answer streams in, and its numbers and sources lead to the documents", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  const sent = await connection.next();
  await sameKeys(sent, "sendMessage");
  assert.equal(sent.message, QUESTION);
  connection.send(await frame("start"), await frame("notice"), await chunk(3, "On Sundays we are open "));
  await showsText(answer, "On Sundays we are open");
  assert.equal(await page.getByRole("button", { name: "Stop the answer" }).isVisible(), true);
  connection.send(await chunk(4, "from 11:00 to 16:00. [1]"), await numbered("citation", 5), await numbered("end", 6));
  const chip = answer.getByRole("button", { name: "Source 1: Opening hours › Weekend" });
  await chip.waitFor();
  assert.equal(await chip.textContent(), "1");
  await chip.click();
  const sheet = page.getByRole("dialog", { name: "Sources" });
  assert.equal(await sheet.locator("mark").textContent(), "On Sundays we are open from 11:00 to 16:00.");
  const link = sheet.getByRole("link", { name: "Open the document" });
  assert.equal(await link.getAttribute("href"), `${gateway.origin}/documents/main/hours.md#passage-3`);
  assert.equal(await link.getAttribute("target"), "_blank");
  assert.match(await link.getAttribute("rel"), /noopener/);
  await page.keyboard.press("Escape");
  assert.equal(await chip.evaluate((node) => node.getRootNode().activeElement === node), true);
  await showsText(page.locator(".notice"), "quotes the shop's documents");
  await page.getByRole("button", { name: "Send question" }).waitFor();
});

test("a follow-up carries the conversation, and the page can read it", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await end(2, "From 11:00."));
  await showsText(answer, "From 11:00.");
  await ask("And on Mondays?");
  const { history } = await connection.next();
  assert.deepEqual(history, [
    { role: "visitor", text: QUESTION },
    { role: "assistant", text: "From 11:00." },
  ]);
  connection.send(await frame("start", { answer_id: "B" }), await end(2, "From 9:30.", { answer_id: "B" }));
  await showsText(answer, "From 9:30.");
  const kept = await page.evaluate(() => window.SmallBizChatbot.getHistory().map(({ sender, text }) => [sender, text]));
  assert.deepEqual(kept, [["visitor", QUESTION], ["assistant", "From 11:00."], ["visitor", "And on Mondays?"], ["assistant", "From 9:30."]]);
});

test("an answer goes on after the connection drops, without a lost or doubled word", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const first = await gateway.nextConnection();
  await first.next();
  first.send(await frame("start"), await chunk(2, "one "), await chunk(3, "two "));
  await showsText(answer, "two");
  first.drop();
  const second = await gateway.nextConnection();
  const resume = await second.next();
  await sameKeys(resume, "resume");
  assert.equal(resume.after_seq, 3);
  second.send(await chunk(3, "two "), await chunk(4, "three "), await chunk(5, "four"));
  await showsText(answer, "four");
  assert.equal(await answer.textContent(), "one two three four");
  second.send(await end(6, "one two three four."));
  await showsText(answer, "four.");
  assert.equal(await page.evaluate(() => window.SmallBizChatbot.getConnectionState()), "open");
});

test("a missing frame is asked for once, and the text waits for it", async (t) => {
  const { gateway, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await chunk(2, "one "), await chunk(4, "three "), await chunk(5, "four"));
  const resume = await connection.next();
  assert.equal(resume.after_seq, 2);
  connection.send(await chunk(3, "two "), await chunk(4, "three "), await chunk(5, "four"));
  await showsText(answer, "one two three four");
});

test("a question that was lost before its answer began is sent again under the same id", async (t) => {
  const { gateway, ask, answer } = await scenario(t);
  await ask();
  const first = await gateway.nextConnection();
  const lost = await first.next();
  first.drop();
  const second = await gateway.nextConnection();
  const again = await second.next();
  assert.equal(again.client_message_id, lost.client_message_id);
  second.send(await frame("start"), await end(2, "Yes."));
  await showsText(answer, "Yes.");
});

test("when the gateway cannot resume, the question is asked again and the old text goes", async (t) => {
  const { gateway, ask, answer } = await scenario(t);
  await ask();
  const first = await gateway.nextConnection();
  await first.next();
  first.send(await frame("start"), await chunk(2, "old words"));
  await showsText(answer, "old words");
  first.drop();
  const second = await gateway.nextConnection();
  await second.next();
  second.send(await frame("resync"));
  const again = await second.next();
  assert.equal(again.action, "sendMessage");
  second.send(await frame("start", { answer_id: "B" }), await end(2, "new words", { answer_id: "B" }));
  await showsText(answer, "new words");
  assert.equal(await answer.textContent(), "new words");
});

test("a withdrawn passage disappears and the reader learns why", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await chunk(2, "Kept. "), await chunk(3, "Withdrawn."));
  await showsText(answer, "Withdrawn.");
  connection.send(await numbered("retract", 4, { from_byte: 5 }), await end(5, "Kept."));
  await page.locator(".notice", { hasText: "withdrawn" }).waitFor();
  assert.equal(await answer.textContent(), "Kept.");
});

test("an error says what happened and can be tried again", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  const first = await connection.next();
  connection.send(await frame("error", { retry_after_ms: undefined }));
  await showsText(page.locator(".problem"), "many questions");
  await page.getByRole("button", { name: "Try again" }).click();
  const second = await connection.next();
  assert.equal(second.message, QUESTION);
  assert.notEqual(second.client_message_id, first.client_message_id);
  connection.send(await frame("start"), await end(2, "From 11:00."));
  await showsText(answer, "From 11:00.");
  assert.equal(await page.locator(".problem").count(), 0);
});

test("an error that asks for patience counts down, and one that cannot be repaired offers nothing", async (t) => {
  const { gateway, page, ask } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("error"));
  const retry = page.getByRole("button", { name: /Try again in \d+ s/ });
  await retry.waitFor();
  assert.equal(await retry.isDisabled(), true);
  await ask("Again?");
  await connection.next();
  connection.send(await frame("error", { code: "TOO_LARGE", text: "That is too long.", retryable: false, retry_after_ms: undefined }));
  const problem = page.locator(".problem", { hasText: "too long" });
  await problem.waitFor();
  assert.equal(await problem.getByRole("button").count(), 0);
});

test("stopping keeps what was written and tells the gateway", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await chunk(2, "Half an answer"));
  await showsText(answer, "Half an answer");
  await page.getByRole("button", { name: "Stop the answer" }).click();
  await sameKeys(await connection.next(), "stop");
  await page.locator(".notice", { hasText: "Stopped." }).waitFor();
  connection.send(await chunk(3, " that nobody wants"), await end(4, "Half an answer", { finish_reason: "stopped" }));
  await ask("Another?");
  await connection.next();
  connection.send(await frame("start", { answer_id: "B" }), await end(2, "Whole.", { answer_id: "B" }));
  await showsText(answer, "Whole.");
  assert.equal(await page.locator(".turn .text").first().textContent(), "Half an answer");
});

test("a question stopped before its answer began is stopped as soon as it begins", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  await page.getByRole("button", { name: "Stop the answer" }).click();
  await ask("Another?");
  await connection.next();
  connection.send(await frame("start"));
  assert.deepEqual(await connection.next(), { action: "stop", answer_id: (await frame("start")).answer_id });
  connection.send(await frame("start", { answer_id: "B" }), await end(2, "Whole.", { answer_id: "B" }));
  await showsText(answer, "Whole.");
});

test("without a WebSocket the answer comes over HTTP", async (t) => {
  const citations = (await frame("end")).citations;
  const data = { response: "From 11:00. [1]", cached: false, model: "extractive", citations, finish_reason: "complete" };
  const { gateway, page, ask, answer } = await scenario(t, {
    config: { apiKey: "sbc_widget_example" },
    gatewayOptions: { answer: () => [200, { success: true, data, timestamp: "2026-01-01T00:00:00Z" }] },
  });
  gateway.acceptsSockets = false;
  await ask();
  await showsText(answer, "From 11:00.");
  await answer.getByRole("button", { name: /Source 1/ }).waitFor();
  const { headers, body } = gateway.asked.find(({ path }) => path === "/chat");
  assert.equal(headers["x-api-key"], "sbc_widget_example");
  assert.equal(body.message, QUESTION);
  assert.equal(body.streaming, true);
  assert.equal(await page.evaluate(() => window.SmallBizChatbot.getConnectionState()), "rest");
});

test("an error over HTTP is shown in its own words and waits as long as it says", async (t) => {
  const problem = { type: "about:blank", title: "Too many", status: 429, detail: "Please wait a little.", code: "RATE_LIMITED", retryable: true };
  const { page, ask } = await scenario(t, {
    config: { streaming: false },
    gatewayOptions: { answer: () => [429, problem, { "retry-after": "30" }] },
  });
  await ask();
  await showsText(page.locator(".problem"), "Please wait a little.");
  await page.getByRole("button", { name: /Try again in (30|29) s/ }).waitFor();
});

test("a first question that was answered before is answered from the browser", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t, { config: { cache: { enabled: true }, history: "none" } });
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await end(2, "From 11:00."));
  await showsText(answer, "From 11:00.");
  await page.reload();
  await ask(QUESTION.toUpperCase());
  await page.locator(".notice", { hasText: "Answered earlier" }).waitFor();
  assert.equal(await answer.textContent(), "From 11:00.");
  // Turning to the input connects, whatever is asked then.
  await gateway.nextConnection();
  await page.evaluate(() => window.SmallBizChatbot.clearCache());
  await page.reload();
  await ask();
  const again = await gateway.nextConnection();
  assert.equal((await again.next()).action, "sendMessage");
});
