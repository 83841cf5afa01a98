// Answers kept in the browser, under the rules that the gateway's own cache follows. Every tab reads the same ones.

import type { Shelf } from "./shelf";
import type { KeptAnswer, KeptAnswers } from "./stored";

export interface CacheLimits {
  enabled: boolean;
  maxEntries: number;
  ttl: number;
}

const NOTHING: KeptAnswers = { generation: 0, entries: [] };

export class AnswerCache {
  isEnabled: boolean;
  /** What the shelf holds, or would hold where there is none. */
  #kept = NOTHING;

  constructor(
    private readonly limits: CacheLimits,
    private readonly shelf: Pick<Shelf<KeptAnswers>, "read" | "write" | "clear">,
  ) {
    this.isEnabled = limits.enabled;
  }

  find(question: string): KeptAnswer | null {
    if (!this.isEnabled) return null;
    const wording = wordingOf(question);
    const found = this.#read().entries.find(([kept]) => kept === wording)?.[1];
    return found && Date.now() - found.time < this.limits.ttl ? found : null;
  }

  /** Takes note of the newest generation; answers of older ones may be wrong by now. */
  heard(generation: number): void {
    const kept = this.#read();
    if (this.isEnabled && generation > kept.generation) this.#write({ generation, entries: [] });
  }

  keep(question: string, answer: KeptAnswer): void {
    this.heard(answer.generation);
    const { generation, entries } = this.#read();
    if (!this.isEnabled || answer.generation !== generation) return;
    const wording = wordingOf(question);
    const others = entries.filter(([kept]) => kept !== wording);
    this.#write({ generation, entries: [...others, [wording, answer] as KeptAnswers["entries"][0]].slice(-this.limits.maxEntries) });
  }

  clear(): void {
    this.#kept = NOTHING;
    this.shelf.clear();
  }

  /** Read anew each time, since another tab may have written. */
  #read(): KeptAnswers {
    const read = this.shelf.read();
    return Array.isArray(read?.entries) ? read : this.#kept;
  }

  #write(kept: KeptAnswers): void {
    this.#kept = kept;
    this.shelf.write(kept);
  }
}

const CLOSING = "[.,;:?!¿¡\"'“”„‘’«»…()。？！，؟]+";
const AROUND = new RegExp(`^${CLOSING}|${CLOSING}$`, "g");

/** The same words in the same order are the same question; but "IT" is not "it", except where all is in capitals. */
export function wordingOf(question: string): string {
  const composed = question.normalize("NFKC");
  const isShouted = !/\p{Lowercase}/u.test(composed);
  const fold = (word: string): string => {
    const letters = word.replace(/\P{Alphabetic}/gu, "");
    return !isShouted && /^\p{Uppercase}{2,}$/u.test(letters) ? word : word.toLowerCase();
  };
  const words = composed.split(/\s+/).map((word) => word.replace(AROUND, ""));
  return words.filter(Boolean).map(fold).join(" ");
}
