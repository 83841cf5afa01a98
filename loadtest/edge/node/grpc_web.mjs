// gRPC-Web as pages speak it: the transport of `@connectrpc/connect-web`, over the fetch of Node and with the committed descriptors.
import { readFileSync } from "node:fs";

import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";

import { Reading, address, key, root, serve } from "./adapter.mjs";

const described = fromBinary(FileDescriptorSetSchema, readFileSync(`${root}/proto/src/generated/descriptor.bin`));
const service = createFileRegistry(described).getService("smallbiz.chatbot.v1.Chat");
const chat = createClient(service, createGrpcWebTransport({ baseUrl: `http://${address}` }));
const FINISHES = ["", "complete", "no_evidence", "length", "blocked", "stopped"];
const ROLES = { visitor: 1, assistant: 2 };

const named = (other) => ({ headers: { "x-api-key": other ?? key } });

async function ask({ question, history = [], stop_after: stopAfter, cut_after: cutAfter, key: other, deadline = 60 }) {
  const reading = new Reading();
  const turns = history.map(({ role, text }) => ({ role: ROLES[role], text }));
  let leave = new AbortController(), id;
  let events = chat.ask({ question, history: turns }, { ...named(other), timeoutMs: deadline * 1000, signal: leave.signal });
  while (!reading.end) {
    let place;
    for await (const { seq, epoch, answerId, event } of events) {
      id = answerId;
      const ended = event.case === "ended" ? event.value : undefined;
      const sources = ended?.citations.map((citation) => citation.passage.documentId);
      const whole = ended && { ended: ended.text, sources, finish: FINISHES[ended.finishReason] };
      const end = event.case === "failed" ? { refused: event.value.code } : whole;
      const isPiece = event.case === "delta";
      reading.take({ seq: Number(seq), piece: isPiece ? event.value.text : "", end });
      if (isPiece && reading.pieces === stopAfter) await chat.stop({ answerId }, named());
      if (isPiece && reading.pieces === cutAfter && !reading.cuts) {
        place = { answerId, epoch, afterSeq: seq };
        leave.abort();
        break;
      }
    }
    if (!place) break;
    reading.cuts += 1;
    leave = new AbortController();
    events = chat.resume(place, { ...named(other), signal: leave.signal });
  }
  return reading.told(id);
}

serve(
  {
    ask,
    async search({ query }) {
      const { candidates } = await chat.explain({ search: { question: query } }, named());
      return { sources: candidates.map((candidate) => candidate.passage.documentId) };
    },
    async feedback({ answer_id: answerId }) {
      await chat.sendFeedback({ answerId, verdict: 1 }, named());
      return { taken: true };
    },
  },
  (error) =>
    error instanceof ConnectError && { refused: Code[error.code], retry_after: error.metadata.get("ratelimit-reset"), text: "" },
);
