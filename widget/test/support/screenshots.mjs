// Takes pictures of the demo page in its main states, for looking at: node test/support/screenshots.mjs FOLDER
import { mkdir } from "node:fs/promises";
import { launch } from "./browser.mjs";
import { startGateway } from "./gateway.mjs";
import { frame } from "./source.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("name the folder that takes the pictures");
await mkdir(folder, { recursive: true });

const browser = await launch();
const gateway = await startGateway();

const LONG = `Yes, the workshop does both. [1]

**What a service holds**

- Safety check with brakes and gears
- Full service, which adds *bearings and cables*
  - takes two working days
  - see [the price list](/services)

| Code | Work | Price |
|---|---|---|
| \`WS-FULL\` | Full service | 95.00 |
| \`WS-SAFE\` | Safety check | 39.00 |

You can book by telephone from Monday to Saturday. [1]`;

async function ask(page, connection, question, ...frames) {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
  const socket = connection ?? (await gateway.nextConnection());
  await socket.next();
  socket.send(...frames);
  return socket;
}

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of [["desk", { width: 1280, height: 860 }], ["phone", { width: 390, height: 844 }]]) {
    const context = await browser.newContext({ colorScheme, viewport, reducedMotion: "reduce" });
    const page = await context.newPage();
    const take = (state) => page.screenshot({ path: `${folder}/${device}-${colorScheme}-${state}.png` });
    await page.goto(gateway.origin);
    if (device === "phone") await page.locator("#chatbot-container").scrollIntoViewIfNeeded();
    await take("empty");
    const id = (name) => ({ answer_id: name });
    const socket = await ask(page, null, "When are you open on Sundays?", await frame("start"), await frame("end", { seq: 2 }));
    await page.locator("a.source").waitFor();
    await take("answer");
    await ask(page, socket, "Do you do full services, and what do they cost?", await frame("start", id("B")), await frame("chunk", { ...id("B"), seq: 2, text: LONG.slice(0, 200) }));
    await page.locator(".turn .text").last().waitFor();
    await take("streaming");
    socket.send(await frame("end", { ...id("B"), seq: 3, text: LONG }));
    await page.locator("table").waitFor();
    await take("long");
    await ask(page, socket, "Thanks!", await frame("error"));
    await page.locator(".problem").waitFor();
    await take("error");
    await context.close();
  }
}
await browser.close();
await gateway.close();
