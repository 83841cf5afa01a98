// Every word of the interface that the widget itself writes, in the language of the page.

import english from "../languages/en.json";

export type Label = keyof typeof english;

/**
 * A label that counts has one key for each plural form of its language, `NAME_FORM`, where the form is what
 * `Intl.PluralRules` selects for the count: `zero`, `one`, `two`, `few`, `many` or `other`. A language leaves out the
 * forms that it does not know; `other` must be there.
 */
export type Counted = "left" | "sourceCount";

const RIGHT_TO_LEFT = /^(ar|dv|fa|he|ps|sd|ug|ur|yi)$/;

/** Writes labels in one language. */
export class Texts {
  /** Every text as it is written when nothing stands in for its names. */
  words: typeof english;
  /** The language that is written, such as `en`. */
  language = "en";

  /** `own` are the page's words, which stand above every language's. */
  constructor(private readonly own: Partial<typeof english>) {
    this.words = { ...english, ...own };
  }

  get direction(): "ltr" | "rtl" {
    return RIGHT_TO_LEFT.test(this.language) ? "rtl" : "ltr";
  }

  /** Fetches the language of the tag `wanted` from `folder`; null when there is nothing to fetch. A failure leaves English. */
  load(wanted: string, folder: string): Promise<void> | null {
    const language = wanted.toLowerCase().split("-")[0] ?? "";
    if (!/^[a-z]{2,3}$/.test(language) || language === "en") return null;
    return this.#fetch(language, folder).catch(() => {});
  }

  /** Returns the label with `{name}` replaced by the values. */
  of(label: Label, values: Record<string, string | number>): string {
    return this.words[label].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  }

  /** Returns the label in the plural form of `count`. */
  counted(label: Counted, count: number): string {
    const wanted = `${label}_${new Intl.PluralRules(this.language).select(count)}`;
    return this.of(wanted in this.words ? (wanted as Label) : `${label}_other`, { count });
  }

  async #fetch(language: string, folder: string): Promise<void> {
    const response = await fetch(`${folder}${language}.json`, { credentials: "omit" });
    this.words = { ...english, ...((await response.json()) as typeof english), ...this.own };
    this.language = language;
  }
}
