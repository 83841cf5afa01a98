// The input line: a growing text field with one button that sends, or stops the running answer.

import { button, element, icon, STOP, UP } from "./elements";
import type { Panel } from "./panel";

/** Longest question that the gateway takes. */
const LONGEST_QUESTION = 4_000;
/** Characters left from which on they are counted for the visitor. */
const COUNTED_FROM = 200;
const MOST_ROWS = 6;

export class Composer {
  readonly root: HTMLElement;
  readonly #input: HTMLTextAreaElement;
  readonly #send: HTMLButtonElement;
  readonly #stop: HTMLButtonElement;
  readonly #left = element("p.left", { role: "status" });
  /** Told of the question instead of the chat, while one is edited. */
  #edited: (() => void) | null = null;

  constructor(private readonly panel: Panel) {
    const { texts, settings } = panel;
    const placeholder = settings.placeholderText || texts.words.placeholder;
    this.#input = element("textarea.input", {
      id: "question",
      rows: 1,
      dir: "auto",
      maxlength: LONGEST_QUESTION,
      placeholder,
      enterkeyhint: "send",
      focus: () => panel.approached(),
      input: () => this.#adapt(),
      keydown: (event) => this.#typed(event as KeyboardEvent),
    });
    this.#send = element("button.send", { type: "submit", "aria-label": texts.words.send }, icon(UP));
    this.#stop = button("send", texts.words.stop, () => panel.chat.stop(), STOP);
    const label = element("label.unseen", { for: "question" }, texts.words.input);
    const submit = (event: Event): void => {
      event.preventDefault();
      this.#submit();
    };
    this.root = element("form.composer", { submit }, label, this.#left, this.#input, this.#send, this.#stop);
    this.update();
  }

  focus(): void {
    this.#input.focus({ preventScroll: true });
  }

  /** Puts `question` into the input; `sent` is called before it is asked again. */
  edit(question: string, sent: () => void): void {
    this.#edited = sent;
    this.#input.value = question;
    this.#adapt();
    this.focus();
  }

  /** Shows whether an answer runs; another question can be written meanwhile, but not sent. */
  update(): void {
    const hadFocus = (this.root.getRootNode() as ShadowRoot).activeElement?.closest("form") === this.root;
    const { isAnswering } = this.panel.chat;
    this.#send.hidden = isAnswering;
    this.#stop.hidden = !isAnswering;
    this.#adapt();
    // The button under the focus may just have gone.
    if (hadFocus) this.focus();
  }

  #typed(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.#edited) {
      event.stopPropagation();
      this.#edited = null;
      this.#input.value = "";
      this.#adapt();
    }
    // Enter that ends the composition of a character is not a wish to send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#submit();
  }

  #submit(): void {
    const question = this.#input.value.trim();
    if (!question || this.panel.chat.isAnswering) return;
    this.#input.value = "";
    this.#edited?.();
    this.#edited = null;
    this.panel.chat.ask(question);
    this.#adapt();
  }

  /** Fits the height to the text; by rows, since a strict policy forbids style attributes. */
  #adapt(): void {
    const input = this.#input;
    const left = LONGEST_QUESTION - input.value.length;
    this.#left.textContent = left < COUNTED_FROM ? this.panel.texts.counted("left", left) : "";
    this.#send.disabled = !input.value.trim();
    input.rows = 1;
    while (input.rows < MOST_ROWS && input.scrollHeight > input.clientHeight + 1) input.rows += 1;
  }
}
