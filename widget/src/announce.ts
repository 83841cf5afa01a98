// Speaks to screen readers: each finished sentence of an answer once, and short notes about what happens.

import { element } from "./elements";

const KEPT_MS = 8_000;

export class Announcer {
  /** Sentences of the current answer that were spoken. */
  #spoken = 0;

  /** A polite live region that nobody sees. */
  readonly region = element("div.unseen", { "aria-live": "polite" });

  constructor(private readonly isEnabled: boolean) {}

  /** Begins a new answer. */
  begin(): void {
    this.#spoken = 0;
  }

  /** Speaks the sentences of `markdown` that are finished and were not spoken yet. */
  answer(markdown: string, isFinished: boolean): void {
    const sentences = finishedSentences(markdown, isFinished);
    // A withdrawn sentence cannot be unsaid, but what replaces it must be heard.
    this.#spoken = Math.min(this.#spoken, sentences.length);
    for (const sentence of sentences.slice(this.#spoken)) this.say(sentence);
    this.#spoken = sentences.length;
  }

  /** Speaks a note. */
  say(text: string): void {
    if (!this.isEnabled) return;
    const line = element("p", {}, text);
    this.region.append(line);
    // Removed so that nobody who reads through the page meets the answer twice.
    setTimeout(() => line.remove(), KEPT_MS);
  }

  close(): void {
    this.region.remove();
  }
}

/** Splits an answer into sentences as they are heard; the last one counts only when nothing can follow. */
export function finishedSentences(markdown: string, isFinished: boolean): string[] {
  const sentences: string[] = [];
  const lines = markdown.split("\n");
  lines.forEach((line, index) => {
    const isLast = index === lines.length - 1;
    const parts = spokenForm(line).split(/(?<=[.!?…]["'”’)]*)\s+/u);
    const finished = isLast && !isFinished ? parts.slice(0, -1) : parts;
    sentences.push(...finished.map((part) => part.trim()).filter((part) => /[\p{L}\p{N}]/u.test(part)));
  });
  return sentences;
}

function spokenForm(line: string): string {
  return line
    .replace(/\s?\[\d+\]/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:#{1,6}|>|[-*+]|\d+[.)])\s+/, "")
    .replace(/^\s*\|?[\s:|-]+\|?\s*$/, "")
    .replace(/^\s*\||\|\s*$/g, "")
    .replace(/\s*\|\s*/g, ", ")
    .replace(/[*`_]{1,3}/g, "");
}
