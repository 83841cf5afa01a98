// Answers kept in the browser for an hour. Knows no conversation: only first questions may be kept, since later ones lean on what was said.

import type { Citation } from "./frames";

/** An answer worth keeping. */
export interface KeptAnswer {
  text: string;
  citations: Citation[];
  /** Generation of the knowledge that answered. */
  generation: number;
  /** Milliseconds since the Unix epoch. */
  time: number;
}

export interface CacheLimits {
  enabled: boolean;
  maxEntries: number;
  ttlMs: number;
}

/** The part of `Storage` that is used; a page may forbid all of it. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export class AnswerCache {
  isEnabled: boolean;
  /** Oldest first. */
  #entries: [question: string, answer: KeptAnswer][];

  constructor(
    private readonly limits: CacheLimits,
    private readonly shelf: Shelf | null,
    private readonly shelfKey: string,
  ) {
    this.isEnabled = limits.enabled;
    this.#entries = this.#load();
  }

  find(question: string): KeptAnswer | null {
    if (!this.isEnabled) return null;
    const found = this.#entries.find(([kept]) => kept === keyOf(question))?.[1];
    return found && Date.now() - found.time < this.limits.ttlMs ? found : null;
  }

  keep(question: string, answer: KeptAnswer): void {
    if (!this.isEnabled) return;
    const key = keyOf(question);
    // Answers from older knowledge may be wrong by now.
    const current = this.#entries.filter(([kept, { generation }]) => kept !== key && generation >= answer.generation);
    this.#entries = [...current, [key, answer] as [string, KeptAnswer]].slice(-this.limits.maxEntries);
    this.#save();
  }

  clear(): void {
    this.#entries = [];
    this.#save();
  }

  #load(): [string, KeptAnswer][] {
    try {
      const kept: unknown = JSON.parse(this.shelf?.getItem(this.shelfKey) ?? "[]");
      return Array.isArray(kept) ? kept.filter(isEntry) : [];
    } catch {
      return [];
    }
  }

  #save(): void {
    try {
      this.shelf?.setItem(this.shelfKey, JSON.stringify(this.#entries));
    } catch {
      // Storage is full or forbidden: the cache then lives as long as the page.
    }
  }
}

function keyOf(question: string): string {
  return question.trim().toLowerCase();
}

function isEntry(value: unknown): value is [string, KeptAnswer] {
  if (!Array.isArray(value) || typeof value[0] !== "string") return false;
  const answer = value[1] as Partial<KeptAnswer> | undefined;
  return typeof answer?.text === "string" && Array.isArray(answer.citations) && typeof answer.time === "number";
}
