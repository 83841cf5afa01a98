// The browser's storage as far as the page and the visitor allow it. Where they do not, nothing is kept and nothing breaks.

/** One value in one storage. */
export class Shelf<Value> {
  constructor(
    private readonly key: string,
    private readonly storage: "localStorage" | "sessionStorage",
    private readonly isAllowed: () => boolean,
  ) {}

  read(): Value | null {
    try {
      return this.isAllowed() ? (JSON.parse(window[this.storage].getItem(this.key) ?? "null") as Value) : null;
    } catch {
      return null;
    }
  }

  /** Returns whether the value was stored. */
  write(value: Value): boolean {
    try {
      if (this.isAllowed()) window[this.storage].setItem(this.key, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  clear(): void {
    try {
      window[this.storage].removeItem(this.key);
    } catch {
      // Storage that is forbidden holds nothing.
    }
  }
}
