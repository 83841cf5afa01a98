// The conversation: asks over the socket or over HTTP, resumes, stops, remembers. Knows nothing of the page.

import type { ConnectionState, HistoryItem } from "./api";
import { Answer, problemOf, type Problem } from "./answer";
import { AnswerCache } from "./cache";
import type { Settings } from "./config";
import type { AnswerFrame, ErrorFrame, HistoryTurn, ServerFrame } from "./frames";
import { labels } from "./labels";
import { askOverHttp } from "./rest";
import { Socket } from "./socket";

/** The gateway reads no more earlier messages than this, of this many characters each. */
const HISTORY_TURNS = 20;
const HISTORY_CHARACTERS = 4_000;
/** How often an answer may begin anew before the reader is told. */
const RESTARTS = 2;

/** A question and its answer. */
export interface Turn {
  question: string;
  /** Repeating the same id gets the same answer, so a question may safely be sent twice. */
  messageId: string;
  history: HistoryTurn[];
  answer: Answer;
  askedAt: number;
}

/** What the chat tells the view. */
export interface ChatListener {
  asked(turn: Turn): void;
  /** The answer grew, shrank or settled. */
  changed(turn: Turn): void;
  connectionChanged(state: ConnectionState): void;
}

export class Chat {
  #turns: Turn[] = [];
  #active: Turn | null = null;
  /** Turns that were sent and have no `start` yet, in the order sent; null stands for one that was stopped. */
  #unstarted: (Turn | null)[] = [];
  #restarts = 0;
  /** Position from which missing events were last asked for, so that each gap is reported once. */
  #repairedFrom = -1;
  #request: AbortController | null = null;
  #isStreaming: boolean;
  readonly #socket: Socket;
  readonly #cache: AnswerCache;

  constructor(
    private readonly settings: Settings,
    private readonly listener: ChatListener,
  ) {
    this.#isStreaming = settings.streaming;
    this.#cache = new AnswerCache(settings.cache, shelf(), `smallbiz-chatbot:${settings.chatUrl}`);
    this.#socket = new Socket(settings.socketUrl, settings.apiKey, {
      opened: () => this.#opened(),
      received: (frame) => this.#received(frame),
      gaveUp: () => this.#gaveUp(),
      stateChanged: () => listener.connectionChanged(this.connectionState),
    });
  }

  get isAnswering(): boolean {
    return this.#active !== null;
  }

  get connectionState(): ConnectionState {
    if (!this.#isStreaming || this.#socket.state === "unreachable") return "rest";
    return this.#socket.state;
  }

  /** Connects ahead of the first question. Pages whose visitors never ask thus cost no connection. */
  prepare(): void {
    if (this.#isStreaming) this.#socket.connect();
  }

  ask(question: string): void {
    if (this.#active) return;
    const turn: Turn = {
      question,
      messageId: newId(),
      history: this.#historyToSend(),
      answer: new Answer(),
      askedAt: Date.now(),
    };
    this.#turns.push(turn);
    this.listener.asked(turn);
    if (!this.#answerFromCache(turn)) this.#begin(turn);
  }

  /** Asks the question of a failed turn again, in its place. */
  retry(turn: Turn): void {
    if (this.#active || !this.#turns.includes(turn)) return;
    turn.answer = new Answer();
    turn.messageId = newId();
    this.listener.changed(turn);
    this.#begin(turn);
  }

  /** Ends the running answer; what was written stays. */
  stop(): void {
    const turn = this.#active;
    if (!turn) return;
    if (turn.answer.id) this.#socket.send({ action: "stop", answer_id: turn.answer.id });
    this.#unstarted = this.#unstarted.map((waiting) => (waiting === turn ? null : waiting));
    turn.answer.finish = "stopped";
    this.#settle(turn);
  }

  setStreaming(isStreaming: boolean): void {
    this.#isStreaming = isStreaming;
    if (!isStreaming && !this.#active) this.#socket.close();
    this.listener.connectionChanged(this.connectionState);
  }

  setCacheEnabled(isEnabled: boolean): void {
    this.#cache.isEnabled = isEnabled;
  }

  clearCache(): void {
    this.#cache.clear();
  }

  /** Looks at once whether the connection still holds. */
  checkConnection(): void {
    this.#socket.check();
  }

  close(): void {
    this.#request?.abort();
    this.#socket.close();
  }

  history(): HistoryItem[] {
    return this.#turns.flatMap(({ question, answer, askedAt }) => {
      const asked: HistoryItem = { sender: "visitor", text: question, cached: false, time: askedAt };
      if (!answer.text) return [asked];
      return [asked, { sender: "assistant", text: answer.text, cached: answer.cached, time: askedAt }];
    });
  }

  #historyToSend(): HistoryTurn[] {
    const answered = this.#turns.filter(({ answer }) => answer.finish !== null && answer.text);
    const messages = answered.flatMap(({ question, answer }): HistoryTurn[] => [
      { role: "visitor", text: question.slice(0, HISTORY_CHARACTERS) },
      { role: "assistant", text: answer.text.slice(0, HISTORY_CHARACTERS) },
    ]);
    return messages.slice(-HISTORY_TURNS);
  }

  #answerFromCache(turn: Turn): boolean {
    const kept = turn.history.length === 0 ? this.#cache.find(turn.question) : null;
    if (!kept) return false;
    const { text, citations, generation } = kept;
    Object.assign(turn.answer, { text, citations, generation, finish: "complete", cached: true });
    this.#settle(turn);
    return true;
  }

  #begin(turn: Turn): void {
    this.#active = turn;
    this.#restarts = 0;
    this.#socket.setBusy(true);
    if (!this.#isStreaming || !this.#socket.connect()) void this.#askOverHttp(turn);
    else if (this.#socket.state === "open") this.#send(turn);
  }

  #send(turn: Turn): void {
    this.#unstarted.push(turn);
    const { question, messageId, history } = turn;
    this.#socket.send({ action: "sendMessage", message: question, client_message_id: messageId, history });
  }

  /** A new connection knows nothing of the old one: continue the answer, or ask for it again. */
  #opened(): void {
    this.#unstarted = [];
    this.#repairedFrom = -1;
    const turn = this.#active;
    if (!turn || this.#request) return;
    if (turn.answer.id) this.#resume(turn.answer);
    else this.#send(turn);
  }

  #resume({ id, epoch, seq }: Answer): void {
    if (this.#repairedFrom === seq) return;
    this.#repairedFrom = seq;
    this.#socket.send({ action: "resume", answer_id: id, epoch, after_seq: seq });
  }

  #received(frame: ServerFrame): void {
    if (frame.type === "resync") return this.#restart(frame.answer_id);
    if (!("seq" in frame)) return;
    if (frame.type === "error" && frame.seq === 0) return this.#refused(frame);
    const turn = this.#active;
    if (frame.answer_id !== turn?.answer.id && frame.seq === 1) return this.#started(frame);
    if (turn && frame.answer_id === turn.answer.id) this.#apply(turn, frame);
  }

  /** An error outside the numbering: about the question sent last, or about a `resume` that came too late. */
  #refused(frame: ErrorFrame): void {
    const resumed = this.#repairedFrom >= 0 && frame.code === "NOT_FOUND" ? this.#active?.answer.id : undefined;
    if (resumed) this.#restart(resumed);
    else this.#fail(this.#nextUnstarted(), problemOf(frame));
  }

  #started(frame: AnswerFrame): void {
    const turn = this.#nextUnstarted();
    if (turn) this.#apply(turn, frame);
    else if (turn === null) this.#socket.send({ action: "stop", answer_id: frame.answer_id });
  }

  /** Returns the turn that the next first frame belongs to; null for one that was stopped, undefined for none. */
  #nextUnstarted(): Turn | null | undefined {
    return this.#unstarted.length > 0 ? this.#unstarted.shift() : this.#active;
  }

  #apply(turn: Turn, frame: AnswerFrame): void {
    const outcome = turn.answer.apply(frame);
    if (outcome === "gap") this.#resume(turn.answer);
    if (outcome !== "applied") return;
    this.#repairedFrom = -1;
    if (turn.answer.isSettled) this.#settle(turn);
    else this.listener.changed(turn);
  }

  /** The gateway cannot continue the answer: ask for it again under the same id. */
  #restart(answerId: string): void {
    const turn = this.#active;
    if (!turn || turn.answer.id !== answerId) return;
    turn.answer = new Answer();
    this.#repairedFrom = -1;
    this.listener.changed(turn);
    if (++this.#restarts <= RESTARTS) this.#send(turn);
    else this.#fail(turn, { code: "UNAVAILABLE", text: labels.lost, isRetryable: true, retryAfterMs: 0 });
  }

  #gaveUp(): void {
    if (this.#active && !this.#request) void this.#askOverHttp(this.#active);
  }

  async #askOverHttp(turn: Turn): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    const { question, messageId, history } = turn;
    const address = { url: this.settings.chatUrl, apiKey: this.settings.apiKey };
    try {
      const body = { message: question, client_message_id: messageId, history };
      const outcome = await askOverHttp(address, body, request.signal);
      if (turn !== this.#active) return;
      if ("code" in outcome) return this.#fail(turn, outcome);
      Object.assign(turn.answer, outcome);
      this.#settle(turn);
    } catch {
      // Only an abort ends here, and whoever aborted has settled the turn.
    } finally {
      if (this.#request === request) this.#request = null;
    }
  }

  #fail(turn: Turn | null | undefined, problem: Problem): void {
    if (!turn || turn !== this.#active) return;
    turn.answer.problem = problem;
    this.#settle(turn);
  }

  #settle(turn: Turn): void {
    this.#active = null;
    this.#request?.abort();
    this.#request = null;
    const { text, citations, generation, finish, cached } = turn.answer;
    if (finish === "complete" && !cached && turn.history.length === 0) {
      this.#cache.keep(turn.question, { text, citations, generation, time: Date.now() });
    }
    this.listener.changed(turn);
    this.#socket.setBusy(false);
  }
}

/** Returns the browser's storage, or null where the page may not use it. */
function shelf(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function newId(): string {
  // `randomUUID` is missing on pages without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
