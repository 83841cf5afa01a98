// A question and its answer.

import { Answer } from "./answer";
import type { HistoryTurn } from "./frames";

/** The gateway reads no more earlier messages than this, of this many characters each. */
const HISTORY_MESSAGES = 20;
const HISTORY_CHARACTERS = 4_000;

export interface Turn {
  question: string;
  /** Repeating the same id gets the same answer, so a question may safely be sent twice. */
  messageId: string;
  /** What was said before, as of when the question is sent. */
  history: HistoryTurn[];
  answer: Answer;
  askedAt: number;
  /** Whether the question is held back until there is a connection. */
  isWaiting: boolean;
}

export function makeTurn(question: string): Turn {
  return { question, messageId: newId(), history: [], answer: new Answer(), askedAt: Date.now(), isWaiting: false };
}

/** Returns the conversation as the gateway takes it, oldest message first. */
export function historyOf(turns: Turn[]): HistoryTurn[] {
  const answered = turns.slice(-HISTORY_MESSAGES).filter(({ answer }) => answer.finish && answer.text);
  const messages = answered.flatMap(({ question, answer }): HistoryTurn[] => [
    { role: "visitor", text: question.slice(0, HISTORY_CHARACTERS) },
    { role: "assistant", text: answer.text.slice(0, HISTORY_CHARACTERS) },
  ]);
  return messages.slice(-HISTORY_MESSAGES);
}

export function newId(): string {
  // `randomUUID` is missing on pages without TLS.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
