// Shows one question and its answer: text, notes, sources, opinions, or what went wrong. Knows nothing of how it is fetched.

import type { Answer, Problem } from "./answer";
import { AGAIN, button, COPY, element, icon, PEN, THUMB, unseen, type Child } from "./elements";
import { askContact, askReason, sendFeedback } from "./forms";
import type { Label, Texts } from "./labels";
import type { Panel } from "./panel";
import { AnswerText, plainText, sourceName, type References } from "./render";
import { showSources } from "./sources";
import type { Turn } from "./turn";

export class TurnView {
  readonly root: HTMLElement;
  readonly #body = element(".text");
  readonly #text = new AnswerText(this.#body);
  readonly #searching = element(".searching", { "aria-hidden": "true" }, element("i"), element("i"), element("i"));
  readonly #extras = element(".extras");
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly turn: Turn,
    private readonly panel: Panel,
  ) {
    const { texts } = panel;
    const edit = button("bare", texts.words.edit, () => panel.edit(turn), PEN);
    const question = element(".question", { dir: "auto" }, unseen(texts.words.you), turn.question);
    const answer = element(".answer", {}, unseen(texts.words.assistant), this.#searching, this.#body, this.#extras);
    this.root = element(".turn", {}, element(".asked", {}, edit, question), answer);
    this.update();
  }

  /** Draws what the answer holds now. */
  update(): void {
    const { answer, isWaiting } = this.turn;
    const { citations } = answer;
    const references: References = {
      citations,
      texts: this.panel.texts,
      show: (citation) => showSources(this.panel, citations, citation),
    };
    this.#searching.hidden = answer.text !== "" || answer.isSettled || isWaiting;
    this.#body.hidden = answer.text === "";
    this.#text.draw(answer, references);
    this.root.setAttribute("aria-busy", String(!answer.isSettled));
    this.#drawExtras(answer, references);
  }

  /** Ends what runs by itself. */
  close(): void {
    clearInterval(this.#countdown);
  }

  #drawExtras(answer: Answer, references: References): void {
    const { texts } = this.panel;
    clearInterval(this.#countdown);
    const doubt = answer.unsupported.length > 0 && element("p.notice", {}, element("mark.doubt", {}, texts.words.unsupported));
    const notices = noticesOf(this.turn, texts).map((notice) => element("p.notice", {}, plainText(notice)));
    const shown: Child[] = [doubt, ...notices];
    if (answer.problem) shown.push(this.#drawProblem(answer.problem));
    else if (answer.isSettled) shown.unshift(this.#drawSources(references)), shown.push(this.#drawActions(answer));
    this.#extras.replaceChildren(...(shown.filter(Boolean) as Node[]));
  }

  #drawSources({ citations, texts, show }: References): Child {
    const items = citations.map((citation) => {
      const number = element("span.number", {}, String(citation.number));
      const open = button("source", "", () => show(citation), "", { "aria-haspopup": "dialog" });
      open.append(number, sourceName(citation, texts));
      return element("li", {}, open);
    });
    // Said as a label, not a heading: the chat must not add to the page's outline.
    return items.length > 0 && element("ol.sources", { "aria-label": texts.words.sources }, ...items);
  }

  #drawActions(answer: Answer): HTMLElement {
    const { panel } = this;
    const { texts, settings } = panel;
    const copy = async (): Promise<void> => {
      await navigator.clipboard.writeText(answer.text);
      panel.announcer.say(texts.words.copied);
    };
    const actions: Child[] = [];
    // Pages without TLS have no clipboard.
    if (answer.text && navigator.clipboard) actions.push(button("bare", texts.words.copy, () => void copy(), COPY));
    if (answer.id && settings.feedback) actions.push(...this.#drawThumbs(answer));
    if (answer.finish === "no_evidence" && settings.handoff) actions.push(button("plain", texts.words.person, () => askContact(panel)));
    return element(".actions", {}, ...actions);
  }

  #drawThumbs(answer: Answer): Child[] {
    const { panel } = this;
    const thumbs = [true, false].map((isPositive) => {
      const click = (): void => {
        thumbs.forEach((other) => other.setAttribute("aria-pressed", String(other === thumb)));
        if (!isPositive) return askReason(panel, answer);
        sendFeedback(panel, answer.id, true);
        panel.announcer.say(panel.texts.words.thanks);
      };
      const thumb = button("bare", panel.texts.words[isPositive ? "good" : "bad"], click, THUMB, { "aria-pressed": "false" });
      if (!isPositive) thumb.classList.add("down");
      return thumb;
    });
    return thumbs;
  }

  #drawProblem(problem: Problem): HTMLElement {
    const retry = problem.isRetryable && this.#drawRetry(problem.waitMs);
    return element(".problem", {}, element("p", {}, plainText(this.panel.wordsOf(problem))), retry);
  }

  #drawRetry(waitMs: number): HTMLElement {
    const { panel, turn } = this;
    const label = element("span");
    const retry = button("plain", "", () => panel.retry(turn));
    retry.append(icon(AGAIN), label);
    const readyAt = Date.now() + waitMs;
    const tick = (): void => {
      const seconds = Math.ceil((readyAt - Date.now()) / 1000);
      retry.disabled = seconds > 0;
      label.textContent = seconds > 0 ? panel.texts.of("retryIn", { seconds }) : panel.texts.words.retry;
      if (seconds <= 0) clearInterval(this.#countdown);
    };
    if (waitMs > 0) this.#countdown = setInterval(tick, 1000);
    tick();
    return retry;
  }
}

/** Returns the gateway's sentences, and the widget's own. */
function noticesOf({ answer, isWaiting }: Turn, texts: Texts): string[] {
  const own: [boolean, Label][] = [
    [isWaiting, "waiting"],
    [answer.isCached, "cached"],
    [answer.finish === "length", "cut"],
    [answer.finish === "stopped", "stopped"],
  ];
  return [...answer.notices, ...own.filter(([isTrue]) => isTrue).map(([, label]) => texts.words[label])];
}
