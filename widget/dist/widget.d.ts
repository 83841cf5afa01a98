// What a page may call and configure. Types only: the build copies this file to dist/widget.d.ts as it stands.

/** Colours, type and shape. Every value is CSS. */
export interface Theme {
  /** Header, buttons and the visitor's messages; default `#1f6f5c`. */
  primaryColor?: string;
  /** Quiet surfaces such as suggestions and source numbers; default is derived from the page's light or dark scheme. */
  secondaryColor?: string;
  /** Font family list; default is the system's interface font. */
  fontFamily?: string;
  /** Text size, a CSS length or a number of pixels; default `16px`. The input never falls below 16 px. */
  fontSize?: string | number;
  /** Corner radius, a CSS length or a number of pixels; default `14px`. */
  borderRadius?: string | number;
}

/** Keeps answers in the browser, so that a repeated first question costs nothing. */
export interface CacheConfig {
  /** Keep answers in the browser; default false, since a browser cannot know that a document changed. */
  enabled?: boolean;
  /** Default 20; the oldest answer goes first. */
  maxEntries?: number;
  /** Milliseconds an answer is kept; default 3,600,000 (one hour). */
  ttl?: number;
}

/** Options of `SmallBizChatbot.init`. */
export interface Config {
  /** Id of the element that holds the chat. It may stand later in the page than the call. */
  containerId: string;
  theme?: Theme;
  /** Address of `POST /chat`, or of the folder above it; default is `chat` beside the script. */
  apiEndpoint?: string;
  /** Address of the WebSocket; default is `ws` beside the REST address. */
  websocketUrl?: string;
  /** Public key of the site, where the gateway asks for one. */
  apiKey?: string;
  /** Show answers word by word; default true. */
  streaming?: boolean;
  /** First message in the empty conversation. */
  welcomeMessage?: string;
  /** Hint in the empty input. */
  placeholderText?: string;
  /** Questions offered as buttons until the first one is asked. */
  suggestedQuestions?: string[];
  cache?: CacheConfig;
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

/** The global `SmallBizChatbot`. */
export interface SmallBizChatbotApi {
  /** Puts the chat into its container; replaces an earlier one. */
  init(config: Config): void;
  /** Takes the chat out of the page and closes its connection. */
  destroy(): void;
  /** Returns the conversation, oldest message first. */
  getHistory(): HistoryItem[];
  /** Forgets the answers kept in the browser. */
  clearCache(): void;
  setCacheEnabled(enabled: boolean): void;
  /** Word by word over the WebSocket, or whole answers over HTTP. */
  setStreamingEnabled(enabled: boolean): void;
  getConnectionState(): ConnectionState;
}

declare global {
  interface Window {
    SmallBizChatbot: SmallBizChatbotApi;
  }
}
