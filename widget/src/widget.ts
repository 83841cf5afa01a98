// One chat on a page: where it stands, when it is built, and what the page can tell it.

import type { ConnectionState, Controls } from "./api";
import { Chat, type ChatListener } from "./chat";
import type { Settings } from "./config";
import { button, CHAT } from "./elements";
import { Gateway } from "./gateway";
import { Texts } from "./labels";
import { Panel, type Emit } from "./panel";
import { applyStyles } from "./styles";
import type { Turn } from "./turn";

const PHONE = "(max-width: 480px)";

export class Widget implements ChatListener {
  readonly #ended = new AbortController();
  readonly #texts: Texts;
  readonly #gateway: Gateway;
  readonly chat: Chat;
  readonly #phone = matchMedia(PHONE);
  readonly #root: ShadowRoot;
  #launcher: HTMLElement | null = null;
  #panel: Panel | null = null;
  #isOpen = false;

  /** `host` becomes the chat; `isInline` says that the page has a place for it. */
  constructor(
    private readonly settings: Settings,
    private readonly host: HTMLElement,
    private readonly isInline: boolean,
  ) {
    this.#texts = new Texts(settings.labels);
    this.#gateway = new Gateway(settings);
    this.chat = new Chat(settings, this.#gateway, this);
    this.#root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    applyStyles(this.#root, settings);
    this.#listen();
    const language = settings.language || document.documentElement.lang;
    const loading = this.#texts.load(language, settings.languagesUrl);
    if (loading) void loading.then(() => this.#arrange());
    else this.#arrange();
  }

  open(): void {
    this.#toggle(true);
  }

  close(): void {
    this.#toggle(false);
  }

  clearHistory(): void {
    if (this.#panel) this.#panel.clear();
    else this.chat.rewind();
  }

  /** Does what the page calls: here, or in the conversation. */
  call<Name extends keyof Controls>(name: Name, given: unknown[]): ReturnType<Controls[Name]> {
    const target = (name in this ? this : this.chat) as unknown as Controls;
    return (target[name] as (...given: unknown[]) => ReturnType<Controls[Name]>).apply(target, given);
  }

  /** Takes the chat out of the page. */
  destroy(): void {
    this.#ended.abort();
    this.chat.close();
    this.#panel?.close();
    this.#root.replaceChildren();
  }

  asked(turn: Turn): void {
    this.#panel?.asked(turn);
    this.#emit("smallbiz-question", { text: turn.question });
  }

  changed(turn: Turn): void {
    const { text, finish, problem, isCached } = turn.answer;
    this.#panel?.changed(turn);
    if (finish) this.#emit("smallbiz-answer", { text, finish, cached: isCached });
    if (problem) this.#emit("smallbiz-error", { code: problem.code, text: problem.text });
  }

  connectionChanged(state: ConnectionState): void {
    this.#panel?.connectionChanged(state);
    this.#emit("smallbiz-connection", { state });
  }

  readonly #emit: Emit = (name, detail) => {
    this.host.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  };

  get #isFloating(): boolean {
    return !this.isInline || this.settings.launcher || (this.settings.mobileToggle && this.#phone.matches);
  }

  #listen(): void {
    const { signal } = this.#ended;
    const check = (): void => {
      this.chat.checkConnection();
      this.#panel?.connectionChanged(this.chat.getConnectionState());
    };
    for (const name of ["online", "offline"]) addEventListener(name, check, { signal });
    document.addEventListener("visibilitychange", () => document.hidden || check(), { signal });
    this.#phone.addEventListener("change", () => this.#arrange(), { signal });
    for (const name of ["resize", "scroll"]) visualViewport?.addEventListener(name, () => this.#fit(), { signal });
  }

  /** Shows what belongs on a page of this size, and builds what is shown for the first time. */
  #arrange(): void {
    if (this.#ended.signal.aborted) return;
    const isFloating = this.#isFloating;
    const isShown = !isFloating || this.#isOpen;
    this.host.toggleAttribute("data-floating", isFloating);
    if (isFloating && !this.#launcher) {
      this.#launcher = button("launcher", this.#texts.words.open, () => this.open(), CHAT, { "aria-expanded": "false" });
      this.#root.append(this.#launcher);
    }
    if (isShown && !this.#panel) this.#build();
    if (this.#panel) this.#panel.root.hidden = !isShown;
    if (this.#launcher) this.#launcher.hidden = !isFloating || isShown;
    this.#fit();
  }

  #build(): void {
    this.#panel = new Panel({
      settings: this.settings,
      texts: this.#texts,
      chat: this.chat,
      gateway: this.#gateway,
      emit: this.#emit,
      leave: () => this.close(),
    });
    this.#root.prepend(this.#panel.root);
    this.#panel.follow();
  }

  #toggle(isOpen: boolean): void {
    if (!this.#isFloating || this.#isOpen === isOpen) return;
    this.#isOpen = isOpen;
    this.#arrange();
    if (isOpen) this.#panel?.focus();
    else this.#launcher?.focus();
    this.#emit(isOpen ? "smallbiz-open" : "smallbiz-close", null);
  }

  /** On phones the keyboard covers a part of the page; the chat keeps to what is left. */
  #fit(): void {
    if (!visualViewport || !this.#isOpen) return;
    this.host.style.setProperty("--view-height", `${visualViewport.height}px`);
    this.host.style.setProperty("--view-top", `${visualViewport.offsetTop}px`);
  }
}
