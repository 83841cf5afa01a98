// What goes over the wire, on every transport. Knows its shape, not what it does to a conversation.

/** A source of an answer; `[number]` in the text refers to it. `url` is absolute, relative to the gateway, or empty. */
const CITATION = {
  number: 0,
  document_id: "",
  collection: "",
  title: "",
  heading_path: [""],
  text: "",
  quote: "",
  url: "",
  /** Counts from 1; 0 when there is none. */
  page: 0,
};

/** Every field that the widget reads of a frame or a body, by an example that also stands for a missing value. */
const MESSAGE = {
  type: "",
  answer_id: "",
  epoch: 0,
  seq: 0,
  text: "",
  complete: false,
  generation: 0,
  citation: CITATION,
  citations: [CITATION],
  from_byte: 0,
  reason: "",
  finish_reason: "",
  source: "",
  byte_range: [0],
  follow_ups: [""],
  code: "",
  retryable: false,
  retry_after_ms: 0,
  response: "",
  notices: [{ text: "" }],
  unsupported: [{ byte_range: [0] }],
  handoff_id: "",
  state: "",
  message: "",
  detail: "",
  suggestions: [""],
  token: "",
  challenge: "",
  bits: 0,
  expires_in_seconds: 0,
};

export type Citation = typeof CITATION;
/** A frame from the gateway, or a body of its responses. */
export type Message = typeof MESSAGE;

/** An earlier message, as the gateway wants it. */
export interface HistoryTurn {
  role: "visitor" | "assistant";
  text: string;
}

/** What names the site to the gateway. */
export type Credential = { api_key: string } | { token: string };

/** What the browser sends. */
export type ClientFrame =
  | ({ action: "authenticate" } & Credential)
  | { action: "sendMessage"; message: string; client_message_id: string; history: HistoryTurn[] }
  | { action: "stop"; answer_id: string }
  | { action: "resume"; answer_id: string; epoch: number; after_seq: number }
  | { action: "heartbeat" };

/** Returns the message in `body`; what is missing or of a wrong type is empty. */
export function parseMessage(body: unknown): Message {
  return conform(body, MESSAGE);
}

/** Returns the frame in `text`, or null when that is no JSON object with a type. */
export function parseFrame(text: unknown): Message | null {
  try {
    const frame = parseMessage(JSON.parse(String(text)));
    return frame.type ? frame : null;
  } catch {
    return null;
  }
}

/** Returns whether `frame` is an event of an answer. */
export function isNumbered(frame: Message): boolean {
  return frame.answer_id !== "" && frame.seq > 0;
}

/** Returns `value` in the shape of the example: nothing of another type gets through. */
export function conform<Shape>(value: unknown, example: Shape): Shape {
  let result: unknown = typeof value === typeof example ? value : example;
  if (Array.isArray(example)) {
    result = Array.isArray(value) ? value.map((item) => conform(item, example[0])) : [];
  } else if (example && typeof example === "object") {
    const fields = Object(value) as Record<string, unknown>;
    result = Object.fromEntries(Object.entries(example).map(([name, part]) => [name, conform(fields[name], part)]));
  }
  return result as Shape;
}
