// The library `ws`; the key is in the first frame.
import WebSocket from "ws";

import { Reading, address, key, serve } from "./adapter.mjs";

class Refused extends Error {
  constructor({ code, retry_after_ms: wait }) {
    super(code);
    this.fields = { refused: code, retry_after: (wait ?? 0) / 1000 };
  }
}

/// Opens a socket, names the key and sends frames; calls `take` with each frame until it returns true.
function talk(frames, take, other = key) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${address}/ws`);
    const send = (action) => socket.send(JSON.stringify(action));
    socket.on("open", () => send({ action: "authenticate", api_key: other }));
    socket.on("error", reject);
    socket.on("close", (code) => reject(new Error(`closed with ${code}`)));
    socket.on("message", (message) => {
      const told = JSON.parse(message);
      if (told.type === "error") {
        reject(new Refused(told));
        return socket.close();
      }
      if (told.type === "authenticated") return frames.forEach(send);
      if (!take(told, send, socket)) return;
      resolve();
      socket.close();
    });
  });
}

async function ask({ question, history = [], stop_after: stopAfter, cut_after: cutAfter, key: other }) {
  const reading = new Reading();
  let frame = { action: "sendMessage", message: question, history }, id;
  const take = (told, send, socket) => {
    const sources = told.type === "end" && told.citations.map((source) => source.document_id);
    const end = told.type === "end" ? { ended: told.text, sources, finish: told.finish_reason } : undefined;
    reading.take({ seq: told.seq, piece: told.type === "chunk" ? told.text : "", end });
    id = told.answer_id;
    if (told.type === "chunk" && reading.pieces === stopAfter) send({ action: "stop", answer_id: id });
    if (told.type === "chunk" && reading.pieces === cutAfter && !reading.cuts) {
      reading.cuts += 1;
      frame = { action: "resume", answer_id: id, epoch: told.epoch, after_seq: told.seq };
      socket.terminate();
      return true;
    }
    return Boolean(end);
  };
  while (!reading.end) await talk([frame], take, other);
  return reading.told(id);
}

serve(
  {
    ask,
    // Nothing is said of an opinion that is stored, so the next frame must be that of the heartbeat.
    async feedback({ answer_id: answerId }) {
      const opinion = { action: "feedback", answer_id: answerId, verdict: "positive" };
      let type;
      await talk([opinion, { action: "heartbeat" }], (told) => Boolean((type = told.type)));
      return { taken: type === "heartbeat" };
    },
  },
  (error) => error.fields,
);
