// The playground: its code follows the form, each of its frames holds the real widget in the state it names, and everyone can use it.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import test, { after, before } from "node:test";
import { root } from "../build.mjs";
import { FIELDS, asElement, configOf, oneLine, withInit } from "../demo/playground/options.js";
import { SCENES } from "../demo/playground/scenes.js";
import { pathOf, playgroundPages } from "./playground.pages.mjs";
import { launch } from "./support/browser.mjs";
import { STRICT_POLICY, startGateway } from "./support/gateway.mjs";
import { DEADLINE } from "./support/scenario.mjs";

let browser;
let gateway;
before(async () => {
  browser = await launch();
  gateway = await startGateway({ pages: await playgroundPages(), policy: STRICT_POLICY });
});
after(async () => {
  await browser?.close();
  await gateway?.close();
});

/** Opens a page of the playground; the returned function closes it and fails on whatever went wrong in it. */
async function open(path, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => new URL(request.url()).origin === gateway.origin || faults.push(request.url()));
  page.on("console", (line) => /Content Security Policy|Trusted/i.test(line.text()) && faults.push(line.text()));
  await page.goto(gateway.origin + path);
  const close = async () => {
    await context.close();
    assert.deepEqual(faults, []);
  };
  return { page, close };
}

/** What a reader finds in the widget once each scene has been played. */
const SHOWN = {
  empty: /Sundays/, streaming: /What a service holds/, sources: /11:00 to 16:00/, passage: /On Saturdays we are open/, opinion: /What was not right/, long: /Wheel trued/, quoted: /word for word/, unknown: /could not find/,
  refused: /only help with questions about the shop/, unsupported: /free bottle of oil/, retracted: /withdrawn/, handoff: /This conversation is sent along/,
  limited: /Try again in \d+/, error: /could not be written/, offline: /Not sent yet/, unreachable: /cannot be reached/, reconnecting: /Reconnecting/,
};

test("every file of the playground has a route, and no route lacks its file", async () => {
  const routes = (await readFile(`${root}../gateway/src/http/assets.rs`, "utf8")).match(/demo\/playground\/[\w.]+/g).map((path) => path.split("/").pop());
  assert.deepEqual([...new Set(routes)].sort(), (await readdir(`${root}demo/playground`)).sort());
});

test("each state of the gallery is the real widget in that state", async () => {
  assert.deepEqual(Object.keys(SHOWN), Object.keys(SCENES));
  const options = encodeURIComponent(JSON.stringify({ containerId: "chatbot-container", suggestedQuestions: ["When are you open on Sundays?"] }));
  for (const [scene, shown] of Object.entries(SHOWN)) {
    const { page, close } = await open(`/playground/state?scene=${scene}&scheme=light&still#${options}`);
    await page.getByText(shown).first().waitFor(DEADLINE).catch((error) => assert.fail(`${scene}: ${error.message}`));
    await close();
  }
});

/** The form as it stands before anybody changes it, but without its colour. */
const UNSET = Object.fromEntries(Object.entries(FIELDS).map(([name, { unset }]) => [name, unset]));

test("options follow the form, and only those that differ from the widget's own", () => {
  assert.deepEqual(configOf({ ...UNSET, placement: "container" }), { containerId: "chatbot-container" });
  assert.deepEqual(configOf({ ...UNSET, placement: "launcher", feedback: undefined, handoff: "on" }), { feedback: false, handoff: true });
  const { containerId, ...rest } = configOf({ ...UNSET, primaryColor: "#aa0000", fontSize: "18", suggestedQuestions: " One?\n\nTwo? " });
  assert.deepEqual(rest, { theme: { primaryColor: "#aa0000", fontSize: 18 }, suggestedQuestions: ["One?", "Two?"] });
});

test("the playground offers only what the widget knows", async () => {
  const declared = await readFile(`${root}dist/widget.d.ts`, "utf8");
  for (const name of Object.keys(FIELDS)) assert.match(declared, new RegExp(`^  ${name}\\?:`, "m"), name);
});

test("hostile values stay inside the attribute or the text that they belong to", () => {
  const values = { ...UNSET, welcomeMessage: '"></script><script>alert(1)</script>', placement: "container" };
  for (const write of [oneLine, asElement]) {
    assert.match(write("https://gateway.example", values), /welcome-message='">&lt;\/script>&lt;script>alert\(1\)&lt;\/script>'/);
    const both = write("https://gateway.example", { ...values, welcomeMessage: `"it's" onclick=alert(1)` });
    assert.match(both, /welcome-message="&quot;it's&quot; onclick=alert\(1\)"/);
  }
  const init = withInit("https://gateway.example", values);
  assert.equal(init.match(/<\/script>/g).length, 2);
  const call = /SmallBizChatbot\.init\(([\s\S]*)\);/.exec(init)[1];
  assert.equal(new Function(`return ${call}`)().welcomeMessage, values.welcomeMessage);
});

/** Writes a page of the code that the playground shows, and returns it once the chat stands on it. */
async function pageOf(code) {
  const [, script] = /<script>([\s\S]*)<\/script>/.exec(code) ?? [];
  const body = script ? code.replace(/<script>[\s\S]*<\/script>/, '<script src="/written.js"></script>') : code;
  const site = await startGateway({ pages: { "/": `<!doctype html><html lang="en"><title>Site</title><main><h1>Site</h1>${body}</main></html>`, "/written.js": script ?? "" }, policy: STRICT_POLICY });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(site.origin);
  return { page, close: () => Promise.all([page.close(), site.close()]) };
}

test("each form of the embed code, pasted into a page, starts the chat with its options", async () => {
  for (const placement of ["container", "launcher"]) {
    for (const write of [oneLine, asElement, withInit]) {
      const values = { ...UNSET, placement, welcomeMessage: 'Ahoy "there"!', suggestedQuestions: "One?\nTwo?" };
      const { page, close } = await pageOf(write("", values));
      if (placement === "launcher") await page.getByRole("button", { name: "Open chat" }).click();
      for (const text of ['Ahoy "there"!', "One?", "Two?"]) {
        await page.getByText(text, { exact: true }).waitFor(DEADLINE).catch((error) => assert.fail(`${write.name} ${placement}: ${error.message}`));
      }
      await close();
    }
  }
});

test("a change shows in the code and in both previews", async () => {
  const { page, close } = await open("/playground");
  await page.getByRole("textbox", { name: "Welcome" }).fill("Ahoy!");
  await page.getByLabel("With init").check();
  assert.match(await page.locator("#embed").textContent(), /welcomeMessage: "Ahoy!"/);
  for (const index of [0, 1]) await page.locator("#pair iframe").nth(index).contentFrame().getByText("Ahoy!").waitFor();
  await page.getByLabel("Only this exact file").check();
  assert.match(await page.locator("#embed").textContent(), /integrity="sha384-[\w+/]{64}"/);
  await page.getByRole("button", { name: "Start over" }).click();
  await page.waitForFunction(() => !document.getElementById("embed").textContent.includes("Ahoy!"));
  await close();
});

test("the previews stand in both schemes, whichever the visitor prefers", async () => {
  const { page, close } = await open("/playground", { colorScheme: "light" });
  const grounds = [];
  for (const index of [0, 1]) {
    const panel = page.locator("#pair iframe").nth(index).contentFrame().locator("section[aria-label]");
    grounds.push(await panel.evaluate((node) => getComputedStyle(node).backgroundColor));
  }
  const [light, dark] = grounds.map((ground) => ground.match(/[\d.]+/g).slice(0, 3).reduce((sum, channel) => sum + Number(channel), 0));
  assert.ok(light > 600 && dark < 200, grounds.join(" and "));
  await close();
});

test("a copied link opens the same options", async () => {
  const { page, close } = await open("/playground?welcomeMessage=Ahoy!&fontSize=20");
  assert.equal(await page.getByRole("textbox", { name: "Welcome" }).inputValue(), "Ahoy!");
  assert.match(await page.locator("#embed").textContent(), /20/);
  await close();
});

test("the page fits and is usable by everyone, on a phone and on a desk, in both schemes", async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const [colorScheme, width] of [["light", 360], ["dark", 768], ["light", 1280], ["dark", 1280]]) {
    const { page, close } = await open("/playground", { colorScheme, viewport: { width, height: 900 } });
    for (const frame of await page.locator("iframe").all()) {
      await frame.scrollIntoViewIfNeeded();
      await frame.contentFrame().locator("textarea").first().waitFor();
    }
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
    for (const frame of page.frames()) await frame.evaluate(axe);
    const violations = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].target} ${nodes[0].html.slice(0, 200)}`));
    assert.deepEqual(violations, [], `${colorScheme} ${width}`);
    await close();
  }
});

test("pages are addressed as the server serves them", () => {
  assert.deepEqual([pathOf("index.html"), pathOf("page.js")], ["/playground", "/playground/page.js"]);
});
