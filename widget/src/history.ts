// The conversation as the browser keeps it from page to page.

import { Answer } from "./answer";
import type { Shelf } from "./shelf";
import type { StoredTurn } from "./stored";
import { makeTurn, type Turn } from "./turn";

/** Stores the turns that are settled; where there is too little room, the newer half of them. */
export function storeTurns(shelf: Shelf<StoredTurn[]>, turns: Turn[]): void {
  const settled = turns.filter(({ answer }) => answer.finish);
  if (!shelf.write(settled) && settled[1]) storeTurns(shelf, settled.slice(settled.length >> 1));
}

/** Returns the turns that were stored; whatever cannot be read counts as none. */
export function restoreTurns(shelf: Shelf<StoredTurn[]>): Turn[] {
  try {
    return (shelf.read() ?? []).map((stored) => ({
      ...makeTurn(stored.question),
      ...stored,
      answer: Object.assign(new Answer(), stored.answer),
    }));
  } catch {
    return [];
  }
}
