// The input line: a growing text field with one button that sends, or stops the running answer.

import { element, icon } from "./elements";
import { labels } from "./labels";

/** Longest question that the gateway takes. */
const LONGEST_QUESTION = 4_000;
const MOST_ROWS = 6;

export interface ComposerListener {
  /** The visitor turns to the input; a question is likely. */
  approached(): void;
  asked(question: string): void;
  stopped(): void;
}

export class Composer {
  readonly root: HTMLFormElement;
  readonly #input: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  #isAnswering = false;

  constructor(
    placeholder: string,
    private readonly listener: ComposerListener,
  ) {
    this.#input = element("textarea", { id: "question", rows: 1, maxlength: LONGEST_QUESTION, placeholder, enterkeyhint: "send" });
    this.#send = element("button", { type: "submit", class: "round send", "aria-label": labels.send }, icon("send"));
    this.#stop = element("button", { type: "button", class: "round stop", "aria-label": labels.stop }, icon("stop"));
    const label = element("label", { for: "question", class: "unseen" }, labels.input);
    this.root = element("form", { class: "composer" }, label, this.#input, this.#send, this.#stop);
    this.#listen();
    this.setAnswering(false);
  }

  focus(): void {
    this.#input.focus({ preventScroll: true });
  }

  /** Says whether an answer runs; another question can be written meanwhile, but not sent. */
  setAnswering(isAnswering: boolean): void {
    const hadFocus = this.root.contains(this.#focused());
    this.#isAnswering = isAnswering;
    this.#send.hidden = isAnswering;
    this.#stop.hidden = !isAnswering;
    this.#adapt();
    // The button under the focus may just have gone.
    if (hadFocus) this.focus();
  }

  #listen(): void {
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#stop.addEventListener("click", () => this.listener.stopped());
    this.#input.addEventListener("focus", () => this.listener.approached());
    this.#input.addEventListener("input", () => this.#adapt());
    this.#input.addEventListener("keydown", (event) => {
      // Enter that ends the composition of a character is not a wish to send.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
  }

  #submit(): void {
    const question = this.#input.value.trim();
    if (!question || this.#isAnswering) return;
    this.#input.value = "";
    this.listener.asked(question);
    this.#adapt();
  }

  /** Fits the height to the text; by rows, since a strict policy forbids style attributes. */
  #adapt(): void {
    this.#send.disabled = this.#input.value.trim() === "";
    this.#input.rows = 1;
    while (this.#input.rows < MOST_ROWS && this.#input.scrollHeight > this.#input.clientHeight + 1) this.#input.rows += 1;
  }

  #focused(): Element | null {
    const root = this.root.getRootNode();
    return root instanceof ShadowRoot ? root.activeElement : null;
  }
}
