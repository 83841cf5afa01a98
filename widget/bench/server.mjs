// Serves the measured page: one page for all, with each widget's own lines in it, everything compressed the same way.
import { createServer } from "node:http";
import { gzipSync } from "node:zlib";

const TYPES = { js: "text/javascript", mjs: "text/javascript", css: "text/css", html: "text/html; charset=utf-8", json: "application/json" };
const STYLE = `body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem } #chat { width: 400px; height: 600px }`;
const TEXT = `<p>${"A page has text around its chat, which must not move when the chat comes. ".repeat(6)}</p>`;

/** The container has its size from the page's style sheet, so that whatever moves was moved by the widget. */
const pageWith = ({ name, head, slot, init }) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${name}</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="/page.css">${head}${init ? '<script type="module" src="/init.js"></script>' : ""}</head>
  <body><main><h1>A shop</h1>${TEXT}<div id="chat">${slot}</div>${TEXT}</main></body></html>`;

/** What belongs to the page itself and is no cost of a widget. */
const OWN = new Set(["/", "/page.css", "/init.js", "/favicon.ico"]);

/**
 * Starts on a free port. `find(path)` returns a file's bytes or null. `show(widget, policy)` chooses what the page embeds, and
 * forgets what was served before; `served` lists `{ path, bytes, isFound }` of all that the widget asked for.
 */
export async function startServer(find) {
  let widget = null;
  let policy = "";
  const compressed = new Map();
  const bench = { served: [], show: (next, nextPolicy = "") => ([widget, policy, bench.served] = [next, nextPolicy, []]) };
  const fileAt = async (path) => {
    if (path === "/") return Buffer.from(pageWith(widget));
    if (path === "/page.css") return Buffer.from(STYLE);
    if (path === "/init.js") return Buffer.from(widget.init);
    return find(path);
  };
  const respond = async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://page").pathname);
    const file = await fileAt(path);
    const key = OWN.has(path) ? "" : path;
    const body = file && ((key && compressed.get(key)) || gzipSync(file, { level: 9 }));
    if (body && key) compressed.set(key, body);
    if (key) bench.served.push({ path, bytes: body?.length ?? 0, isFound: Boolean(body) });
    if (!body) return response.writeHead(404, { "content-type": "application/json" }).end("{}");
    const headers = { "content-type": TYPES[path.split(".").pop()] ?? TYPES.html, "content-encoding": "gzip", "cache-control": "no-store" };
    if (policy) headers["content-security-policy"] = policy;
    response.writeHead(200, headers).end(body);
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  bench.origin = `http://127.0.0.1:${server.address().port}`;
  bench.close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return bench;
}
