// The WebSocket: connects, proves that the other side lives, and connects again. Knows no conversation.

import { delayMs } from "./backoff";
import type { SocketTimes } from "./config";
import { parseFrame, type ClientFrame, type Credential, type Message } from "./frames";

/** Longest silence while an answer is awaited; a second one of the same length ends the connection. */
const BUSY_SILENCE_MS = 5_000;
/** How much longer the waits are while nobody waits for an answer. */
const IDLE_FACTOR = 6;
/** Time for which an address that never answered is left alone. */
const COOL_DOWN_MS = 60_000;
const POLICY_VIOLATION = 1008;

export type SocketState = "idle" | "connecting" | "open" | "reconnecting" | "unreachable";

/** What the socket tells its owner. */
export interface SocketListener {
  /** Ready to send; called after every connect. */
  opened(): void;
  received(frame: Message): void;
  /** No further try is made for what is awaited now. */
  gaveUp(): void;
  stateChanged(state: SocketState): void;
}

export class Socket {
  state: SocketState = "idle";
  #socket: WebSocket | null = null;
  #attempt = 0;
  #hasOpened = false;
  #isBusy = false;
  #isProbing = false;
  #moveWhenIdle = false;
  #unreachableUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly url: string,
    private readonly times: SocketTimes,
    /** Returns what names the site, or null where nothing need be named. */
    private readonly credential: () => Promise<Credential | null>,
    private readonly listener: SocketListener,
  ) {}

  /** Connects unless it does so already. Returns false while the address is known not to answer. */
  connect(): boolean {
    if (Date.now() < this.#unreachableUntil) return false;
    if (!this.#socket) this.#open();
    return true;
  }

  /** Sends when open; returns whether it did. */
  send(frame: ClientFrame): boolean {
    if (this.state !== "open" || !this.#socket) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Says whether an answer is awaited: then losses are noticed and repaired sooner. */
  setBusy(isBusy: boolean): void {
    if (this.#isBusy === isBusy) return;
    this.#isBusy = isBusy;
    if (this.state === "open") this.#listen();
    if (!isBusy && this.#moveWhenIdle) this.#move();
  }

  /** Looks at once whether the connection still holds, for a page that was hidden or offline. */
  check(): void {
    this.#unreachableUntil = 0;
    if (this.state === "open" && !this.#isProbing) this.#probe();
    else if (this.state === "reconnecting" && !this.#socket) this.#open();
  }

  /** Drops the connection, if there is one, and connects anew. */
  reconnect(): void {
    this.#unreachableUntil = 0;
    this.#attempt = 0;
    this.#open();
  }

  /** Closes for good or until the next `connect`. */
  close(): void {
    this.#forget();
    this.#moveTo("idle");
  }

  #open(): void {
    this.#forget();
    this.#moveTo(this.#hasOpened ? "reconnecting" : "connecting");
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.url);
    } catch {
      this.#lost(0);
      return;
    }
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(0), this.times.connectionTimeout);
    socket.onopen = () => void this.#introduce(socket);
    socket.onmessage = ({ data }) => this.#hear(data);
    socket.onclose = ({ code }) => this.#lost(code);
  }

  async #introduce(socket: WebSocket): Promise<void> {
    const credential = await this.credential();
    if (socket !== this.#socket) return;
    if (credential) this.#transmit({ action: "authenticate", ...credential });
    else this.#ready();
  }

  #transmit(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }

  #ready(): void {
    clearTimeout(this.#timer);
    this.#attempt = 0;
    this.#hasOpened = true;
    this.#moveTo("open");
    this.#listen();
    this.listener.opened();
  }

  #hear(message: unknown): void {
    const frame = parseFrame(message);
    if (this.state === "open") this.#listen();
    if (!frame || frame.type === "heartbeat") return;
    if (frame.type === "authenticated") return this.state === "open" ? undefined : this.#ready();
    if (frame.type === "draining") {
      this.#moveWhenIdle = true;
      if (!this.#isBusy) this.#move();
      return;
    }
    this.listener.received(frame);
  }

  /** Waits for the next silence, and forgets the one before. */
  #listen(): void {
    this.#isProbing = false;
    this.#waitForSilence(() => this.#probe());
  }

  #probe(): void {
    this.#isProbing = true;
    this.#transmit({ action: "heartbeat" });
    this.#waitForSilence(() => this.#lost(0));
  }

  #waitForSilence(then: () => void): void {
    const beat = this.times.heartbeatInterval;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(then, this.#isBusy ? Math.min(BUSY_SILENCE_MS, beat) : beat);
  }

  /** Leaves a server that is stopping. */
  #move(): void {
    this.#forget();
    this.#retryLater();
  }

  #lost(closeCode: number): void {
    this.#forget();
    const attemptsLeft = this.#hasOpened ? this.times.reconnectAttempts - this.#attempt : 0;
    if (closeCode === POLICY_VIOLATION || (attemptsLeft <= 0 && (this.#isBusy || !this.#hasOpened))) {
      this.#unreachableUntil = Date.now() + COOL_DOWN_MS;
      this.#moveTo("unreachable");
      this.listener.gaveUp();
      return;
    }
    this.#retryLater();
  }

  #retryLater(): void {
    this.#moveTo("reconnecting");
    const base = this.times.reconnectInterval * (this.#isBusy ? 1 : IDLE_FACTOR);
    this.#timer = setTimeout(() => this.#open(), delayMs(this.#attempt++, base));
  }

  /** Drops the connection and every timer without telling anyone. */
  #forget(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#isProbing = false;
    this.#moveWhenIdle = false;
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #moveTo(state: SocketState): void {
    if (this.state === state) return;
    this.state = state;
    this.listener.stateChanged(state);
  }
}
