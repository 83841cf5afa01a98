// Turns the page's options into settings that need no further checks. Knows addresses and defaults, not the page.

import type { Config, Theme } from "./api";
import { labels } from "./labels";

/** Settings after defaults; addresses are absolute. */
export interface Settings {
  containerId: string;
  theme: Theme;
  chatUrl: string;
  socketUrl: string;
  apiKey: string;
  streaming: boolean;
  welcomeMessage: string;
  placeholderText: string;
  suggestedQuestions: string[];
  cache: { enabled: boolean; maxEntries: number; ttlMs: number };
}

/**
 * Resolves the options. `scriptUrl` is where the widget's own file came from, or empty when that is unknown (then the
 * page's address stands in for it).
 */
export function resolve(config: Config, scriptUrl: string, pageUrl: string): Settings {
  const chatUrl = restAddress(config.apiEndpoint, scriptUrl || pageUrl, pageUrl);
  return {
    containerId: config.containerId,
    theme: config.theme ?? {},
    chatUrl,
    socketUrl: socketAddress(config.websocketUrl, chatUrl, pageUrl),
    apiKey: config.apiKey ?? "",
    streaming: config.streaming ?? true,
    welcomeMessage: config.welcomeMessage ?? labels.welcome,
    placeholderText: config.placeholderText ?? labels.placeholder,
    suggestedQuestions: config.suggestedQuestions ?? [],
    cache: {
      // Off unless asked for: a browser cannot know that a document changed since.
      enabled: config.cache?.enabled ?? false,
      maxEntries: config.cache?.maxEntries ?? 20,
      ttlMs: config.cache?.ttl ?? 3_600_000,
    },
  };
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
