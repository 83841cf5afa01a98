// The frames of the WebSocket, as proto/frames shows them. Knows their shape, not what they do to a conversation.

/** A source of an answer; `[number]` in the text refers to it. */
export interface Citation {
  number: number;
  document_id: string;
  collection: string;
  title: string;
  heading_path: string[];
  text: string;
  quote: string;
  /** Absolute, relative to the gateway, or empty. */
  url: string;
  page: number | null;
}

/** An earlier message, as the gateway wants it. */
export interface HistoryTurn {
  role: "visitor" | "assistant";
  text: string;
}

/** What the browser sends. */
export type ClientFrame =
  | { action: "authenticate"; api_key: string }
  | { action: "sendMessage"; message: string; client_message_id: string; history: HistoryTurn[] }
  | { action: "stop"; answer_id: string }
  | { action: "resume"; answer_id: string; epoch: number; after_seq: number }
  | { action: "heartbeat" };

export type FinishReason = "complete" | "no_evidence" | "length" | "blocked" | "stopped";

interface Numbered {
  answer_id: string;
  epoch: number;
  seq: number;
  text: string;
  complete: boolean;
}

/** Something went wrong; `answer_id` is empty when it is not about one answer. */
export interface ErrorFrame extends Numbered {
  type: "error";
  code: string;
  retryable: boolean;
  retry_after_ms: number | null;
}

/** A numbered event of one answer. */
export type AnswerFrame =
  | (Numbered & { type: "start"; generation: number })
  | (Numbered & { type: "chunk" })
  | (Numbered & { type: "citation"; citation: Citation })
  | (Numbered & { type: "notice"; kind: string })
  | (Numbered & { type: "retract"; from_byte: number; reason: string })
  | (Numbered & { type: "unsupported" })
  | (Numbered & { type: "other" })
  | (Numbered & { type: "end"; finish_reason: FinishReason; citations: Citation[]; generation: number })
  | ErrorFrame;

/** What the gateway sends. */
export type ServerFrame =
  | AnswerFrame
  | { type: "resync"; answer_id: string }
  | { type: "heartbeat" }
  | { type: "draining" }
  | { type: "authenticated" };

/** Returns the frame in `message`, or null for one that is malformed or of an unknown type. */
export function parseFrame(message: unknown): ServerFrame | null {
  const frame = parseObject(message);
  if (!frame) return null;
  const numbered: Numbered = {
    answer_id: textOf(frame["answer_id"]),
    epoch: numberOf(frame["epoch"]),
    seq: numberOf(frame["seq"]),
    text: textOf(frame["text"]),
    complete: frame["complete"] === true,
  };
  switch (frame["type"]) {
    case "heartbeat":
    case "draining":
    case "authenticated":
      return { type: frame["type"] };
    case "resync":
      return { type: "resync", answer_id: numbered.answer_id };
    case "error":
      return { type: "error", ...numbered, ...parseProblem(frame) };
  }
  return numbered.answer_id && numbered.seq > 0 ? parseEvent(frame, numbered) : null;
}

/** Reads the fields that every error has on every transport. */
export function parseProblem(body: Fields): Pick<ErrorFrame, "code" | "retryable" | "retry_after_ms"> {
  const wait = body["retry_after_ms"];
  return {
    code: textOf(body["code"]) || "INTERNAL",
    retryable: body["retryable"] === true,
    retry_after_ms: typeof wait === "number" && wait > 0 ? wait : null,
  };
}

/** Reads a list of citations, leaving out what is not one. */
export function parseCitations(list: unknown): Citation[] {
  if (!Array.isArray(list)) return [];
  return list.map(parseCitation).filter((citation): citation is Citation => citation !== null);
}

export function parseFinishReason(value: unknown): FinishReason {
  const known: FinishReason[] = ["no_evidence", "length", "blocked", "stopped"];
  return known.find((reason) => reason === value) ?? "complete";
}

/** A JSON object whose fields are not known yet. */
export type Fields = Record<string, unknown>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function numberOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

function parseObject(message: unknown): Fields | null {
  if (typeof message !== "string") return null;
  try {
    return fieldsOf(JSON.parse(message));
  } catch {
    return null;
  }
}

function parseEvent(frame: Fields, numbered: Numbered): AnswerFrame | null {
  const generation = numberOf(frame["generation"]);
  switch (frame["type"]) {
    case "start":
      return { type: "start", ...numbered, generation };
    case "chunk":
      return { type: "chunk", ...numbered };
    case "notice":
      return { type: "notice", ...numbered, kind: textOf(frame["kind"]) };
    case "unsupported":
      return { type: "unsupported", ...numbered };
    case "retract":
      return { type: "retract", ...numbered, from_byte: numberOf(frame["from_byte"]), reason: textOf(frame["reason"]) };
    case "citation": {
      const citation = parseCitation(frame["citation"]);
      return citation && { type: "citation", ...numbered, citation };
    }
    case "end": {
      const citations = parseCitations(frame["citations"]);
      return { type: "end", ...numbered, finish_reason: parseFinishReason(frame["finish_reason"]), citations, generation };
    }
    default:
      // A newer gateway may send more; its place in the numbering counts all the same.
      return { type: "other", ...numbered };
  }
}

function parseCitation(value: unknown): Citation | null {
  const fields = fieldsOf(value);
  if (!fields || numberOf(fields["number"]) < 1) return null;
  const headings = fields["heading_path"];
  return {
    number: numberOf(fields["number"]),
    document_id: textOf(fields["document_id"]),
    collection: textOf(fields["collection"]),
    title: textOf(fields["title"]) || textOf(fields["document_id"]),
    heading_path: Array.isArray(headings) ? headings.filter((heading) => typeof heading === "string") : [],
    text: textOf(fields["text"]),
    quote: textOf(fields["quote"]),
    url: textOf(fields["url"]),
    page: numberOf(fields["page"]) || null,
  };
}
