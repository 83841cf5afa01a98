// Turns the page's options into settings that need no further checks. Knows addresses and defaults, not the page.

import type { AccessibilityConfig, Config, Embedding, Theme } from "./api";
import type { CacheLimits } from "./cache";

const DEFAULTS = {
  containerId: "",
  launcher: false,
  apiKey: "",
  userId: "",
  userHash: "",
  streaming: true,
  welcomeMessage: "",
  placeholderText: "",
  mobileToggle: true,
  feedback: true,
  handoff: false,
  language: "",
  history: "session",
  consent: true,
};

const WEBSOCKET = { reconnectAttempts: 5, reconnectInterval: 1_000, connectionTimeout: 5_000, heartbeatInterval: 30_000 };

export type SocketTimes = typeof WEBSOCKET;

/** Settings after defaults; addresses are absolute. */
export interface Settings extends Readonly<typeof DEFAULTS> {
  theme: Theme;
  chatUrl: string;
  socketUrl: string;
  /** Folder of the language files. */
  languagesUrl: string;
  /** Null when the gateway is to be asked for them. */
  suggestedQuestions: string[] | null;
  labels: Record<string, string>;
  cache: CacheLimits;
  websocket: SocketTimes;
  accessibility: Required<AccessibilityConfig>;
}

/**
 * Resolves the options. `scriptUrl` is where the widget's own file came from, or empty when that is unknown (then the
 * page's address stands in for it).
 */
export function resolve(config: Config, scriptUrl: string, pageUrl: string): Settings {
  const given = Object.fromEntries(Object.entries(config).filter(([, value]) => value != null)) as Config;
  const chatUrl = restAddress(given.apiEndpoint, scriptUrl || pageUrl, pageUrl);
  return {
    ...DEFAULTS,
    suggestedQuestions: null,
    ...given,
    theme: given.theme ?? {},
    labels: given.labels ?? {},
    chatUrl,
    socketUrl: socketAddress(given.websocketUrl, chatUrl, pageUrl),
    languagesUrl: new URL("languages/", scriptUrl || pageUrl).href,
    // Off unless asked for: a browser learns of changed documents only with the next answer.
    cache: { enabled: false, maxEntries: 20, ttl: 3_600_000, ...given.cache },
    websocket: { ...WEBSOCKET, ...given.websocket },
    accessibility: { announcements: true, highContrast: false, ...given.accessibility },
  };
}

/** Options as attributes write them: names in camel case, values as JSON or plain text. */
export function configOf(attributes: Record<string, string | undefined>): Config {
  const options = Object.entries(attributes).map(([name, text = ""]) => {
    try {
      return [name, text === "" || (JSON.parse(text) as unknown)];
    } catch {
      return [name, text];
    }
  });
  const { site, ...flat } = Object.fromEntries(options) as Config & Theme & Embedding;
  // The five names of the theme occur nowhere else, so they may stand beside the others.
  return { ...flat, theme: { ...flat, ...flat.theme }, ...(site && { apiKey: site }) };
}

function restAddress(endpoint: string | undefined, scriptUrl: string, pageUrl: string): string {
  if (!endpoint) return new URL("chat", scriptUrl).href;
  const address = new URL(endpoint, pageUrl);
  if (!address.pathname.endsWith("/chat")) address.pathname = address.pathname.replace(/\/?$/, "/chat");
  return address.href;
}

function socketAddress(given: string | undefined, chatUrl: string, pageUrl: string): string {
  const address = given ? new URL(given, pageUrl) : new URL("ws", chatUrl);
  // `new URL` keeps ws: and wss: as they are; only http(s) needs its scheme changed.
  address.protocol = address.protocol.replace("http", "ws");
  return address.href;
}
