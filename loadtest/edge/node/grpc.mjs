// `@grpc/grpc-js`, which reads the contract's own files.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

import { Reading, address, key, root, serve } from "./adapter.mjs";

const options = { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true, includeDirs: [`${root}/proto`] };
const { smallbiz } = grpc.loadPackageDefinition(loader.loadSync("smallbiz/chatbot/v1/chat.proto", options));
const chat = new smallbiz.chatbot.v1.Chat(address, grpc.credentials.createInsecure());

function metadata(other) {
  const named = new grpc.Metadata();
  named.set("x-api-key", other ?? key);
  return named;
}

const until = (seconds) => ({ deadline: Date.now() + seconds * 1000 });

const unary = (method, request) =>
  new Promise((resolve, reject) => chat[method](request, metadata(), until(30), (error, reply) => (error ? reject(error) : resolve(reply))));

async function ask({ question, history = [], stop_after: stopAfter, cut_after: cutAfter, key: other, deadline = 60 }) {
  const reading = new Reading();
  const turns = history.map(({ role, text }) => ({ role: `ROLE_${role.toUpperCase()}`, text }));
  let call = chat.Ask({ question, history: turns }, metadata(other), until(deadline)), id;
  while (!reading.end) {
    let place;
    try {
      for await (const { seq, epoch, answer_id: answerId, delta, ended, failed } of call) {
        id = answerId;
        const sources = ended?.citations.map((citation) => citation.passage.document_id);
        const whole = ended && { ended: ended.text, sources, finish: ended.finish_reason.replace("FINISH_REASON_", "").toLowerCase() };
        const end = failed ? { refused: failed.code } : whole;
        reading.take({ seq, piece: delta?.text, end });
        if (delta && reading.pieces === stopAfter) await unary("Stop", { answer_id: id });
        if (delta && reading.pieces === cutAfter && !reading.cuts) {
          place = { answer_id: id, epoch, after_seq: seq };
          call.cancel();
          break;
        }
      }
    } catch (error) {
      if (!place) throw error;
    }
    if (!place) break;
    reading.cuts += 1;
    call = chat.Resume(place, metadata(other), until(60));
  }
  return reading.told(id);
}

await serve(
  {
    ask,
    async search({ query }) {
      const { candidates } = await unary("Explain", { search: { question: query } });
      return { sources: candidates.map((candidate) => candidate.passage.document_id) };
    },
    async feedback({ answer_id: answerId }) {
      await unary("SendFeedback", { answer_id: answerId, verdict: "VERDICT_POSITIVE" });
      return { taken: true };
    },
  },
  (error) => error.code && { refused: grpc.status[error.code], retry_after: error.metadata?.get("ratelimit-reset")[0], text: "" },
);
chat.close();
