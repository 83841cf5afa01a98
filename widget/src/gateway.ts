// Calls of the gateway over HTTP, and what names the site to it: a visitor token in exchange for the site's key.

import { toBytes } from "./answer";
import type { Settings } from "./config";
import { parseMessage, type Credential, type Message } from "./frames";

/** Share of a token's life after which it is renewed. */
const RENEWAL = 0.8;

export class Gateway {
  #credential: Promise<Credential | null> | null = null;
  #renewal: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly settings: Settings) {}

  /** Called with the next token; returns whether anyone still needs it. */
  renewed: (credential: () => Promise<Credential | null>) => void = () => {};

  /** Returns the token of this visitor, the site's key where there are no tokens, or null where neither is needed. */
  credential(): Promise<Credential | null> {
    return (this.#credential ??= this.settings.apiKey ? this.#open() : Promise.resolve(null));
  }

  /** Sends `body`, or reads when there is none. `path` starts beside `/chat`. */
  async call(path: string, body?: object, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return this.#fetch(path, await this.credential(), body, headers, signal);
  }

  close(): void {
    clearTimeout(this.#renewal);
  }

  #fetch(path: string, credential: Credential | null, body?: object, headers?: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const all = { "content-type": "application/json", ...headers, ...headerOf(credential) };
    const sent = body ? { method: "POST", body: JSON.stringify(body) } : {};
    return fetch(new URL(path, this.settings.chatUrl), { ...sent, headers: all, credentials: "omit", ...(signal && { signal }) });
  }

  /** Exchanges the key, or an earlier token, for a new one. */
  async #open(earlier?: string): Promise<Credential> {
    const { apiKey, userId, userHash } = this.settings;
    const key = { api_key: apiKey };
    const who = { ...(userId && { user_id: userId, user_hash: userHash }), ...(earlier && { token: earlier }) };
    try {
      let answer = await this.#exchange(key, who);
      if (answer.challenge) {
        const solution = await solve(answer.challenge, answer.bits);
        answer = await this.#exchange(key, { ...who, challenge: answer.challenge, solution });
      }
      const { token, expires_in_seconds: seconds } = answer;
      if (!token) return key;
      clearTimeout(this.#renewal);
      this.#renewal = setTimeout(() => this.#renew(token), seconds * 1000 * RENEWAL);
      return { token };
    } catch {
      // An older gateway has no tokens, and takes the key itself.
      return key;
    }
  }

  /** A page that nobody chats on lets its token lapse. */
  #renew(token: string): void {
    this.#credential = null;
    this.renewed(() => (this.#credential ??= this.#open(token)));
  }

  async #exchange(key: Credential, body: object): Promise<Message> {
    return parseMessage(await (await this.#fetch("v1/session", key, body)).json());
  }
}

function headerOf(credential: Credential | null): Record<string, string> {
  if (!credential) return {};
  return "token" in credential ? { authorization: `Bearer ${credential.token}` } : { "x-api-key": credential.api_key };
}

/** Finds the number with which the SHA-256 of `challenge:number` begins with `bits` zero bits. */
async function solve(challenge: string, bits: number): Promise<string> {
  for (let number = 0; ; number += 1) {
    const hash = await crypto.subtle.digest("SHA-256", toBytes(`${challenge}:${number}`));
    if (Math.clz32(new DataView(hash).getUint32(0)) >= bits) return String(number);
  }
}
