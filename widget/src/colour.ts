// Keeps the site's own colours readable on whatever they lie on.

/** Red, green and blue, each 0 to 255. */
export type Colour = readonly [number, number, number];

export const WHITE: Colour = [255, 255, 255];
export const INK: Colour = [23, 26, 28];

/** WCAG contrast of small text. */
const READABLE = 4.5;

/** Reads `rgb(…)` as browsers compute it; null for any other notation or a transparent colour. */
export function parseColour(computed: string): Colour | null {
  const parts = /^rgba?\((\d+), (\d+), (\d+)(?:, (\d*\.?\d+))?\)$/.exec(computed);
  if (!parts || Number(parts[4] ?? 1) === 0) return null;
  return [Number(parts[1]), Number(parts[2]), Number(parts[3])];
}

/** Returns white or ink, whichever reads better on `ground`. */
export function textOn(ground: Colour): Colour {
  return contrast(WHITE, ground) >= contrast(INK, ground) ? WHITE : INK;
}

/** Moves `colour` towards black or white until it is readable as text on `ground`. */
export function readableOn(colour: Colour, ground: Colour): Colour {
  const goal: Colour = luminance(ground) > 0.4 ? [0, 0, 0] : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const mixed = mix(colour, goal, share);
    if (contrast(mixed, ground) >= READABLE) return mixed;
  }
  return goal;
}

export function contrast(one: Colour, other: Colour): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

export function cssOf([red, green, blue]: Colour): string {
  return `rgb(${red}, ${green}, ${blue})`;
}

function mix(from: Colour, to: Colour, share: number): Colour {
  const channel = (index: 0 | 1 | 2) => Math.round(from[index] + (to[index] - from[index]) * share);
  return [channel(0), channel(1), channel(2)];
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
