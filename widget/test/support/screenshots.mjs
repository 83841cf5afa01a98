// Takes pictures of the chat in its main states, for looking at: node test/support/screenshots.mjs FOLDER
import { mkdir } from "node:fs/promises";
import { launch } from "./browser.mjs";
import { startGateway } from "./gateway.mjs";
import { frame } from "./source.mjs";

const folder = process.argv[2];
if (!folder) throw new Error("name the folder that takes the pictures");
await mkdir(folder, { recursive: true });

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

const PAGE = `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Shop</title><script src="/widget.js"></script><script src="/init.js"></script>
<h1>Brightwater Cycles</h1><p>Bicycles, e-bikes and repairs.</p></html>`;
const INIT = `SmallBizChatbot.init({ handoff: true, theme: { primaryColor: "#155e75" }, suggestedQuestions: ["When are you open on Sundays?", "What does a full service cost?"] })`;

const browser = await launch();
const gateway = await startGateway({ pages: { "/": PAGE, "/init.js": INIT } });
const sizes = { phone: { width: 360, height: 740 }, tablet: { width: 768, height: 900 }, desk: { width: 1280, height: 800 } };

async function ask(page, connection, question, ...frames) {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
  const socket = connection ?? (await gateway.nextConnection());
  await socket.next();
  socket.send(...frames);
  return socket;
}

for (const colorScheme of ["light", "dark"]) {
  for (const [device, viewport] of Object.entries(sizes)) {
    const context = await browser.newContext({ colorScheme, viewport, reducedMotion: "reduce", isMobile: device === "phone" });
    const page = await context.newPage();
    const take = (state) => page.screenshot({ path: `${folder}/${device}-${colorScheme}-${state}.png` });
    await page.goto(gateway.origin);
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    await take("launcher");
    await page.getByRole("button", { name: "Open chat" }).click();
    await take("empty");
    const id = { answer_id: "B" };
    const socket = await ask(page, null, "When are you open on Sundays?", await frame("start"), await frame("end", { seq: 2 }));
    await page.locator(".source").waitFor();
    await take("answer");
    await ask(page, socket, "Do you do full services, and what do they cost?", await frame("start", id), await frame("chunk", { ...id, seq: 2, text: LONG.slice(0, 200) }));
    await page.locator(".turn .text").nth(1).waitFor();
    await take("streaming");
    const from = Buffer.byteLength(LONG.slice(0, LONG.indexOf("You can book")));
    socket.send(await frame("unsupported", { ...id, seq: 3, byte_range: [from, from + 50] }), await frame("end", { ...id, seq: 4, text: LONG }));
    await page.locator("table").waitFor();
    await take("long");
    for (const [name, state] of [["Source 1: Opening hours › Weekend", "sources"], ["Not helpful", "feedback"], ["Talk to a person", "person"]]) {
      await page.getByRole("button", { name }).last().click();
      await take(state);
      await page.keyboard.press("Escape");
    }
    await ask(page, socket, "Thanks!", await frame("error"));
    await page.locator(".problem").waitFor();
    await take("error");
    await context.close();
  }
}
await browser.close();
await gateway.close();
