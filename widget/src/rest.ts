// A whole answer over `POST /chat`, for pages that have no WebSocket. Knows the HTTP shape only.

import { problemOf, type Problem } from "./answer";
import {
  fieldsOf,
  numberOf,
  parseCitations,
  parseFinishReason,
  parseProblem,
  textOf,
  type Citation,
  type Fields,
  type FinishReason,
  type HistoryTurn,
} from "./frames";
import { labels } from "./labels";

const DEADLINE_MS = 120_000;

export interface RestQuestion {
  message: string;
  client_message_id: string;
  history: HistoryTurn[];
}

export interface RestAnswer {
  text: string;
  citations: Citation[];
  finish: FinishReason;
  generation: number;
  notices: string[];
}

/** Asks and waits for the whole answer. Returns a `Problem` instead of throwing, except when `signal` aborts. */
export async function askOverHttp(
  address: { url: string; apiKey: string },
  question: RestQuestion,
  signal: AbortSignal,
): Promise<RestAnswer | Problem> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), DEADLINE_MS);
  const stop = () => deadline.abort();
  signal.addEventListener("abort", stop);
  try {
    const response = await fetch(address.url, {
      method: "POST",
      headers: { "content-type": "application/json", ...(address.apiKey && { "x-api-key": address.apiKey }) },
      body: JSON.stringify({ ...question, streaming: false }),
      credentials: "omit",
      signal: deadline.signal,
    });
    const body = fieldsOf(await response.json().catch(() => null));
    return response.ok && body ? answerIn(body) : refusalIn(body, response);
  } catch (cause) {
    if (signal.aborted) throw cause;
    return { code: "UNAVAILABLE", text: labels.unreachable, isRetryable: true, retryAfterMs: 0 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function answerIn(body: Fields): RestAnswer | Problem {
  const answer = fieldsOf(body["data"]) ?? body;
  const text = textOf(answer["response"]) || textOf(answer["text"]);
  if (!text) return { code: "INTERNAL", text: labels.unreadable, isRetryable: true, retryAfterMs: 0 };
  const notices = Array.isArray(answer["notices"]) ? answer["notices"] : [];
  return {
    text,
    citations: parseCitations(answer["citations"]),
    finish: parseFinishReason(answer["finish_reason"]),
    generation: numberOf(answer["generation"]),
    notices: notices.map((notice) => textOf(fieldsOf(notice)?.["text"])).filter(Boolean),
  };
}

function refusalIn(body: Fields | null, response: Response): Problem {
  const problem = fieldsOf(body?.["error"]) ?? body ?? {};
  const text = textOf(problem["detail"]) || textOf(problem["message"]) || textOf(problem["text"]) || labels.unreachable;
  const fields = parseProblem(problem);
  const seconds = Number(response.headers.get("retry-after"));
  if (seconds > 0) fields.retry_after_ms ??= seconds * 1000;
  // A proxy in front of the gateway sends no body of ours; its status says enough.
  if (typeof problem["retryable"] !== "boolean") fields.retryable = response.status === 429 || response.status >= 500;
  return problemOf({ ...fields, text });
}
