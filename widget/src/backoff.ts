// How long to wait before the next try. Random on purpose: pages that lost one server must not come back in one wave.

const LONGEST_MS = 60_000;

/** Returns the delay before try number `attempt` (from 0): uniform between a tenth and the whole of base × 2^attempt. */
export function delayMs(attempt: number, baseMs: number, random: () => number = Math.random): number {
  const ceiling = Math.min(baseMs * 2 ** attempt, LONGEST_MS);
  return ceiling * (0.1 + 0.9 * random());
}
