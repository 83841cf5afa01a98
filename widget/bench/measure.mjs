// Measures one load of the page in a fresh browser context: time, main thread, shift, accessibility, behaviour under a policy.

const SLOWDOWN = 4;
/** The slow mobile network that Lighthouse assumes: 1.6 Mbit/s, 150 ms. */
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_600_000 / 8, uploadThroughput: 750_000 / 8 };
/** How long a chat may take to show its input before it counts as not shown. */
const PATIENCE_MS = 20_000;
/** Work that comes later than this after the page's load is not the load's. */
const SETTLE_MS = 2_000;
const POLICY = "default-src 'self'";

/** Opens the page with `widget`; requests to other hosts are refused and noted in `foreign`. */
async function open(browser, bench, widget, { policy = "", slowCpu = true, slowNetwork = false, probe = null }) {
  bench.show(widget, policy);
  const context = await browser.newContext({ viewport: { width: 1024, height: 1100 } });
  const page = await context.newPage();
  const foreign = [];
  await context.route((url) => url.origin !== bench.origin, (route) => {
    foreign.push(new URL(route.request().url()).host);
    return route.abort();
  });
  page.on("dialog", (dialog) => dialog.dismiss());
  const session = await context.newCDPSession(page);
  if (slowCpu) await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
  if (slowNetwork) {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", NETWORK);
  }
  if (probe) await page.addInitScript(probe);
  return { context, page, session, foreign };
}

/** Runs in the page: notes when a reader could first type, and what moved. */
function watchForInput() {
  const roots = [document];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(options) {
    const root = attach.call(this, options);
    roots.push(root);
    return root;
  };
  window.shift = 0;
  new PerformanceObserver((list) => list.getEntries().forEach(({ value, hadRecentInput }) => (window.shift += hadRecentInput ? 0 : value)))
    .observe({ type: "layout-shift", buffered: true });
  const isUsable = (input) => {
    const { width, height } = input.getBoundingClientRect();
    return width >= 40 && height >= 10 && !input.disabled && !input.readOnly && getComputedStyle(input).visibility === "visible";
  };
  const look = () => {
    const inputs = roots.flatMap((root) => [...root.querySelectorAll("textarea, input[type=text], [contenteditable=true]")]);
    if (inputs.some(isUsable)) window.usableAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Returns milliseconds from navigation to a usable input, or null when none came, and the layout shift until the page is quiet. */
export async function measureTime(browser, bench, widget) {
  const { context, page, foreign } = await open(browser, bench, widget, { slowNetwork: true, probe: watchForInput });
  await page.goto(bench.origin, { waitUntil: "load", timeout: 60_000 });
  const isUsable = !widget.isLauncher && (await page.waitForFunction(() => window.usableAt, null, { timeout: PATIENCE_MS, polling: 100 }).then(() => true, () => false));
  await page.waitForTimeout(SETTLE_MS);
  const { usableAt, shift } = await page.evaluate(() => ({ usableAt: window.usableAt, shift: window.shift }));
  await context.close();
  return { interactiveMs: isUsable ? usableAt : null, layoutShift: shift, foreign };
}

/** Returns milliseconds of scripting and of layout on the page's main thread, in processor time: other processes do not count. */
export async function measureMainThread(browser, bench, widget) {
  const { context, page, session } = await open(browser, bench, widget, {});
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(bench.origin, { waitUntil: "load", timeout: 60_000 });
  await page.waitForTimeout(SETTLE_MS);
  const { metrics } = await session.send("Performance.getMetrics");
  await context.close();
  const seconds = Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  const scriptMs = 1000 * (seconds.ScriptDuration + seconds.V8CompileDuration);
  const layoutMs = 1000 * (seconds.LayoutDuration + seconds.RecalcStyleDuration);
  return { scriptMs, layoutMs, taskMs: 1000 * seconds.TaskDuration };
}

/** Returns what the widget loads: bytes after compression, requests, and other hosts that it asked. */
export async function measureWeight(browser, bench, widget) {
  const { context, page, foreign } = await open(browser, bench, widget, { slowCpu: false });
  await page.goto(bench.origin, { waitUntil: "load", timeout: 60_000 });
  await page.waitForTimeout(SETTLE_MS);
  await context.close();
  const bytes = bench.served.reduce((sum, file) => sum + file.bytes, 0);
  return { bytes, requests: bench.served.length + foreign.length, foreign: [...new Set(foreign)], unanswered: bench.served.filter(({ isFound }) => !isFound).map(({ path }) => path) };
}

/** Returns the rules that axe finds broken once the chat stands on the page. */
export async function measureAccessibility(browser, bench, widget, axe) {
  const { context, page } = await open(browser, bench, widget, { slowCpu: false });
  await page.goto(bench.origin, { waitUntil: "load" });
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run()).violations.map(({ id, impact, nodes }) => ({ id, impact, places: nodes.length })));
  await context.close();
  return violations;
}

/** Returns whether the input shows where the page forbids inline code and style, and how often the browser refused something. */
export async function measurePolicy(browser, bench, widget) {
  const { context, page } = await open(browser, bench, widget, { slowCpu: false, policy: POLICY, probe: watchForInput });
  let refused = 0;
  await page.exposeFunction("noteRefusal", () => (refused += 1));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation", () => window.noteRefusal()));
  await page.goto(bench.origin, { waitUntil: "load" });
  await page.waitForTimeout(SETTLE_MS);
  const isUsable = await page.evaluate(() => window.usableAt !== undefined);
  await context.close();
  return { isUsable, refused };
}
