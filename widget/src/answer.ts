// One answer, put together from its numbered events. Knows the order of events, not where they come from.

import type { AnswerFrame, Citation, ErrorFrame, FinishReason } from "./frames";

/** What became of an event: used, seen before, or held off because an earlier one is missing. */
export type Outcome = "applied" | "repeated" | "gap";

export class Answer {
  /** Empty until the first event. */
  id = "";
  epoch = 0;
  /** Number of the last event applied. */
  seq = 0;
  text = "";
  citations: Citation[] = [];
  /** Sentences for the reader beside the answer. */
  notices: string[] = [];
  /** Generation of the knowledge that answered; 0 when unknown. */
  generation = 0;
  finish: FinishReason | null = null;
  problem: Problem | null = null;
  /** Whether the answer came from the browser's cache. */
  cached = false;

  /** Applies one event. Events of a new epoch start the answer anew. */
  apply(frame: AnswerFrame): Outcome {
    if (frame.answer_id !== this.id || frame.epoch !== this.epoch) this.#restart(frame);
    if (frame.seq <= this.seq) return "repeated";
    // The last event carries all that matters, so what was missed before it does not.
    if (frame.seq > this.seq + 1 && !frame.complete) return "gap";
    this.seq = frame.seq;
    this.#take(frame);
    return "applied";
  }

  get isSettled(): boolean {
    return this.finish !== null || this.problem !== null;
  }

  #restart(frame: AnswerFrame): void {
    this.id = frame.answer_id;
    this.epoch = frame.epoch;
    this.seq = 0;
    this.text = "";
    this.citations = [];
    this.notices = [];
  }

  #take(frame: AnswerFrame): void {
    switch (frame.type) {
      case "start":
        this.generation = frame.generation;
        break;
      case "chunk":
        this.text += frame.text;
        break;
      case "citation":
        this.citations = [...this.citations.filter(({ number }) => number !== frame.citation.number), frame.citation];
        break;
      case "notice":
        this.notices.push(frame.text);
        break;
      case "retract":
        this.text = firstBytes(this.text, frame.from_byte);
        if (frame.reason) this.notices.push(frame.reason);
        break;
      case "end":
        this.text = frame.text;
        this.citations = frame.citations;
        this.generation = frame.generation || this.generation;
        this.finish = frame.finish_reason;
        break;
      case "error":
        this.problem = problemOf(frame);
    }
  }
}

/** Why there is no answer, in words for the reader. */
export interface Problem {
  code: string;
  text: string;
  isRetryable: boolean;
  /** Milliseconds before asking again makes sense. */
  retryAfterMs: number;
}

export function problemOf(frame: Pick<ErrorFrame, "code" | "text" | "retryable" | "retry_after_ms">): Problem {
  return { code: frame.code, text: frame.text, isRetryable: frame.retryable, retryAfterMs: frame.retry_after_ms ?? 0 };
}

/** Returns the first `count` UTF-8 bytes of `text`, cut back to a whole character. */
function firstBytes(text: string, count: number): string {
  const bytes = new TextEncoder().encode(text).subarray(0, count);
  return new TextDecoder().decode(bytes, { stream: true });
}
