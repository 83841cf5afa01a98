// One answer, put together from its numbered events. Knows the order of events, not where they come from.

import type { Citation, Message } from "./frames";

/** What became of an event: used, seen before, or held off because an earlier one is missing. */
export type Outcome = "applied" | "repeated" | "gap";

/** Why there is no answer, in words for the reader. */
export interface Problem {
  code: string;
  text: string;
  isRetryable: boolean;
  /** Milliseconds before asking again makes sense. */
  waitMs: number;
}

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
  /** Byte ranges of the text that the passages do not bear out, each `[first, after last]`. */
  unsupported: number[][] = [];
  followUps: string[] = [];
  /** Generation of the knowledge that answered; 0 when unknown. */
  generation = 0;
  /** Why the answer ended; empty while it runs. */
  finish = "";
  problem: Problem | null = null;
  /** Whether the model that was meant to wrote it, so that it may be kept. */
  isUsual = false;
  /** Whether the answer came from the browser's cache. */
  isCached = false;

  get isSettled(): boolean {
    return this.finish !== "" || this.problem !== null;
  }

  /** Applies one event. Events of a new epoch start the answer anew. */
  apply(frame: Message): Outcome {
    const { answer_id: id, epoch } = frame;
    if (id !== this.id || epoch !== this.epoch) Object.assign(this, new Answer(), { id, epoch });
    if (frame.seq <= this.seq) return "repeated";
    // The last event carries all that matters, so what was missed before it does not.
    if (frame.seq > this.seq + 1 && !frame.complete) return "gap";
    this.seq = frame.seq;
    this.#take(frame);
    return "applied";
  }

  /** Takes a whole answer, as REST gives it. */
  takeWhole(body: Message): void {
    this.id = body.answer_id;
    this.notices = body.notices.map(({ text }) => text).filter(Boolean);
    this.unsupported = body.unsupported.map((sentence) => sentence.byte_range);
    this.#take({ ...body, type: "end", text: body.response || body.text });
  }

  #take(frame: Message): void {
    const { type, text } = frame;
    if (frame.generation) this.generation = frame.generation;
    if (type === "chunk") this.text += text;
    if (type === "notice") this.notices.push(text);
    if (type === "unsupported") this.unsupported.push(frame.byte_range);
    if (type === "citation") {
      this.citations = [...this.citations.filter(({ number }) => number !== frame.citation.number), frame.citation];
    }
    if (type === "retract") this.#withdraw(frame);
    if (type === "end") {
      this.text = text;
      this.citations = frame.citations;
      this.followUps = frame.follow_ups.filter(Boolean);
      this.finish = frame.finish_reason || "complete";
      this.isUsual = /^(model|extractive)?$/.test(frame.source);
    }
    if (type === "error") this.problem = problemOf(frame, text);
  }

  #withdraw({ from_byte: from, reason }: Message): void {
    this.text = fromBytes(toBytes(this.text).subarray(0, from));
    this.unsupported = this.unsupported.filter(([, end = 0]) => end <= from);
    if (reason) this.notices.push(reason);
  }
}

export function problemOf({ code, retryable, retry_after_ms }: Message, text: string): Problem {
  return { code: code || "INTERNAL", text, isRetryable: retryable, waitMs: retry_after_ms };
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Returns the text in `bytes`, without a character that is cut at the end. */
export function fromBytes(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes, { stream: true });
}
