// Words are neither lost nor doubled, whatever happens to the connection: the answer on screen is the text of its end.
import assert from "node:assert/strict";
import test from "node:test";
import { QUESTION, answered, chunk, end, numbered, scenario, showsText } from "./support/scenario.mjs";
import { frame } from "./support/source.mjs";

const WORDS = ["Grüße! ", "We open ", "at 11:00 ", "and close at 16:00 – ", "日本語 ", "too."];
const TEXT = WORDS.join("");
const events = async () => [await frame("start"), ...(await Promise.all(WORDS.map((word, index) => chunk(index + 2, word)))), await end(WORDS.length + 2, TEXT)];
const isSettled = (page) => page.waitForFunction(() => [...document.querySelector("[data-smallbiz-chatbot]").shadowRoot.querySelectorAll(".turn")].at(-1)?.getAttribute("aria-busy") === "false");
const equalsEnd = async (page, answer) => {
  await isSettled(page);
  assert.equal(await answer.textContent(), TEXT);
  assert.equal(await page.evaluate(() => window.SmallBizChatbot.getHistory().at(-1).text), TEXT);
};

test("the socket may be cut before and after every event", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t, { config: { websocket: { reconnectInterval: 20 } } });
  const all = await events();
  await ask();
  for (let cut = 0; cut < all.length; cut += 1) {
    const connection = await gateway.nextConnection();
    const sent = await connection.next();
    assert.equal(sent.action, cut > 0 ? "resume" : "sendMessage");
    if (cut > 0) assert.equal(sent.after_seq, cut);
    // The first connection carries nothing; each later one repeats the last event and adds one.
    if (cut > 0) connection.send(...all.slice(Math.max(0, cut - 1), cut + 1));
    else connection.send(all[0]);
    const shown = WORDS.slice(0, cut).join("").trim();
    if (cut > 0) await page.waitForFunction((text) => window.SmallBizChatbot.getHistory().at(-1).text.trim() === text, shown);
    else await page.waitForTimeout(100);
    if (cut < all.length - 1) connection.drop();
  }
  await equalsEnd(page, answer);
});

test("without a WebSocket the answer streams over HTTP, and goes on after a cut from where it was", async (t) => {
  const all = await events();
  const replies = [[200, [...all.slice(0, 3), null]], [200, [...all.slice(2, 5), null]], [200, all.slice(5)]];
  const { gateway, page, ask, answer } = await scenario(t, { gatewayOptions: { answer: () => replies.shift() } });
  gateway.acceptsSockets = false;
  await ask();
  await equalsEnd(page, answer);
  const [first, second, third] = gateway.asked.filter(({ path }) => path.startsWith("/chat"));
  assert.deepEqual([first.path, first.body.streaming, first.headers.accept], ["/chat", true, "text/event-stream"]);
  const { answer_id: id, epoch } = all[0];
  assert.deepEqual([second.path, second.headers["last-event-id"]], [`/chat/${id}/events`, `${id}:${epoch}:3`]);
  assert.equal(third.headers["last-event-id"], `${id}:${epoch}:5`);
});

test("where events cannot be continued, the question is repeated under its id and known events are left out", async (t) => {
  const all = await events();
  const replies = [[200, [...all.slice(0, 4), null]], [404, { code: "NOT_FOUND" }], [200, all]];
  const { gateway, page, ask, answer } = await scenario(t, { gatewayOptions: { answer: () => replies.shift() } });
  gateway.acceptsSockets = false;
  await ask();
  await equalsEnd(page, answer);
  const [first, , last] = gateway.asked;
  assert.equal(last.body.client_message_id, first.body.client_message_id);
});

test("where no events get through, the answer comes in one piece", async (t) => {
  const whole = { response: TEXT, answer_id: "A", citations: [], finish_reason: "complete", generation: 3, notices: [{ kind: "degraded", text: "Short today." }] };
  const { gateway, page, ask, answer } = await scenario(t, { gatewayOptions: { answer: (body) => (body.streaming ? [200, [null]] : [200, whole]) } });
  gateway.acceptsSockets = false;
  await ask();
  await equalsEnd(page, answer);
  await showsText(page.locator(".notice"), "Short today.");
});

test("questions asked offline wait, and are sent in their order", async (t) => {
  const { gateway, context, page, ask, answer } = await scenario(t);
  await context.setOffline(true);
  await ask("First?");
  await showsText(page.locator(".notice").first(), "Not sent yet");
  await ask("Second?");
  assert.equal(await page.locator(".turn").count(), 2);
  await context.setOffline(false);
  const connection = await gateway.nextConnection();
  const first = await connection.next();
  assert.equal(first.message, "First?");
  connection.send(await frame("start"), await end(2, "One."));
  const second = await connection.next();
  assert.deepEqual([second.message, second.history.length], ["Second?", 2]);
  connection.send(await frame("start", { answer_id: "B" }), await end(2, "Two.", { answer_id: "B" }));
  await showsText(answer, "Two.");
  assert.equal(await page.locator(".notice").count(), 0);
});

test("a site's key is exchanged for a token, after work where the gateway asks for it", async (t) => {
  const sessions = [];
  const { gateway, ask, answer } = await scenario(t, {
    config: { apiKey: "sbc_site_example", userId: "ada", userHash: "00" },
    gatewayOptions: {
      routes: {
        "/v1/session": (body, { headers }) => {
          sessions.push({ ...body, key: headers["x-api-key"] });
          return [200, body.challenge ? { token: "sbc_visit_1", expires_in_seconds: 600 } : { challenge: "sbc_work_1", bits: 8, expires_in_seconds: 120 }];
        },
        "/v1/suggestions": () => [200, { suggestions: [] }],
      },
    },
  });
  await ask();
  const connection = await gateway.nextConnection();
  assert.deepEqual(await connection.next(), { action: "authenticate", token: "sbc_visit_1" });
  connection.send({ type: "authenticated" });
  await answered(connection, "Yes.");
  await showsText(answer, "Yes.");
  assert.deepEqual(sessions[0], { user_id: "ada", user_hash: "00", key: "sbc_site_example" });
  const { createHash } = await import("node:crypto");
  assert.equal(createHash("sha256").update(`sbc_work_1:${sessions[1].solution}`).digest()[0], 0);
});

test("a long answer of 100 kB stays whole", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t);
  const paragraph = "Every bicycle that leaves the workshop was ridden by the person who repaired it. ".repeat(5).trim();
  const text = Array.from({ length: 245 }, () => paragraph).join("\n\n");
  await ask(QUESTION);
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"));
  let seq = 1;
  for (let at = 0; at < text.length; at += 5_000) connection.send(await chunk(++seq, text.slice(at, at + 5_000)));
  connection.send(await numbered("end", ++seq, { text, citations: [] }));
  await isSettled(page);
  assert.equal(await answer.evaluate((root) => Array.from(root.children, (child) => child.textContent).join("\n\n")), text);
});
