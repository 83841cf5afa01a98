// A page with the widget in a real browser, against a gateway of its own, for the browser tests to share.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { startGateway } from "./gateway.mjs";
import { frame } from "./source.mjs";

export const QUESTION = "When are you open on Sundays?";
/** For waits that end with an event; only a fault lets them run out. */
export const DEADLINE = { timeout: Number(process.env.WAIT_MS ?? 60_000) };

// The container stands after the call, as in the embed code that sites already use.
const PAGE = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Page</title><script src="/widget.js"></script><script src="/init.js"></script>
  <main><h1>Page</h1><div id="chatbot-container"></div></main></html>`;
const script = (config = {}) => `SmallBizChatbot.init(${JSON.stringify({ containerId: "chatbot-container", ...config })})`;

export let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** Opens the page against a gateway of its own; fails the test on any error that the page reports. */
export async function scenario(t, { config, body, lang = "en", gatewayOptions = {}, pageOptions = {} } = {}) {
  const html = body === undefined ? PAGE.replace('"en"', `"${lang}"`) : `<!doctype html><html lang="${lang}"><title>Page</title>${body}</html>`;
  const { pages, ...others } = gatewayOptions;
  const gateway = await startGateway({ pages: pages ?? { "/": html, "/init.js": script(config) }, ...others });
  const context = await browser.newContext(pageOptions);
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE.timeout);
  const faults = [];
  const requests = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`));
  page.on("console", (line) => /Content Security Policy|Trusted/i.test(line.text()) && faults.push(line.text()));
  page.on("request", (request) => requests.push(request.url()));
  t.after(async () => {
    await context.close();
    await gateway.close();
    assert.deepEqual(faults, []);
  });
  await page.goto(gateway.origin);
  const ask = async (question = QUESTION) => {
    await page.getByLabel("Your question").fill(question);
    await page.keyboard.press("Enter");
  };
  const answer = page.locator(".turn .text").last();
  return { gateway, context, page, ask, answer, requests };
}

export const numbered = (type, seq, fields = {}) => frame(type, { seq, ...fields });
export const chunk = (seq, text) => numbered("chunk", seq, { text });
export const end = (seq, text, fields = {}) => numbered("end", seq, { text, citations: [], ...fields });
/** Answers the question that is asked next over the socket, in one piece. */
export async function answered(connection, text, fields = {}, id = "A") {
  await connection.next();
  connection.send(await frame("start", { answer_id: id }), await end(2, text, { answer_id: id, ...fields }));
}
/** Runs `read` on the element that has the focus, through shadow roots. */
export const focused = (page, read) =>
  page.evaluate((source) => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return new Function("node", `return (${source})(node)`)(node);
  }, String(read));
export const showsText = (locator, text) => locator.filter({ hasText: text }).waitFor(DEADLINE);
export const sameKeys = async (sent, name) => assert.deepEqual(Object.keys(sent).sort(), Object.keys(await frame(name)).sort());
