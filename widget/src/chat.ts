// The conversation: asks over the socket or over HTTP, resumes, stops, remembers. Knows nothing of the page.

import type { ConnectionState, HistoryItem } from "./api";
import { Answer, problemOf, type Problem } from "./answer";
import { AnswerCache } from "./cache";
import type { Settings } from "./config";
import { isNumbered, type Message } from "./frames";
import type { Gateway } from "./gateway";
import { restoreTurns, storeTurns } from "./history";
import { askOverHttp } from "./rest";
import { Shelf } from "./shelf";
import { Socket } from "./socket";
import type { KeptAnswers, StoredTurn } from "./stored";
import { historyOf, makeTurn, newId, type Turn } from "./turn";

/** How often an answer may begin anew before the reader is told. */
const RESTARTS = 2;

/** What the chat tells the view. */
export interface ChatListener {
  asked(turn: Turn): void;
  /** The answer grew, shrank or settled. */
  changed(turn: Turn): void;
  connectionChanged(state: ConnectionState): void;
}

export class Chat {
  /** Oldest first. */
  turns: Turn[];
  isConsented: boolean;
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
  readonly #stored: Shelf<StoredTurn[]>;

  constructor(
    settings: Settings,
    private readonly gateway: Gateway,
    private readonly listener: ChatListener,
  ) {
    const { chatUrl, containerId, history } = settings;
    const mayStore = (): boolean => this.isConsented;
    this.isConsented = settings.consent;
    this.#isStreaming = settings.streaming;
    this.#cache = new AnswerCache(settings.cache, new Shelf<KeptAnswers>(`smallbiz:answers:${chatUrl}`, "localStorage", mayStore));
    const storage = history === "local" ? "localStorage" : "sessionStorage";
    this.#stored = new Shelf(`smallbiz:turns:${chatUrl}#${containerId}`, storage, () => history !== "none" && this.isConsented);
    this.turns = restoreTurns(this.#stored);
    this.#socket = new Socket(settings.socketUrl, settings.websocket, () => gateway.credential(), {
      opened: () => this.#opened(),
      received: (frame) => this.#received(frame),
      gaveUp: () => this.#gaveUp(),
      stateChanged: () => listener.connectionChanged(this.getConnectionState()),
    });
    gateway.renewed = (credential) => void this.#authenticateAgain(credential);
  }

  /** Whether an answer is written now; one that waits for a connection is not. */
  get isAnswering(): boolean {
    return this.#active !== null && !this.#active.isWaiting;
  }

  getConnectionState(): ConnectionState {
    const { state } = this.#socket;
    return !this.#isStreaming || state === "unreachable" ? "rest" : state;
  }

  /** Connects ahead of the first question. Pages whose visitors never ask thus cost no connection. */
  prepare(): void {
    if (this.#isStreaming && navigator.onLine) this.#socket.connect();
  }

  ask(question: string): void {
    if (this.isAnswering || !question.trim()) return;
    const turn = makeTurn(question);
    turn.isWaiting = this.#active !== null;
    this.turns.push(turn);
    this.listener.asked(turn);
    if (!turn.isWaiting) this.#begin(turn);
  }

  /** Asks the question of a failed turn again, in its place. */
  retry(turn: Turn): void {
    if (this.#active || !this.turns.includes(turn)) return;
    turn.answer = new Answer();
    turn.messageId = newId();
    this.listener.changed(turn);
    this.#begin(turn);
  }

  /** Ends the running answer; what was written stays. */
  stop(): void {
    const turn = this.#active;
    if (!turn) return;
    const { answer } = turn;
    if (answer.id) this.#socket.send({ action: "stop", answer_id: answer.id });
    this.#unstarted = this.#unstarted.map((waiting) => (waiting === turn ? null : waiting));
    answer.finish = "stopped";
    this.#settle(turn);
  }

  /** Forgets `turn` and all that followed; without one, the whole conversation. */
  rewind(turn = this.turns[0]): void {
    const from = turn ? this.turns.indexOf(turn) : -1;
    if (from < 0) return;
    const dropped = this.turns.splice(from);
    if (this.#active && dropped.includes(this.#active)) this.stop();
    if (from > 0) storeTurns(this.#stored, this.turns);
    else this.#stored.clear();
  }

  setStreamingEnabled(isStreaming: boolean): void {
    this.#isStreaming = isStreaming;
    if (!isStreaming && !this.#active) this.#socket.close();
    this.listener.connectionChanged(this.getConnectionState());
  }

  setCacheEnabled(isEnabled: boolean): void {
    this.#cache.isEnabled = isEnabled;
  }

  clearCache(): void {
    this.#cache.clear();
  }

  setConsent(isGranted: boolean): void {
    this.isConsented = isGranted;
    if (isGranted) storeTurns(this.#stored, this.turns);
    else [this.#cache, this.#stored].forEach((kept) => kept.clear());
  }

  reconnectWebSocket(): void {
    if (this.#isStreaming) this.#socket.reconnect();
  }

  /** Looks at once whether the connection still holds, and sends what waits for one. */
  checkConnection(): void {
    this.#socket.check();
    if (this.#active?.isWaiting && navigator.onLine) this.#begin(this.#active);
  }

  close(): void {
    this.#active = null;
    this.#request?.abort();
    this.#socket.close();
    this.gateway.close();
  }

  getHistory(): HistoryItem[] {
    return this.turns.flatMap(({ question, answer, askedAt }) => {
      const asked: HistoryItem = { sender: "visitor", text: question, cached: false, time: askedAt };
      if (!answer.text) return [asked];
      return [asked, { sender: "assistant", text: answer.text, cached: answer.isCached, time: askedAt }];
    });
  }

  #begin(turn: Turn): void {
    this.#active = turn;
    this.#restarts = 0;
    turn.history = historyOf(this.turns.slice(0, this.turns.indexOf(turn)));
    if (this.#answerFromCache(turn)) return;
    turn.isWaiting = !navigator.onLine;
    this.listener.changed(turn);
    if (turn.isWaiting) return;
    this.#socket.setBusy(true);
    if (!this.#isStreaming || !this.#socket.connect()) void this.#askOverHttp(turn);
    else if (this.#socket.state === "open") this.#ask(turn);
  }

  #answerFromCache(turn: Turn): boolean {
    const kept = turn.history.length === 0 && !turn.answer.seq ? this.#cache.find(turn.question) : null;
    if (!kept) return false;
    const { text, citations, followUps, generation } = kept;
    Object.assign(turn.answer, { text, citations, followUps, generation, finish: "complete", isCached: true });
    this.#settle(turn);
    return true;
  }

  /** Asks over the socket, or goes on where the answer was lost. */
  #ask(turn: Turn): void {
    if (turn.answer.id) return this.#resume(turn.answer);
    this.#unstarted.push(turn);
    this.#socket.send({ action: "sendMessage", ...questionOf(turn) });
  }

  /** A new connection knows nothing of the old one: continue the answer, or ask for it again. */
  #opened(): void {
    this.#unstarted = [];
    this.#repairedFrom = -1;
    if (this.isAnswering && !this.#request && this.#active) this.#ask(this.#active);
  }

  async #authenticateAgain(credential: () => ReturnType<Gateway["credential"]>): Promise<void> {
    if (this.#socket.state !== "open") return;
    const next = await credential();
    if (next) this.#socket.send({ action: "authenticate", ...next });
  }

  #resume({ id, epoch, seq }: Answer): void {
    // What comes over HTTP is repaired there.
    if (this.#repairedFrom === seq || this.#request) return;
    this.#repairedFrom = seq;
    this.#socket.send({ action: "resume", answer_id: id, epoch, after_seq: seq });
  }

  #received(frame: Message): void {
    const turn = this.#active;
    if (frame.type === "resync") return this.#restart(frame.answer_id);
    if (frame.type === "error" && !isNumbered(frame)) return this.#refused(frame);
    if (!isNumbered(frame)) return;
    this.#cache.heard(frame.generation);
    if (frame.answer_id !== turn?.answer.id && frame.seq === 1) return this.#started(frame);
    if (turn && frame.answer_id === turn.answer.id) this.#apply(turn, frame);
  }

  /** An error outside the numbering: about the question sent last, or about a `resume` that came too late. */
  #refused(frame: Message): void {
    const resumed = this.#repairedFrom >= 0 && frame.code === "NOT_FOUND" ? this.#active?.answer.id : "";
    if (resumed) this.#restart(resumed);
    else this.#fail(this.#nextUnstarted(), problemOf(frame, frame.text));
  }

  #started(frame: Message): void {
    const turn = this.#nextUnstarted();
    if (turn) this.#apply(turn, frame);
    else if (turn === null) this.#socket.send({ action: "stop", answer_id: frame.answer_id });
  }

  /** Returns the turn that the next first frame belongs to; null for one that was stopped, undefined for none. */
  #nextUnstarted(): Turn | null | undefined {
    return this.#unstarted.length > 0 ? this.#unstarted.shift() : this.#active;
  }

  #apply(turn: Turn, frame: Message): void {
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
    if (++this.#restarts > RESTARTS) this.#fail(turn, { code: "LOST", text: "", isRetryable: true, waitMs: 0 });
    else if (!this.#request) this.#ask(turn);
  }

  #gaveUp(): void {
    if (this.isAnswering && !this.#request && this.#active) void this.#askOverHttp(this.#active);
  }

  async #askOverHttp(turn: Turn): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    const listener = {
      answer: () => turn.answer,
      received: (frame: Message) => {
        if (frame.type === "resync") this.#restart(frame.answer_id);
        else if (turn === this.#active && isNumbered(frame)) this.#apply(turn, frame);
      },
      whole: (body: Message) => {
        turn.answer.takeWhole(body);
        this.#settle(turn);
      },
    };
    const problem = await askOverHttp(this.gateway, questionOf(turn), this.#isStreaming, listener, request.signal).catch(() => null);
    // Whoever aborted has settled the turn.
    if (this.#request === request) this.#request = null;
    if (!problem || turn !== this.#active || request.signal.aborted) return;
    if (navigator.onLine || problem.text) return this.#fail(turn, problem);
    turn.isWaiting = true;
    this.listener.changed(turn);
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
    turn.isWaiting = false;
    const isFirst = turn.history.length === 0;
    // Each turn stores only itself.
    turn.history = [];
    const { text, citations, followUps, generation, finish, isCached, isUsual } = turn.answer;
    if (finish === "complete" && text && isUsual && !isCached && isFirst) {
      this.#cache.keep(turn.question, { text, citations, followUps, generation, time: Date.now() });
    }
    if (finish) storeTurns(this.#stored, this.turns);
    this.listener.changed(turn);
    this.#socket.setBusy(false);
    const next = this.turns.find((other) => other.isWaiting);
    if (next && !this.#active) this.#begin(next);
  }
}

function questionOf({ question, messageId, history }: Turn): { message: string; client_message_id: string; history: Turn["history"] } {
  return { message: question, client_message_id: messageId, history };
}
