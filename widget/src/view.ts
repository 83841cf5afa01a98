// The chat on the page: header, conversation, suggestions and input inside one shadow root.

import type { ConnectionState } from "./api";
import { Announcer } from "./announce";
import { Chat, type ChatListener, type Turn } from "./chat";
import { Composer } from "./composer";
import type { Settings } from "./config";
import { element, icon } from "./elements";
import { labels } from "./labels";
import { applyStyles } from "./styles";
import { TurnView } from "./turn";

/** A reader this close to the end, in pixels, follows the growing answer. */
const FOLLOW_PX = 48;

export class View implements ChatListener {
  readonly #host = element("div", { "data-smallbiz-chatbot": true });
  readonly #subtitle = element("p", { class: "subtitle" }, labels.subtitle);
  readonly #log = element("div", { class: "log", role: "log", "aria-live": "off", "aria-label": labels.log, tabindex: 0 });
  readonly #latest = element("button", { type: "button", class: "latest", "aria-label": labels.latest }, icon("latest"));
  readonly #region = element("div", { class: "unseen", "aria-live": "polite" });
  readonly #announcer = new Announcer(this.#region);
  readonly #composer: Composer;
  readonly #turns = new Map<Turn, TurnView>();
  #suggestions: HTMLElement | null = null;
  #isFollowing = true;
  #frame = 0;

  constructor(
    private readonly settings: Settings,
    private readonly chat: () => Chat,
  ) {
    this.#composer = new Composer(settings.placeholderText, {
      approached: () => chat().prepare(),
      asked: (question) => chat().ask(question),
      stopped: () => chat().stop(),
    });
    this.#latest.addEventListener("click", () => this.#follow());
    this.#log.addEventListener("scroll", () => this.#noticeScroll(), { passive: true });
    this.#buildLog();
    this.#latest.hidden = true;
  }

  /** Puts the chat into `container`. */
  mount(container: HTMLElement): void {
    // A container that has no height of its own gets one, or the conversation would stretch the page.
    if (container.clientHeight === 0) this.#host.dataset["height"] = "own";
    const root = this.#host.attachShadow({ mode: "open" });
    container.append(this.#host);
    applyStyles(root, this.settings.theme);
    const titles = element("div", {}, element("p", { class: "title" }, labels.title), this.#subtitle);
    const header = element("div", { class: "header" }, icon("chat"), titles);
    const parts = [header, this.#log, this.#latest, this.#composer.root, this.#region];
    root.append(element("section", { class: "panel", part: "panel", "aria-label": labels.region }, ...parts));
  }

  unmount(): void {
    cancelAnimationFrame(this.#frame);
    this.#turns.forEach((turn) => turn.close());
    this.#host.remove();
  }

  asked(turn: Turn): void {
    this.#suggestions?.remove();
    const view = new TurnView(turn, this.settings.chatUrl, () => {
      this.#composer.focus();
      this.#announcer.begin();
      this.chat().retry(turn);
    });
    this.#turns.set(turn, view);
    this.#log.append(view.root);
    this.#announcer.begin();
    this.#announcer.say(labels.searching);
    this.#composer.setAnswering(true);
    this.#follow();
  }

  changed(turn: Turn): void {
    const { answer } = turn;
    if (!answer.isSettled) {
      this.#composer.setAnswering(true);
      this.#drawSoon(turn);
      return;
    }
    this.#draw(turn);
    this.#composer.setAnswering(this.chat().isAnswering);
    this.#announceEnd(turn);
  }

  connectionChanged(state: ConnectionState): void {
    const isLost = state === "reconnecting";
    this.#subtitle.textContent = isLost ? labels.reconnecting : labels.subtitle;
    if (isLost && this.chat().isAnswering) this.#announcer.say(labels.reconnecting);
  }

  #buildLog(): void {
    if (this.settings.welcomeMessage) {
      this.#log.append(element("p", { class: "welcome", dir: "auto" }, this.settings.welcomeMessage));
    }
    const offered = this.settings.suggestedQuestions;
    if (offered.length === 0) return;
    const buttons = offered.map((question) => {
      const button = element("button", { type: "button", class: "plain" }, question);
      button.addEventListener("click", () => {
        this.#composer.focus();
        this.chat().ask(question);
      });
      return button;
    });
    this.#suggestions = element("div", { class: "suggestions", role: "group", "aria-label": labels.suggestions }, ...buttons);
    this.#log.append(this.#suggestions);
  }

  /** Draws at most once per frame, however fast the words come. */
  #drawSoon(turn: Turn): void {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => this.#draw(turn));
  }

  #draw(turn: Turn): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#turns.get(turn)?.update();
    if (!turn.answer.isSettled) this.#announcer.answer(turn.answer.text, false);
    if (this.#isFollowing) this.#log.scrollTop = this.#log.scrollHeight;
    this.#noticeScroll();
  }

  #announceEnd({ answer }: Turn): void {
    this.#announcer.answer(answer.text, true);
    answer.notices.forEach((notice) => this.#announcer.say(notice));
    if (answer.problem) this.#announcer.say(answer.problem.text);
    else if (answer.finish === "stopped") this.#announcer.say(labels.stopped);
    else if (answer.citations.length > 0) this.#announcer.say(labels.sourceCount(answer.citations.length));
  }

  #follow(): void {
    this.#isFollowing = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#latest.hidden = true;
  }

  #noticeScroll(): void {
    const below = this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight;
    this.#isFollowing = below < FOLLOW_PX;
    this.#latest.hidden = this.#isFollowing;
  }
}
