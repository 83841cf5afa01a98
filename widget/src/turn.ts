// Shows one question and its answer: text, notes, sources, or what went wrong. Knows nothing of how it is fetched.

import type { Answer, Problem } from "./answer";
import type { Turn } from "./chat";
import { element, icon, outsideLink } from "./elements";
import type { Citation } from "./frames";
import { labels } from "./labels";
import { safeAddress } from "./links";
import { AnswerText, plainText, sourceName } from "./render";

export class TurnView {
  readonly root: HTMLElement;
  readonly #body = element("div", { class: "text" });
  readonly #text = new AnswerText(this.#body);
  readonly #searching = element("div", { class: "searching", "aria-hidden": "true" }, ...[1, 2, 3].map(() => element("span")));
  readonly #extras = element("div", { class: "answer" });
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly turn: Turn,
    private readonly gatewayUrl: string,
    private readonly retry: () => void,
  ) {
    const question = element("div", { class: "question", dir: "auto" }, hidden(labels.you), turn.question);
    const answer = element("div", { class: "answer" }, hidden(labels.assistant), this.#searching, this.#body, this.#extras);
    this.root = element("div", { class: "turn" }, question, answer);
    this.#body.addEventListener("click", (event) => this.#showSource(event));
    this.update();
  }

  /** Draws what the answer holds now. */
  update(): void {
    const { answer } = this.turn;
    this.#searching.hidden = answer.text !== "" || answer.isSettled;
    this.#body.hidden = answer.text === "";
    const references = { citations: answer.citations, pageUrl: document.baseURI, gatewayUrl: this.gatewayUrl };
    this.#text.draw(answer.text, references, !answer.isSettled);
    this.root.toggleAttribute("aria-busy", !answer.isSettled);
    this.#drawExtras(answer);
  }

  /** Ends what runs by itself. */
  close(): void {
    clearInterval(this.#countdown);
  }

  #drawExtras(answer: Answer): void {
    clearInterval(this.#countdown);
    const sources = answer.isSettled && answer.citations.length > 0 ? [this.#drawSources(answer.citations)] : [];
    const notices = noticesOf(answer).map((notice) => element("p", { class: "notice" }, plainText(notice)));
    const problem = answer.problem ? [this.#drawProblem(answer.problem)] : [];
    this.#extras.replaceChildren(...sources, ...notices, ...problem);
    this.#extras.hidden = this.#extras.childNodes.length === 0;
  }

  #drawSources(citations: Citation[]): HTMLElement {
    const items = citations.map((citation) => {
      const number = element("span", { class: "source-number" }, String(citation.number));
      const name = element("span", {}, plainText(sourceName(citation)));
      const address = safeAddress(citation.url, this.gatewayUrl);
      const shown = address
        ? outsideLink(address, { class: "source" }, number, name, hidden(`(${labels.newTab})`))
        : element("span", { class: "source" }, number, name);
      return element("li", { tabindex: -1, "data-number": citation.number }, shown);
    });
    // Said as a label, not a heading: the chat must not add to the page's outline.
    const title = element("p", { class: "sources-title", "aria-hidden": "true" }, labels.sources);
    return element("div", { class: "sources" }, title, element("ol", { "aria-label": labels.sources }, ...items));
  }

  #drawProblem(problem: Problem): HTMLElement {
    const shown = element("div", { class: "problem" }, element("p", {}, plainText(problem.text)));
    if (problem.isRetryable) shown.append(this.#drawRetry(problem.retryAfterMs));
    return shown;
  }

  #drawRetry(waitMs: number): HTMLElement {
    const label = element("span");
    const button = element("button", { type: "button", class: "plain retry" }, icon("retry"), label);
    button.addEventListener("click", this.retry);
    const readyAt = Date.now() + waitMs;
    const tick = (): void => {
      const seconds = Math.ceil((readyAt - Date.now()) / 1000);
      button.disabled = seconds > 0;
      label.textContent = seconds > 0 ? labels.retryIn(seconds) : labels.retry;
      if (seconds <= 0) clearInterval(this.#countdown);
    };
    if (waitMs > 0) this.#countdown = setInterval(tick, 1000);
    tick();
    return button;
  }

  /** A number whose source has no address leads to the source's line instead. */
  #showSource(event: Event): void {
    const chip = event.target instanceof Element ? event.target.closest("button.chip") : null;
    const number = chip?.getAttribute("data-source");
    if (number) this.#extras.querySelector<HTMLElement>(`li[data-number="${number}"]`)?.focus();
  }
}

function noticesOf(answer: Answer): string[] {
  const notices = [...answer.notices];
  if (answer.cached) notices.push(labels.cached);
  if (answer.finish === "length") notices.push(labels.cut);
  if (answer.finish === "stopped") notices.push(labels.stopped);
  return notices;
}

function hidden(text: string): HTMLElement {
  return element("span", { class: "unseen" }, `${text} `);
}
