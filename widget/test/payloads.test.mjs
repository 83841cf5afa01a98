// Hostile text in every place that text can come from: nothing runs, nothing is fetched, nothing turns into a live node.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { PAYLOADS } from "./payloads.corpus.mjs";
import { installGuard } from "./payloads.guard.mjs";
import { browser, citationsOf, open, testFamilies } from "./payloads.scene.mjs";
import { STRICT_POLICY } from "./support/gateway.mjs";

test("the corpus holds over 200 payloads, each of its own", () => {
  assert.ok(PAYLOADS.length > 200, `${PAYLOADS.length}`);
  assert.equal(new Set(PAYLOADS.map(({ text }) => text)).size, PAYLOADS.length);
  const families = [...new Set(PAYLOADS.map(({ family }) => family))].sort();
  // Each family is asked by one of the tests of payloads; a file has to end within the runner's time.
  assert.deepEqual(families, ["address", "character", "leak", "structure", "tag", "web address"]);
});

testFamilies("character", "structure");

test("whole answers and refusals over HTTP stay text", async () => {
  const payloads = PAYLOADS.filter((_, index) => index % 12 === 0);
  let index = 0;
  const answer = () => {
    const payload = payloads[index];
    const citations = citationsOf(payload);
    const body = { response: `${payload.text}\n\nSee [1], [2] and [3]. End ${index}.`, citations, finish_reason: "complete" };
    const extra = { notices: [{ kind: payload.text, text: payload.text }], follow_ups: [payload.text], answer_id: payload.text };
    if (index % 2 === 0) return [200, { ...body, ...extra }];
    return [400, { code: payload.text, detail: `${payload.text} End ${index}.`, retryable: true, title: payload.text, type: payload.address }];
  };
  const scene = await open({ policy: STRICT_POLICY, config: { streaming: false }, answer });
  for (; index < payloads.length; index += 1) {
    await scene.ask(`Question ${index}`);
    await scene.shows(`End ${index}.`);
  }
  await scene.finish();
});

test("a hostile theme fetches nothing and leaves the default look", async () => {
  const theme = {
    primaryColor: "url(https://attacker.example/a)", secondaryColor: "red;background:url(https://attacker.example/b)",
    fontFamily: "x;}*{background:url(https://attacker.example/c)}", fontSize: "16px;background:url(//attacker.example)", borderRadius: "</style><script>alert(1)</script>",
  };
  const scene = await open({ policy: STRICT_POLICY, config: { theme } });
  await scene.ask("Question");
  await scene.shows("Question");
  await scene.finish();
});

test("hostile words of a language, a label, a starter question or a receipt stay text", async () => {
  const english = JSON.parse(await readFile(new URL("../languages/en.json", import.meta.url), "utf8"));
  const texts = PAYLOADS.filter(({ family }) => family === "tag").map(({ text }) => text.replace(/\s+/g, " "));
  const hostile = Object.fromEntries(Object.keys(english).map((key, index) => [key, `${texts[index % texts.length]} ${key}`]));
  const receipt = { handoff_id: texts[0], state: "delivered", message: `${texts[1]} received` };
  const pages = { "/languages/xx.json": JSON.stringify(hostile), "/v1/suggestions": JSON.stringify({ suggestions: texts.slice(0, 4) }), "/handoff": JSON.stringify(receipt) };
  const config = { language: "xx", handoff: true, labels: { title: "<img src=x onerror=alert(1)> own title" } };
  const scene = await open({ policy: STRICT_POLICY, config, pages });
  await scene.shows("own title");
  // Starter questions are asked for once the visitor turns to the chat.
  await scene.page.locator("textarea").first().focus();
  await scene.shows(texts[3]);
  await scene.page.getByRole("button", { name: hostile.person }).click();
  await scene.page.locator("input[type=email]").fill("<svg onload=alert(1)>@mail.example");
  await scene.page.locator("input[type=email]").evaluate((input) => (input.type = "text"));
  await scene.page.locator("form:has(textarea[name=message]) button[type=submit]").click();
  await scene.shows("received");
  await scene.finish();
});

test("the same guard finds the payloads alive where text becomes HTML", async () => {
  const page = await (await browser.newContext()).newPage();
  const outside = new Set();
  await page.addInitScript(installGuard);
  // An empty reply, unlike a failure, keeps the page when the payload navigates it.
  await page.route(/^http/, (route) => (outside.add(route.request().url()), route.fulfill({ status: 204 })));
  page.on("dialog", (dialog) => dialog.dismiss());
  await page.goto("about:blank");
  const found = await page.evaluate(async (payloads) => {
    let alerts = 0;
    window.alert = () => (alerts += 1);
    const naive = (text) => text
      .replace(/!\[([^\]]*)\]\(<?([^)>\s]*)[^)]*\)/g, '<img alt="$1" src="$2">')
      .replace(/\[([^\]]*)\]\(<?([^)>]*?)>?(?: "[^"]*")?\)/g, '<a href="$2">$1</a>')
      .replace(/<((?:java|https?:|data:)[^>]*)>/gi, '<a href="$1">$1</a>');
    const live = payloads.filter(({ text }) => {
      const drawn = document.body.appendChild(document.createElement("div"));
      drawn.innerHTML = naive(text);
      return window.guard.inspect(drawn).length > 0;
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { live: live.length, alerts };
  }, PAYLOADS);
  await page.context().close();
  assert.ok(found.live > PAYLOADS.length / 2, `${found.live} of ${PAYLOADS.length} payloads are alive`);
  assert.ok(found.alerts > 20 && outside.size > 0, `${found.alerts} dialogs, ${outside.size} requests`);
});
