// The page that `make run` serves, in a real browser: a visitor asks, reads, follows the source.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../../../..");
const { chromium } = createRequire(join(root, "widget/package.json"))("playwright-core");
const browserPath = process.env.CHROMIUM ?? "/usr/bin/chromium";
assert.ok(existsSync(browserPath), `no browser at ${browserPath}: run \`make tools\``);

const data = mkdtempSync(join(tmpdir(), "chatbot-"));
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const chatbot = spawn(
  join(target, "debug/chatbot"),
  ["--port", "0", "--documents", join(root, "deploy/local/samples"), "--data", data],
  { env: { ...process.env, LOG_FORMAT: "json" }, stdio: ["ignore", "pipe", "inherit"] },
);

async function address() {
  let http;
  for await (const text of createInterface({ input: chatbot.stdout })) {
    if (!text.startsWith("{")) continue;
    const line = JSON.parse(text);
    if (line.message === "listening" && line.what === "http") http = line.address;
    if (line.message === "chatbot ready") return http;
  }
  throw new Error("the chatbot ended before it was ready");
}

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
try {
  const origin = `http://${await address()}`;
  const page = await browser.newPage();
  const foreign = [];
  const complaints = [];
  page.on("request", (request) => request.url().startsWith(origin) || foreign.push(request.url()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(origin);

  const input = page.locator("#chatbot-container textarea, #chatbot-container input[type=text]").first();
  await input.fill("When are you open on Sundays?");
  await input.press("Enter");
  await page.getByText(/11:00/).first().waitFor();
  // A source opens on a sheet, which leads to its document.
  await page.locator("#chatbot-container button.chip").first().click();
  const source = page.locator("#chatbot-container a[href*='#passage-']").first();
  await source.waitFor();
  const link = await source.getAttribute("href");
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await page.keyboard.press("Escape");

  await input.fill("What is the capital of Mongolia?");
  await input.press("Enter");
  await page.getByText(/could not find/i).first().waitFor();

  await page.goto(new URL(link, origin).href);
  const passage = page.locator(new URL(link, origin).hash);
  assert.match(await passage.innerText(), /Sunday/i);
  assert.deepEqual(foreign, [], "nothing is asked of anybody else");
  assert.deepEqual(complaints, [], "nothing is wrong on the console");
  console.log("the real page: 1 passed, 0 failed");
} finally {
  await browser.close();
  chatbot.kill("SIGTERM");
  rmSync(data, { recursive: true, force: true });
}
