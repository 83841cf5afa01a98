// The chat itself: header, conversation, input and what lies over them. Built when it is first needed.

import { Announcer } from "./announce";
import type { ChatEvents, ConnectionState } from "./api";
import type { Problem } from "./answer";
import type { Chat } from "./chat";
import { Composer } from "./composer";
import type { Settings } from "./config";
import { button, CHAT, CROSS, element, icon, PERSON, PLUS } from "./elements";
import { askContact } from "./forms";
import { parseMessage } from "./frames";
import type { Gateway } from "./gateway";
import type { Texts } from "./labels";
import { Log } from "./log";
import { Sheet } from "./sheet";
import type { Turn } from "./turn";

/** Dispatches an event of the chat. */
export type Emit = <Name extends keyof ChatEvents>(name: Name, detail: ChatEvents[Name]["detail"]) => void;

/** What the chat on the page is made of. */
export interface Parts {
  settings: Settings;
  texts: Texts;
  chat: Chat;
  gateway: Gateway;
  emit: Emit;
  /** Closes the chat where it has a launcher. */
  leave(): void;
}

export interface Panel extends Parts {}

export class Panel {
  readonly root: HTMLElement;
  readonly announcer: Announcer;
  readonly sheet: Sheet;
  readonly #subtitle: HTMLElement;
  readonly #log: Log;
  readonly #composer: Composer;
  #hasAskedForOffers = false;

  constructor(parts: Parts) {
    Object.assign(this, parts);
    const { settings, texts } = parts;
    this.announcer = new Announcer(settings.accessibility.announcements);
    this.#subtitle = element("p.subtitle", {}, texts.words.subtitle);
    this.#log = new Log(this);
    this.#composer = new Composer(this);
    const titles = element(".titles", {}, element("p.title", {}, texts.words.title), this.#subtitle);
    const header = element(".header", {}, icon(CHAT), titles,
      settings.handoff && button("bare", texts.words.person, () => askContact(this), PERSON),
      button("bare", texts.words.clear, () => this.clear(), PLUS),
      button("bare", texts.words.close, parts.leave, CROSS, { "data-leave": true }),
    );
    const main = element(".main", {}, this.#log.root, this.#log.latest);
    const behind = [header, main, this.#composer.root];
    this.sheet = new Sheet(texts, behind);
    const attributes = { "aria-label": texts.words.region, lang: texts.language, dir: texts.direction };
    const keydown = (event: Event): void => this.#typed(event as KeyboardEvent, parts.leave);
    this.root = element("section.panel", { ...attributes, keydown }, ...behind, this.sheet.root, this.announcer.region);
  }

  focus(): void {
    this.#composer.focus();
  }

  /** Shows the end of the conversation. */
  follow(): void {
    this.#log.follow();
  }

  /** The visitor turns to the chat; a question is likely. */
  approached(): void {
    this.chat.prepare();
    if (this.#hasAskedForOffers || this.settings.suggestedQuestions || this.chat.turns.length > 0) return;
    this.#hasAskedForOffers = true;
    void this.#offerStarters().catch(() => {});
  }

  edit(turn: Turn): void {
    this.#composer.edit(turn.question, () => this.#rewind(turn));
  }

  retry(turn: Turn): void {
    this.focus();
    this.announcer.begin();
    this.chat.retry(turn);
  }

  /** Begins a new conversation. */
  clear(): void {
    this.#rewind();
    this.#log.offer(this.settings.suggestedQuestions ?? []);
    this.focus();
  }

  asked(turn: Turn): void {
    this.#log.asked(turn);
    this.announcer.begin();
    this.announcer.say(this.texts.words[turn.isWaiting ? "waiting" : "searching"]);
    this.#composer.update();
  }

  changed(turn: Turn): void {
    const { answer } = turn;
    this.#log.changed(turn, () => this.announcer.answer(answer.text, answer.isSettled));
    this.#composer.update();
    if (!answer.isSettled) return;
    this.#announceEnd(turn);
    if (turn === this.chat.turns.at(-1)) this.#log.offer(answer.followUps);
  }

  connectionChanged(state: ConnectionState): void {
    const isLost = state === "reconnecting";
    this.#subtitle.textContent = this.texts.words[navigator.onLine ? (isLost ? "reconnecting" : "subtitle") : "offline"];
    if (isLost && this.chat.isAnswering) this.announcer.say(this.texts.words.reconnecting);
  }

  /** Returns what went wrong, in the gateway's words where it has some. */
  wordsOf({ code, text }: Problem): string {
    return text || this.texts.words[code === "LOST" ? "lost" : code === "UNREADABLE" ? "unreadable" : "unreachable"];
  }

  close(): void {
    this.#log.close();
    this.announcer.close();
  }

  async #offerStarters(): Promise<void> {
    const response = await this.gateway.call("v1/suggestions");
    const { suggestions } = parseMessage(await response.json());
    if (this.chat.turns.length === 0) this.#log.offer(suggestions.filter(Boolean));
  }

  #rewind(turn?: Turn): void {
    this.chat.rewind(turn);
    this.#log.forget();
    this.#composer.update();
  }

  #announceEnd({ answer }: Turn): void {
    const { texts, announcer } = this;
    answer.notices.forEach((notice) => announcer.say(notice));
    if (answer.problem) announcer.say(this.wordsOf(answer.problem));
    else if (answer.finish === "stopped") announcer.say(texts.words.stopped);
    else if (answer.citations.length > 0) announcer.say(texts.counted("sourceCount", answer.citations.length));
  }

  #typed(event: KeyboardEvent, leave: () => void): void {
    if (event.key !== "Escape" || event.isComposing) return;
    if (!this.sheet.close()) leave();
  }
}
