// What the script does: the global `SmallBizChatbot`, the element `<smallbiz-chat>`, and the chat of a script tag with `data-site`.

import type { Config, SmallBizChatbotApi } from "./api";
import { configOf, resolve } from "./config";
import { CALLS, makeElementClass } from "./element";
import { element } from "./elements";
import { Widget } from "./widget";

/** Only known while the script runs for the first time, hence read here. */
const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null;
const scriptUrl = script?.src ?? "";

let widget: Widget | null = null;
let host: HTMLElement | null = null;
let waiting = new AbortController();

const api = {
  init(config: Config = {}) {
    api.destroy();
    whenFound(config.containerId ?? "", waiting.signal, (container) => start(config, container));
  },
  destroy() {
    waiting.abort();
    waiting = new AbortController();
    widget?.destroy();
    host?.remove();
    widget = host = null;
  },
  cleanup: () => api.destroy(),
} as SmallBizChatbotApi;

/** What the calls return while there is no chat. */
const IDLE: Partial<Record<string, unknown>> = { getHistory: [], getConnectionState: "idle" };
for (const call of CALLS) {
  api[call] = (...given: unknown[]) => (widget ? widget.call(call, given) : IDLE[call]) as never;
}

window.SmallBizChatbot = api;
if (!customElements.get("smallbiz-chat")) customElements.define("smallbiz-chat", makeElementClass(scriptUrl));
if (script && "site" in script.dataset) api.init(configOf({ ...script.dataset }));

function start(config: Config, container: HTMLElement | null): void {
  host = element("div", { "data-smallbiz-chatbot": true });
  // A container that has no height of its own gets one, or the conversation would stretch the page.
  if (container?.clientHeight === 0) host.dataset["height"] = "own";
  (container ?? document.body).append(host);
  widget = new Widget(resolve(config, scriptUrl, document.baseURI), host, container !== null);
}

/** Calls `then` with the element, at once or when the rest of the page has been read; with null when there is none. */
function whenFound(id: string, ended: AbortSignal, then: (container: HTMLElement | null) => void): void {
  const container = id ? document.getElementById(id) : null;
  if (container || document.readyState !== "loading") return then(container);
  document.addEventListener("DOMContentLoaded", () => whenFound(id, ended, then), { once: true, signal: ended });
}
