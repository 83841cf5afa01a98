// Decides which addresses may become links.

/** Returns the absolute address of `href`, or null unless it is plain http or https without credentials. */
export function safeAddress(href: string, base: string): string | null {
  if (!href.trim()) return null;
  try {
    const address = new URL(href, base);
    const isWeb = address.protocol === "https:" || address.protocol === "http:";
    // `https://bank.example@attacker.example` reads like the bank.
    return isWeb && !address.username && !address.password ? address.href : null;
  } catch {
    return null;
  }
}
