// What a page may call, configure and listen to. Types only: the build copies this file to dist/widget.d.ts as it stands.

/** Colours, type and shape. Every value is CSS. */
export interface Theme {
  /** Header, buttons and the visitor's messages; default `#1f6f5c`. Text on it is made white or black, whichever reads better. */
  primaryColor?: string;
  /** Quiet surfaces such as suggestions; default is derived from the light or dark scheme. */
  secondaryColor?: string;
  /** Font family list; default is the system's interface font. */
  fontFamily?: string;
  /** Text size, a CSS length or a number of pixels; default `16px`. The input never falls below 16 px. */
  fontSize?: string | number;
  /** Corner radius, a CSS length or a number of pixels; default `14px`. */
  borderRadius?: string | number;
  /** Default `light dark`: what the visitor prefers. For pages that know only one, `light` or `dark`. */
  colorScheme?: string;
}

/** Keeps answers in the browser, so that a repeated first question costs nothing. */
export interface CacheConfig {
  /** Keep answers; default false, since a browser learns of changed documents only with the next answer. */
  enabled?: boolean;
  /** Default 20; the oldest answer goes first. */
  maxEntries?: number;
  /** Milliseconds an answer is kept; default 3,600,000 (one hour). */
  ttl?: number;
}

/** How the WebSocket is kept; times in milliseconds. */
export interface WebSocketConfig {
  /** Tries in a row before the chat goes on over HTTP; default 5. */
  reconnectAttempts?: number;
  /** Wait before the first of them, doubled with each; default 1,000. */
  reconnectInterval?: number;
  /** Default 5,000. */
  connectionTimeout?: number;
  /** Silence after which the connection is probed; default 30,000. While an answer runs, at most 5,000. */
  heartbeatInterval?: number;
}

export interface AccessibilityConfig {
  /** Speak answers to screen readers, sentence by sentence; default true. */
  announcements?: boolean;
  /** Stronger lines and text, whatever the visitor's system prefers; default false. */
  highContrast?: boolean;
}

/** Options of `SmallBizChatbot.init`; all may be left out. */
export interface Config {
  /** Id of the element that holds the chat. It may stand later in the page than the call. Without one there is a launcher. */
  containerId?: string;
  /** A launcher even where there is such an element; default false. */
  launcher?: boolean;
  theme?: Theme;
  /** Address of `POST /chat`, or of the folder above it; default is `chat` beside the script. */
  apiEndpoint?: string;
  /** Address of the WebSocket; default is `ws` beside the REST address. */
  websocketUrl?: string;
  /** Public key of the site, where the gateway asks for one. */
  apiKey?: string;
  /** Id of a signed-in visitor, with its HMAC from the site's server. */
  userId?: string;
  userHash?: string;
  /** Show answers word by word; default true. */
  streaming?: boolean;
  /** First message in the empty conversation. */
  welcomeMessage?: string;
  /** Hint in the empty input. */
  placeholderText?: string;
  /** Questions offered as buttons until the first one is asked; default are the gateway's. */
  suggestedQuestions?: string[];
  /** On screens of at most 480 px: a launcher instead of the chat in its container; default true. */
  mobileToggle?: boolean;
  /** Ask whether answers helped; default true. */
  feedback?: boolean;
  /** Offer to pass the conversation on to a person; default false, since the gateway must know such a person. */
  handoff?: boolean;
  /** Language of the interface, such as `de`; default is the page's. */
  language?: string;
  /** Words of your own, by the keys of `languages/en.json`. */
  labels?: Record<string, string>;
  /** Where the conversation is kept: `session` (default, until the tab closes), `local` or `none`. */
  history?: "session" | "local" | "none";
  /** Whether the browser's storage may be used; default true. With false nothing is stored before `setConsent(true)`. */
  consent?: boolean;
  cache?: CacheConfig;
  websocket?: WebSocketConfig;
  accessibility?: AccessibilityConfig;
}

/** Options of the one-line embedding, `data-site` and so on; every other one may stand there too, in kebab case. */
export interface Embedding {
  /** The site's key; may be empty. With it the chat starts by itself. */
  site?: string;
}

/** One message of the conversation, as `getHistory()` returns it. */
export interface HistoryItem {
  sender: "visitor" | "assistant";
  text: string;
  /** Whether the answer came from the browser's cache. */
  cached: boolean;
  /** Milliseconds since the Unix epoch. */
  time: number;
}

/**
 * `idle`: not connected, and nothing needs it. `connecting`: first try. `open`: ready. `reconnecting`: lost, trying again.
 * `rest`: the WebSocket cannot be reached or streaming is off, so questions go over HTTP.
 */
export type ConnectionState = "idle" | "connecting" | "open" | "reconnecting" | "rest";

/** What a chat can be told, as the global or as an element. */
export interface Controls {
  /** Opens the chat where it has a launcher. */
  open(): void;
  close(): void;
  /** Asks as if the visitor had. */
  ask(question: string): void;
  /** Returns the conversation, oldest message first. */
  getHistory(): HistoryItem[];
  /** Forgets the conversation, in the browser's storage too. */
  clearHistory(): void;
  /** Forgets the answers kept in the browser. */
  clearCache(): void;
  setCacheEnabled(enabled: boolean): void;
  /** Word by word over the WebSocket, or whole answers over HTTP. */
  setStreamingEnabled(enabled: boolean): void;
  /** Whether the browser's storage may be used; false also clears it. */
  setConsent(granted: boolean): void;
  getConnectionState(): ConnectionState;
  /** Drops the connection, if there is one, and connects anew. */
  reconnectWebSocket(): void;
}

/** The global `SmallBizChatbot`. */
export interface SmallBizChatbotApi extends Controls {
  /** Puts the chat into its container; replaces an earlier one. */
  init(config?: Config): void;
  /** Takes the chat out of the page and closes its connection. */
  destroy(): void;
  /** The same as `destroy`. */
  cleanup(): void;
}

/** The element `<smallbiz-chat>`: attributes are the options in kebab case, nested ones as JSON. */
export interface SmallbizChatElement extends HTMLElement, Controls {}

/** Events of the chat, dispatched at its element and seen by the whole page. */
export interface ChatEvents {
  "smallbiz-open": CustomEvent<null>;
  "smallbiz-close": CustomEvent<null>;
  "smallbiz-question": CustomEvent<{ text: string }>;
  "smallbiz-answer": CustomEvent<{ text: string; cached: boolean; finish: string }>;
  "smallbiz-error": CustomEvent<{ code: string; text: string }>;
  "smallbiz-feedback": CustomEvent<{ answerId: string; verdict: "positive" | "negative"; reason: string }>;
  "smallbiz-handoff": CustomEvent<{ handoffId: string; state: string }>;
  "smallbiz-connection": CustomEvent<{ state: ConnectionState }>;
}

declare global {
  interface Window {
    SmallBizChatbot: SmallBizChatbotApi;
  }
  interface HTMLElementTagNameMap {
    "smallbiz-chat": SmallbizChatElement;
  }
  interface HTMLElementEventMap extends ChatEvents {}
}
