// What the browser's storage holds. Types only; the build keeps the names in this file, since another version may read them.

import type { Citation, HistoryTurn } from "./frames";

/** An answer worth keeping. */
export interface KeptAnswer {
  text: string;
  citations: Citation[];
  followUps: string[];
  /** Generation of the knowledge that answered. */
  generation: number;
  /** Milliseconds since the Unix epoch. */
  time: number;
}

/** The newest generation that any tab heard of, and answers of that generation only, oldest first. */
export interface KeptAnswers {
  generation: number;
  entries: [wording: string, answer: KeptAnswer][];
}

/** One turn of a conversation; what is missing is as in a new one. */
export interface StoredTurn {
  question: string;
  messageId: string;
  history: HistoryTurn[];
  askedAt: number;
  isWaiting: boolean;
  answer: {
    id: string;
    epoch: number;
    seq: number;
    text: string;
    citations: Citation[];
    notices: string[];
    unsupported: number[][];
    followUps: string[];
    generation: number;
    finish: string;
    problem: { code: string; text: string; isRetryable: boolean; waitMs: number } | null;
    isUsual: boolean;
    isCached: boolean;
  };
}
