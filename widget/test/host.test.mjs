// The page around the chat: its styles, its policy, its events, several chats, coming and going; and what screen readers and axe find.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import test from "node:test";
import { answered, chunk, numbered, scenario, showsText } from "./support/scenario.mjs";
import { frame } from "./support/source.mjs";

const ELEMENTS = `<script src="/widget.js"></script><main><h1>Page</h1><div><smallbiz-chat id="one" welcome-message="One" suggested-questions='["Price?"]'></smallbiz-chat></div>
  <div><smallbiz-chat id="two" primary-color="#ffdd00" feedback="false"></smallbiz-chat></div></main>`;

test("styles of a hostile page change nothing inside", async (t) => {
  const hostile = "* { all: unset !important; display: inline !important; font-size: 3px !important; color: red !important } div, smallbiz-chat { position: fixed !important; transform: scale(0.1) !important; opacity: 0 !important }";
  const { gateway, page, ask, answer } = await scenario(t, {
    body: `<script src="/widget.js"></script><main><smallbiz-chat></smallbiz-chat></main>`,
  });
  await page.evaluate((css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
  }, hostile);
  await ask();
  await answered(await gateway.nextConnection(), "Yes.");
  await showsText(answer, "Yes.");
  const looks = await answer.evaluate((node) => {
    const { fontSize, opacity } = getComputedStyle(node);
    const { display, transform } = getComputedStyle(node.getRootNode().host);
    return { fontSize, opacity, display, transform };
  });
  assert.deepEqual(looks, { fontSize: "16px", opacity: "1", display: "block", transform: "none" });
});

test("two elements are two conversations, with their own options, calls and events", async (t) => {
  const { gateway, page } = await scenario(t, { body: ELEMENTS });
  const heard = page.evaluate(() => new Promise((resolve) => document.addEventListener("smallbiz-answer", (event) => resolve([event.target.id, event.detail]))));
  await page.evaluate(() => document.querySelector("#two").ask("Hi?"));
  await answered(await gateway.nextConnection(), "Hello.");
  assert.deepEqual(await heard, ["two", { text: "Hello.", finish: "complete", cached: false }]);
  const counts = await page.evaluate(() => ["one", "two"].map((id) => document.getElementById(id).getHistory().length));
  assert.deepEqual(counts, [0, 2]);
  assert.equal(await page.locator("#one").getByRole("button", { name: "Price?" }).isVisible(), true);
  assert.equal(await page.locator("#two").getByRole("button", { name: "Helpful", exact: true }).count(), 0);
});

test("one line embeds the chat", async (t) => {
  const body = '<script src="/widget.js" data-site="sbc_site_example" data-container-id="here" data-welcome-message="Moin!"></script><div id="here"></div>';
  const { gateway, page, ask } = await scenario(t, { body });
  await page.getByText("Moin!").waitFor();
  await ask();
  assert.deepEqual(await (await gateway.nextConnection()).next(), { action: "authenticate", api_key: "sbc_site_example" });
});

test("a hundred mounts and unmounts leave nothing behind", async (t) => {
  const { context, page } = await scenario(t);
  const session = await context.newCDPSession(page);
  const turns = (count) => page.evaluate((times) => {
    for (let time = 0; time < times; time += 1) {
      SmallBizChatbot.init({ containerId: "chatbot-container" });
      SmallBizChatbot.cleanup();
      const chat = document.createElement("smallbiz-chat");
      document.body.append(chat);
      chat.remove();
    }
  }, count);
  const counted = async () => {
    await session.send("HeapProfiler.collectGarbage");
    await session.send("HeapProfiler.collectGarbage");
    const { nodes, jsEventListeners } = await session.send("Memory.getDOMCounters");
    return { nodes, jsEventListeners };
  };
  await turns(10);
  const before = await counted();
  await turns(100);
  const after = await counted();
  t.diagnostic(`${JSON.stringify(before)} before, ${JSON.stringify(after)} after`);
  assert.ok(after.nodes - before.nodes < 200, JSON.stringify([before, after]));
  assert.ok(after.jsEventListeners - before.jsEventListeners < 20, JSON.stringify([before, after]));
});

test("axe finds nothing in any state, light or dark", async (t) => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    const { gateway, page, ask } = await scenario(t, {
      body: '<script src="/widget.js"></script><script src="/init.js"></script><main><h1>Page</h1></main>',
      config: { handoff: true, theme: { primaryColor: colorScheme === "dark" ? "#1a1a8c" : "#ffdd00" } },
      gatewayOptions: { policy: "" },
      pageOptions: { colorScheme, reducedMotion: "reduce" },
    });
    await page.evaluate(axe);
    const check = async (state) => {
      const found = await page.evaluate(async () => (await window.axe.run()).violations.flatMap(({ id, nodes }) => nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message}`)));
      assert.deepEqual(found, [], `${state}, ${colorScheme}`);
    };
    await check("launcher");
    await page.getByRole("button", { name: "Open chat" }).click();
    await check("open");
    await ask();
    const connection = await gateway.nextConnection();
    await connection.next();
    await check("searching");
    const text = "**Yes.** It costs $49. `code` [1]\n\n- a [link](/x)\n\n> quoted\n\n```\ncode\n```\n\n| A | B |\n|--|--|\n| 1 | [x](/y) |";
    connection.send(await frame("start"), await frame("notice"), await chunk(3, text), await numbered("unsupported", 4, { byte_range: [10, 23] }));
    await page.locator("table").waitFor();
    await check("writing");
    connection.send(await numbered("end", 5, { text }));
    await page.locator(".source").waitFor();
    await check("answered");
    for (const name of ["Source 1: Opening hours › Weekend", "Not helpful", "Talk to a person"]) {
      await page.getByRole("button", { name }).first().click();
      await page.locator(".sheet").waitFor();
      await check(name);
      await page.keyboard.press("Escape");
    }
    await ask("Again?");
    await connection.next();
    connection.send(await frame("error"));
    await page.locator(".problem").waitFor();
    await check("error");
  }
});

test("the site's colours carry readable text, whatever they are", async (t) => {
  for (const primaryColor of ["#ffdd00", "#1f6f5c", "#808080", "#000", "white", "blue", "red", "oklch(70% 0.2 140)", "#7f7f00"]) {
    for (const colorScheme of ["light", "dark"]) {
      const { gateway, page, ask, answer } = await scenario(t, { config: { theme: { primaryColor } }, pageOptions: { colorScheme } });
      await ask();
      await answered(await gateway.nextConnection(), "See [this](/x).");
      await showsText(answer, "See");
      const ratios = await page.evaluate(() => {
        const root = document.querySelector("[data-smallbiz-chatbot]").shadowRoot;
        const pixel = (colour) => {
          const context = new OffscreenCanvas(1, 1).getContext("2d");
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
          return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255);
        };
        const luminance = (colour) => pixel(colour).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)).reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
        const contrast = (text, ground) => {
          const [high, low] = [luminance(getComputedStyle(text).color), luminance(getComputedStyle(ground).backgroundColor)].sort((a, b) => b - a);
          return (high + 0.05) / (low + 0.05);
        };
        const [question, header, text, link] = [".question", ".header", ".text", ".text a"].map((kind) => root.querySelector(kind));
        return [contrast(question, question), contrast(header, header), contrast(link, text), luminance(getComputedStyle(text).backgroundColor)];
      });
      assert.ok(ratios[0] >= 4.5 && ratios[1] >= 4.5 && ratios[2] >= 4.5, `${primaryColor} in ${colorScheme}: ${ratios}`);
      assert.equal(ratios[3] < 0.1, colorScheme === "dark");
    }
  }
});

test("at 400 % zoom nothing is cut off sideways, and forced colours keep every button's edge", async (t) => {
  const { gateway, page, ask, answer } = await scenario(t, {
    body: '<meta name="viewport" content="width=device-width"><script src="/widget.js"></script><script src="/init.js"></script>',
    pageOptions: { viewport: { width: 320, height: 256 }, forcedColors: "active" },
  });
  await page.getByRole("button", { name: "Open chat" }).click();
  await ask();
  await answered(await gateway.nextConnection(), "Yes, of course.", { follow_ups: ["A rather long question that has to be broken into several lines?"] });
  await showsText(answer, "Yes");
  const looks = await page.evaluate(() => {
    const root = document.querySelector("[data-smallbiz-chatbot]").shadowRoot;
    const parts = [".panel", ".log", ".composer"].map((kind) => root.querySelector(kind));
    return { wide: parts.some((part) => part.scrollWidth > part.clientWidth + 2), border: getComputedStyle(root.querySelector(".plain")).borderTopStyle };
  });
  assert.deepEqual(looks, { wide: false, border: "solid" });
});
