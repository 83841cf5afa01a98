// A sheet that lies over the conversation for a while: sources, or a form. One at a time.

import { button, CROSS, element, type Child } from "./elements";
import type { Texts } from "./labels";

export class Sheet {
  readonly root = element(".sheet", { role: "dialog", hidden: true });
  #opener: HTMLElement | null = null;
  #closed: (() => void) | undefined;

  /** `behind` are the parts that the sheet covers. */
  constructor(
    private readonly texts: Texts,
    private readonly behind: HTMLElement[],
  ) {}

  /** Shows `content`, puts the focus into it, and returns it when the sheet closes. */
  open(title: string, content: Child[], closed?: () => void): void {
    this.#opener ??= (this.root.getRootNode() as ShadowRoot).activeElement as HTMLElement | null;
    this.#closed = closed;
    const cross = button("bare", this.texts.words.close, () => this.close(), CROSS);
    const head = element(".sheetHead", {}, element("p.title", {}, title), cross);
    this.root.setAttribute("aria-label", title);
    this.root.replaceChildren(head, element(".sheetBody", {}, ...content));
    this.#show(true);
    (this.root.querySelector<HTMLElement>("[autofocus],input,textarea") ?? cross).focus();
  }

  /** Returns whether there was a sheet to close. */
  close(): boolean {
    if (this.root.hidden) return false;
    this.#show(false);
    this.#closed?.();
    this.#opener?.focus();
    this.#opener = null;
    return true;
  }

  #show(isShown: boolean): void {
    this.root.hidden = !isShown;
    this.behind.forEach((part) => (part.inert = isShown));
  }
}
