// The element `<smallbiz-chat>`. Registering its name is the business of index.ts, or of the page.

import { configOf, resolve } from "./config";
import { Widget } from "./widget";

/** Every call of the page, passed on to the chat while the element is on the page. */
export const CALLS = [
  "open",
  "close",
  "ask",
  "getHistory",
  "clearHistory",
  "clearCache",
  "setCacheEnabled",
  "setStreamingEnabled",
  "setConsent",
  "getConnectionState",
  "reconnectWebSocket",
] as const;

/** Makes the class; `scriptUrl` is where the widget's own file came from. */
export function makeElementClass(scriptUrl: string): CustomElementConstructor {
  class SmallbizChat extends HTMLElement {
    widget: Widget | null = null;

    connectedCallback(): void {
      const attributes = Array.from(this.attributes, ({ name, value }) => [camelCase(name), value] as const);
      const config = { containerId: this.id, ...configOf(Object.fromEntries(attributes)) };
      this.widget = new Widget(resolve(config, scriptUrl, document.baseURI), this, true);
    }

    disconnectedCallback(): void {
      this.widget?.destroy();
      this.widget = null;
    }
  }
  for (const call of CALLS) {
    Object.defineProperty(SmallbizChat.prototype, call, {
      value(this: SmallbizChat, ...given: unknown[]) {
        return this.widget?.call(call, given);
      },
    });
  }
  return SmallbizChat;
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
