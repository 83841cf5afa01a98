// The conversation on the page: turns, what can be asked next, and staying at the end while an answer grows.

import { button, DOWN, element } from "./elements";
import type { Panel } from "./panel";
import { TurnView } from "./turn-view";
import type { Turn } from "./turn";

/** A reader this close to the end, in pixels, follows the growing answer. */
const FOLLOW_PX = 48;
/** Turns that are built at a time when a long conversation is read backwards. */
const PAGE = 20;

export class Log {
  readonly root: HTMLElement;
  readonly latest: HTMLElement;
  readonly #offers: HTMLElement;
  readonly #views = new Map<Turn, TurnView>();
  /** Earlier turns that nobody has scrolled up to yet. */
  #unbuilt: Turn[];
  #isFollowing = true;
  #frame = 0;

  constructor(private readonly panel: Panel) {
    const { texts, settings, chat } = panel;
    this.#offers = element(".suggestions", { role: "group", "aria-label": texts.words.suggestions });
    const welcome = element("p.welcome", { dir: "auto" }, settings.welcomeMessage || texts.words.welcome);
    const attributes = { role: "log", "aria-live": "off", "aria-label": texts.words.log, tabindex: 0 };
    this.root = element(".log", { ...attributes, scroll: () => this.#scrolled() }, welcome, this.#offers);
    this.latest = button("latest", texts.words.latest, () => this.follow(), DOWN);
    this.#unbuilt = [...chat.turns];
    this.#buildEarlier();
    this.offer(chat.turns.length > 0 ? [] : (settings.suggestedQuestions ?? []));
    this.follow();
  }

  asked(turn: Turn): void {
    this.offer([]);
    this.#offers.before(this.#build(turn));
    this.follow();
  }

  /** Draws at most once per frame, however fast the words come; `drawn` is called when that is done. */
  changed(turn: Turn, drawn: () => void): void {
    if (this.#frame && !turn.answer.isSettled) return;
    cancelAnimationFrame(this.#frame);
    const draw = (): void => {
      this.#frame = 0;
      this.#views.get(turn)?.update();
      drawn();
      if (this.#isFollowing) this.follow();
      this.#scrolled();
    };
    if (turn.answer.isSettled) draw();
    else this.#frame = requestAnimationFrame(draw);
  }

  /** Offers what may be asked next. */
  offer(questions: string[]): void {
    const { panel } = this;
    const ask = (question: string) => (): void => {
      panel.focus();
      panel.chat.ask(question);
    };
    this.#offers.replaceChildren(...questions.map((question) => button("plain", question, ask(question), "", { dir: "auto" })));
    if (this.#isFollowing) this.follow();
  }

  /** Takes away the turns that the chat no longer has. */
  forget(): void {
    const { turns } = this.panel.chat;
    this.#unbuilt = this.#unbuilt.filter((turn) => turns.includes(turn));
    for (const [turn, view] of this.#views) {
      if (turns.includes(turn)) continue;
      view.close();
      view.root.remove();
      this.#views.delete(turn);
    }
  }

  follow(): void {
    this.#isFollowing = true;
    this.root.scrollTop = this.root.scrollHeight;
    this.latest.hidden = true;
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#views.forEach((view) => view.close());
  }

  #build(turn: Turn): HTMLElement {
    const view = new TurnView(turn, this.panel);
    this.#views.set(turn, view);
    return view.root;
  }

  #buildEarlier(): void {
    const before = this.root.scrollHeight;
    const built = this.#unbuilt.splice(-PAGE).map((turn) => this.#build(turn));
    this.root.firstElementChild?.after(...built);
    this.root.scrollTop += this.root.scrollHeight - before;
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.root;
    this.#isFollowing = scrollHeight - scrollTop - clientHeight < FOLLOW_PX;
    this.latest.hidden = this.#isFollowing;
    if (this.#unbuilt.length > 0 && scrollTop < clientHeight) this.#buildEarlier();
  }
}
