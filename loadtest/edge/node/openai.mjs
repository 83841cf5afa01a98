// The official `openai` client.
import OpenAI from "openai";

import { address, key, serve } from "./adapter.mjs";

const client = (other) => new OpenAI({ baseURL: `http://${address}/v1`, apiKey: other ?? key, maxRetries: 0, timeout: 60_000 });

function fields(text, pieces, beside) {
  const sources = beside.citations.map((source) => source.document_id);
  return { text, ended: beside.response, pieces, sources, finish: beside.finish_reason, id: beside.answer_id, gaps: 0 };
}

async function read(stream, stopAfter) {
  let text = "", pieces = 0, beside;
  for await (const chunk of stream) {
    beside = chunk.smallbiz ?? beside;
    const piece = chunk.choices[0]?.delta?.content;
    if (piece) {
      text += piece;
      pieces += 1;
    }
    // Leaving the loop closes the stream.
    if (pieces === stopAfter) return { text, pieces };
  }
  return fields(text, pieces, beside);
}

serve(
  {
    async models() {
      const models = [];
      for await (const model of client().models.list()) models.push(model.id);
      return { models };
    },
    async ask({ question, history = [], stream = true, stop_after: stopAfter, key: other }) {
      const turns = history.map(({ role, text }) => ({ role: role === "visitor" ? "user" : role, content: text }));
      const asked = { model: "smallbiz-chatbot", messages: [...turns, { role: "user", content: question }] };
      if (stream) return read(await client(other).chat.completions.create({ ...asked, stream: true }), stopAfter);
      const whole = await client(other).chat.completions.create(asked);
      return fields(whole.choices[0].message.content, 1, whole.smallbiz);
    },
  },
  (error) =>
    error instanceof OpenAI.APIError && { refused: error.constructor.name, retry_after: error.headers?.get("retry-after") },
);
