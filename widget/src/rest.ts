// An answer over `POST /chat`: as server-sent events, or in one piece where those do not get through.

import { problemOf, type Answer, type Problem } from "./answer";
import { delayMs } from "./backoff";
import { parseFrame, parseMessage, type HistoryTurn, type Message } from "./frames";
import type { Gateway } from "./gateway";

const TRIES = 5;
/** Tries with no event at all after which the answer is asked for in one piece. */
const SILENT_TRIES = 2;
const PAUSE_MS = 500;

/** The body of `POST /chat`. */
export interface Question {
  message: string;
  client_message_id: string;
  history: HistoryTurn[];
}

export interface HttpListener {
  /** Returns the answer as it is now. */
  answer(): Answer;
  received(frame: Message): void;
  /** The answer in one piece. */
  whole(body: Message): void;
}

/**
 * Asks until the answer has settled. Returns why it cannot; an empty text leaves the words to the caller. Throws only
 * when `signal` aborts.
 */
export async function askOverHttp(
  gateway: Gateway,
  question: Question,
  isStreaming: boolean,
  listener: HttpListener,
  signal: AbortSignal,
): Promise<Problem | null> {
  let silent = isStreaming ? 0 : SILENT_TRIES;
  let canResume = true;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, delayMs(attempt, PAUSE_MS)));
    signal.throwIfAborted();
    const { id, epoch, seq } = listener.answer();
    const streaming = silent < SILENT_TRIES;
    const isResumed = streaming && canResume && seq > 0;
    const headers = { accept: streaming ? "text/event-stream" : "application/json", ...(isResumed && { "last-event-id": `${id}:${epoch}:${seq}` }) };
    try {
      // A repeat of the question leads to the same answer, whose events are told apart by their numbers.
      const [path, body] = isResumed ? [`chat/${id}/events`, undefined] : ["chat", { ...question, streaming }];
      const response = await gateway.call(path, body, headers, signal);
      if (isResumed && !response.ok) canResume = false;
      else if (response.headers.get("content-type")?.includes("event-stream")) await readEvents(response, listener);
      else return await takeWhole(response, listener);
    } catch {
      signal.throwIfAborted();
    }
    const now = listener.answer();
    if (now.isSettled) return null;
    if (now.seq > seq) attempt = 0;
    else silent += 1;
    if (!navigator.onLine) break;
  }
  return { code: "UNAVAILABLE", text: "", isRetryable: true, waitMs: 0 };
}

async function readEvents({ body }: Response, listener: HttpListener): Promise<void> {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let pending = "";
  for (;;) {
    const { done, value = "" } = await reader.read();
    if (done) return;
    const lines = (pending + value).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) {
      const frame = line.startsWith("data:") && parseFrame(line.slice(5));
      if (frame) listener.received(frame);
    }
  }
}

async function takeWhole(response: Response, listener: HttpListener): Promise<Problem | null> {
  const body = Object(await response.json().catch(() => null)) as Record<string, unknown>;
  if (!response.ok) return refusalIn(body["error"] ?? body, response);
  const message = parseMessage(body["data"] ?? body);
  if (!message.response && !message.text) return problemOf({ ...message, code: "UNREADABLE", retryable: true }, "");
  listener.whole(message);
  return null;
}

/** Reads why a request was refused. A proxy in front of the gateway sends no body of ours; its status says enough. */
export function refusalIn(body: unknown, { status, headers }: Response): Problem {
  const problem = parseMessage(body);
  const isRetryable = problem.code ? problem.retryable : status === 429 || status >= 500;
  const waitMs = problem.retry_after_ms || Number(headers.get("retry-after")) * 1000 || 0;
  return { ...problemOf(problem, problem.detail || problem.message || problem.text), isRetryable, waitMs };
}
