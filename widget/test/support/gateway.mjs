// A small stand-in for the gateway: serves pages, and lets a test hold the other end of every WebSocket.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { buildToMemory, root } from "../../build.mjs";

const WEBSOCKET_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 0x1;
const CLOSE = 0x8;

export const STRICT_POLICY = "default-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

const [[, widget]] = await buildToMemory();

/**
 * Starts on a free port. `pages` maps paths to HTML; `answer(body, request)` answers `POST /chat` and
 * `GET /chat/ID/events` with `[status, body, headers]`, where a body that is a list stands for events, each a frame, or
 * `null` for a cut connection; `routes` maps other paths to such functions. `acceptsSockets` may be switched off at any time.
 */
export async function startGateway({ pages = {}, policy = STRICT_POLICY, answer = () => [503, {}, {}], routes = {} } = {}) {
  const connections = queue();
  const gateway = { acceptsSockets: true, asked: [], nextConnection: connections.next, answer, routes };
  const open = new Set();
  const server = createServer((request, response) => void serve(request, response, { pages, policy, gateway }));
  server.on("upgrade", (request, stream) => {
    open.add(stream);
    stream.on("close", () => open.delete(stream)).on("error", () => {});
    if (!gateway.acceptsSockets || request.url !== "/ws") return stream.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
    connections.put(new Connection(stream, request.headers["sec-websocket-key"]));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway.origin = `http://127.0.0.1:${server.address().port}`;
  gateway.close = async () => {
    open.forEach((stream) => stream.destroy());
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return gateway;
}

async function serve(request, response, { pages, policy, gateway }) {
  const files = { "/": "demo/index.html", "/demo.css": "demo/demo.css", "/demo.js": "demo/demo.js" };
  const types = { css: "text/css", js: "text/javascript", html: "text/html; charset=utf-8" };
  const path = new URL(request.url, "http://gateway").pathname;
  const headers = { "content-security-policy": policy };
  const route = path.startsWith("/chat") ? gateway.answer : gateway.routes[path];
  if (route) return answerWith(route, request, response, gateway);
  if (path === "/widget.js") return response.writeHead(200, { ...headers, "content-type": types.js }).end(widget);
  if (pages[path] !== undefined) {
    const type = types[path.split(".").pop()] ?? types.html;
    return response.writeHead(200, { ...headers, "content-type": type }).end(pages[path]);
  }
  if (!files[path]) return response.writeHead(404).end();
  const type = types[files[path].split(".").pop()];
  response.writeHead(200, { ...headers, "content-type": type }).end(await readFile(root + files[path]));
}

async function answerWith(route, request, response, gateway) {
  let text = "";
  for await (const piece of request) text += piece;
  const body = text ? JSON.parse(text) : null;
  gateway.asked.push({ path: request.url, headers: request.headers, body });
  const [status, answer, headers = {}] = await route(body, request);
  if (Array.isArray(answer)) return sendEvents(response, answer);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(answer));
}

/** Sends frames as the gateway does over SSE: numbered ones under `answer_id:epoch:seq`, and a comment between. */
async function sendEvents(response, frames) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  for (const frame of frames) {
    if (frame === null) {
      // What was written leaves before the connection does.
      await new Promise((resolve) => response.write(": cut\n\n", resolve));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return response.destroy();
    }
    const id = frame.seq ? `id: ${frame.answer_id}:${frame.epoch}:${frame.seq}\n` : "";
    response.write(`${id}event: ${frame.type}\ndata: ${JSON.stringify(frame)}\n\n`);
  }
  response.end(": still here\n\n");
}

/** The gateway's end of one WebSocket. */
class Connection {
  #stream;
  #received = queue();
  #pending = Buffer.alloc(0);

  constructor(stream, key) {
    this.#stream = stream;
    const accept = createHash("sha1").update(key + WEBSOCKET_GUID).digest("base64");
    stream.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    stream.on("data", (bytes) => this.#read(bytes));
  }

  /** Waits for the next frame that is not a heartbeat. */
  async next() {
    for (;;) {
      const frame = await this.#received.next();
      if (frame.action !== "heartbeat") return frame;
      this.send({ type: "heartbeat" });
    }
  }

  send(...frames) {
    for (const frame of frames) this.#write(TEXT, Buffer.from(JSON.stringify(frame)));
  }

  close(code) {
    const reason = Buffer.alloc(2);
    reason.writeUInt16BE(code);
    this.#write(CLOSE, reason);
    this.#stream.end();
  }

  /** Cuts the connection as a bad network does. */
  drop() {
    this.#stream.destroy();
  }

  #write(kind, payload) {
    const size = payload.length;
    const long = Buffer.alloc(10, 0x80 | kind);
    long[1] = size < 65_536 ? 126 : 127;
    if (size < 65_536) long.writeUInt16BE(size, 2);
    else long.writeBigUInt64BE(BigInt(size), 2);
    const head = size < 126 ? Buffer.from([0x80 | kind, size]) : long.subarray(0, size < 65_536 ? 4 : 10);
    this.#stream.write(Buffer.concat([head, payload]));
  }

  /** Frames from a browser are masked; the tests' are shorter than 64 KiB and never fragmented. */
  #read(bytes) {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const buffer = this.#pending;
      if (buffer.length < 2) return;
      const isLong = (buffer[1] & 0x7f) === 126;
      if (isLong && buffer.length < 4) return;
      const size = isLong ? buffer.readUInt16BE(2) : buffer[1] & 0x7f;
      const start = (isLong ? 4 : 2) + 4;
      if (buffer.length < start + size) return;
      const mask = buffer.subarray(start - 4, start);
      const payload = buffer.subarray(start, start + size).map((byte, index) => byte ^ mask[index % 4]);
      this.#pending = buffer.subarray(start + size);
      if ((buffer[0] & 0x0f) === TEXT) this.#received.put(JSON.parse(Buffer.from(payload).toString()));
    }
  }
}

/** First in, first out, for waiters too. */
function queue() {
  const held = [];
  const waiting = [];
  return {
    put: (item) => (waiting.length > 0 ? waiting.shift()(item) : held.push(item)),
    next: () => (held.length > 0 ? Promise.resolve(held.shift()) : new Promise((resolve) => waiting.push(resolve))),
  };
}
