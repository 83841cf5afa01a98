// The global `SmallBizChatbot`: one chat on the page, put in place when its container is there.

import type { Config, SmallBizChatbotApi } from "./api";
import { Chat } from "./chat";
import { resolve } from "./config";
import { View } from "./view";

/** Only known while the script runs for the first time, hence read here. */
const script = document.currentScript;
const scriptUrl = script instanceof HTMLScriptElement ? script.src : "";

interface Instance {
  chat: Chat;
  destroy(): void;
}

let instance: Instance | null = null;

const api: SmallBizChatbotApi = {
  init(config) {
    api.destroy();
    instance = start(config);
  },
  destroy() {
    instance?.destroy();
    instance = null;
  },
  getHistory: () => instance?.chat.history() ?? [],
  clearCache: () => instance?.chat.clearCache(),
  setCacheEnabled: (enabled) => instance?.chat.setCacheEnabled(enabled),
  setStreamingEnabled: (enabled) => instance?.chat.setStreaming(enabled),
  getConnectionState: () => instance?.chat.connectionState ?? "idle",
};

window.SmallBizChatbot = api;

function start(config: Config): Instance {
  const settings = resolve(config, scriptUrl, document.baseURI);
  const ended = new AbortController();
  const view = new View(settings, () => chat);
  const chat: Chat = new Chat(settings, view);
  whenFound(settings.containerId, ended.signal, (container) => view.mount(container));
  const check = () => chat.checkConnection();
  window.addEventListener("online", check, { signal: ended.signal });
  document.addEventListener("visibilitychange", () => document.hidden || check(), { signal: ended.signal });
  return {
    chat,
    destroy() {
      ended.abort();
      chat.close();
      view.unmount();
    },
  };
}

/** Calls `then` with the element, at once or when the rest of the page has been read. */
function whenFound(id: string, ended: AbortSignal, then: (container: HTMLElement) => void): void {
  const container = document.getElementById(id);
  if (container) then(container);
  else if (document.readyState === "loading") {
    const again = () => whenFound(id, ended, then);
    document.addEventListener("DOMContentLoaded", again, { once: true, signal: ended });
  } else {
    console.error(`SmallBizChatbot: no element has the id "${id}"; add <div id="${id}"></div> or correct containerId`);
  }
}
