// Connecting again, in simulated time.
import assert from "node:assert/strict";
import test from "node:test";
import { load } from "./support/source.mjs";

const { Socket } = await load("socket");

class ScriptedWebSocket {
  static made = [];
  sent = [];
  constructor(url) {
    this.url = url;
    ScriptedWebSocket.made.push(this);
  }
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
}

const TIMES = { reconnectAttempts: 5, reconnectInterval: 1_000, connectionTimeout: 5_000, heartbeatInterval: 30_000 };
/** Lets promises that are settled be heard. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

function scenario(t, apiKey = "") {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  ScriptedWebSocket.made = [];
  globalThis.WebSocket = ScriptedWebSocket;
  const told = [];
  const socket = new Socket("ws://gateway.example/ws", TIMES, async () => (apiKey ? { api_key: apiKey } : null), {
    opened: () => told.push("opened"),
    received: (frame) => told.push(frame.type),
    gaveUp: () => told.push("gave up"),
    stateChanged: (state) => told.push(`state ${state}`),
  });
  const made = () => ScriptedWebSocket.made;
  const last = () => made()[made().length - 1];
  return { socket, told, made, last, tick: (ms) => t.mock.timers.tick(ms) };
}

const say = (connection, frame) => connection.onmessage({ data: JSON.stringify(frame) });

test("an address that never answers is given up at once and left alone for a minute", async (t) => {
  const { socket, told, made, last, tick } = scenario(t);
  socket.setBusy(true);
  assert.equal(socket.connect(), true);
  last().onclose({ code: 1006 });
  assert.deepEqual(told, ["state connecting", "state unreachable", "gave up"]);
  assert.equal(socket.connect(), false);
  tick(60_000);
  assert.equal(socket.connect(), true);
  assert.equal(made().length, 2);
});

test("a connection that takes too long counts as failed", async (t) => {
  const { socket, told, last, tick } = scenario(t);
  socket.connect();
  tick(5_000);
  assert.equal(last().isClosed, true);
  assert.ok(told.includes("gave up"));
});

test("a lost connection is tried five times while an answer is awaited, each time later", async (t) => {
  const { socket, told, made, last, tick } = scenario(t);
  socket.connect();
  last().onopen();
  await settled();
  socket.setBusy(true);
  last().onclose({ code: 1006 });
  for (let attempt = 0; attempt < 5; attempt += 1) {
    tick(1_000 * 2 ** attempt);
    assert.equal(made().length, attempt + 2);
    last().onclose({ code: 1006 });
  }
  assert.equal(told.at(-1), "gave up");
});

test("an idle page keeps trying for as long as it takes", async (t) => {
  const { socket, told, made, last, tick } = scenario(t);
  socket.connect();
  last().onopen();
  await settled();
  for (let attempt = 0; attempt < 20; attempt += 1) {
    last().onclose({ code: 1012 });
    tick(60_000);
  }
  assert.equal(made().length, 21);
  assert.ok(!told.includes("gave up"));
  last().onopen();
  await settled();
  assert.equal(told.at(-1), "opened");
});

test("silence is probed, and silence after the probe ends the connection", async (t) => {
  const { socket, told, last, tick } = scenario(t);
  socket.connect();
  last().onopen();
  await settled();
  tick(30_000);
  assert.deepEqual(last().sent, [{ action: "heartbeat" }]);
  say(last(), { type: "heartbeat" });
  tick(30_000);
  assert.equal(last().sent.length, 2);
  tick(30_000);
  assert.equal(told.at(-1), "state reconnecting");
});

test("while an answer is awaited a dead connection is noticed within ten seconds", async (t) => {
  const { socket, told, last, tick } = scenario(t);
  socket.connect();
  last().onopen();
  await settled();
  socket.setBusy(true);
  tick(5_000);
  tick(5_000);
  assert.equal(told.at(-1), "state reconnecting");
});

test("with a key the connection is ready only once it is authenticated", async (t) => {
  const { socket, told, last } = scenario(t, "sbc_widget_example");
  socket.connect();
  last().onopen();
  await settled();
  assert.deepEqual(last().sent, [{ action: "authenticate", api_key: "sbc_widget_example" }]);
  assert.ok(!told.includes("opened"));
  say(last(), { type: "authenticated" });
  assert.equal(told.at(-1), "opened");
});

test("a refused key is not tried again", async (t) => {
  const { socket, told, made, last, tick } = scenario(t, "wrong");
  socket.connect();
  last().onopen();
  await settled();
  last().onclose({ code: 1008 });
  assert.equal(told.at(-1), "gave up");
  tick(600_000);
  assert.equal(made().length, 1);
});

test("a draining server is left at once when idle, and after the answer when busy", async (t) => {
  const { socket, made, last, tick } = scenario(t);
  socket.connect();
  last().onopen();
  await settled();
  socket.setBusy(true);
  say(last(), { type: "draining" });
  assert.equal(made()[0].isClosed, undefined);
  socket.setBusy(false);
  assert.equal(made()[0].isClosed, true);
  tick(6_000);
  assert.equal(made().length, 2);
});
