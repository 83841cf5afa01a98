// Stands in for the gateway inside one frame of the gallery, so that the real widget shows a state that seldom happens by itself.
// Demonstration code only: no page of a site needs it.

const HEARTBEAT = { type: "heartbeat" };
/** How long the network stays away once it dropped a connection. */
const OUTAGE_MS = 8_000;

let lostUntil = 0;

/**
 * Replaces the frame's WebSocket and `fetch`, once for the life of the frame. `reply(request)` returns what the gateway would send
 * to one frame of the widget, as `[waitMs, frame]` pairs, where "drop" stands for a lost connection. On the `network` "refused" no
 * connection succeeds, and on "offline" the browser knows that, too.
 */
export function standIn({ reply, network = "open" }) {
  window.WebSocket = class extends FakeSocket {
    constructor(url) {
      super(url, { reply, network });
    }
  };
  const realFetch = window.fetch.bind(window);
  window.fetch = (request, init) => {
    const { pathname, origin } = new URL(request instanceof Request ? request.url : request, document.baseURI);
    // Files of the demonstration, such as the languages, are real.
    if (origin === location.origin && /\.(?:json|js|css)$/.test(pathname)) return realFetch(request, init);
    if (network !== "open") return Promise.reject(new TypeError("Failed to fetch"));
    return Promise.resolve(Response.json(bodyFor(pathname)));
  };
  if (network === "offline") Object.defineProperty(navigator, "onLine", { value: false });
}

function bodyFor(path) {
  if (path.endsWith("/suggestions")) return { questions: [], suggestions: [] };
  if (path.endsWith("/handoff")) return { handoff_id: "H1", state: "delivered", message: "Your conversation was passed on to a person." };
  return {};
}

/** The frames of one page share an origin; what one remembers must not appear in the others. */
export function keepStorageApart() {
  for (const name of ["localStorage", "sessionStorage"]) {
    const kept = new Map();
    const storage = {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, String(value)),
      removeItem: (key) => void kept.delete(key),
      clear: () => kept.clear(),
      key: (index) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };
    Object.defineProperty(window, name, { value: storage });
  }
  window.BroadcastChannel = class extends EventTarget {
    postMessage() {}
    close() {}
  };
}

class FakeSocket extends EventTarget {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  readyState = FakeSocket.CONNECTING;
  #reply;
  #timers = new Set();

  constructor(url, { reply, network }) {
    super();
    this.url = String(url);
    this.#reply = reply;
    if (network !== "open" || Date.now() < lostUntil) return void this.#later(0, () => this.#end(1006));
    this.#later(0, () => {
      this.readyState = FakeSocket.OPEN;
      this.#tell(new Event("open"));
    });
  }

  send(text) {
    const request = JSON.parse(text);
    if (request.action === "heartbeat") return this.#later(0, () => this.#receive(HEARTBEAT));
    let at = 0;
    for (const [waitMs, frame] of this.#reply(request)) {
      at += waitMs;
      this.#later(at, () => (frame === "drop" ? this.#drop() : this.#receive(frame)));
    }
  }

  #drop() {
    lostUntil = Date.now() + OUTAGE_MS;
    this.#end(1006);
  }

  close(code = 1000) {
    this.#forget();
    this.readyState = FakeSocket.CLOSED;
    this.#later(0, () => this.#tell(new CloseEvent("close", { code, wasClean: true })));
  }

  #receive(frame) {
    this.#tell(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  #end(code) {
    this.#forget();
    this.readyState = FakeSocket.CLOSED;
    this.#tell(new Event("error"));
    this.#tell(new CloseEvent("close", { code }));
  }

  #tell(event) {
    this[`on${event.type}`]?.(event);
    this.dispatchEvent(event);
  }

  #later(waitMs, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, waitMs);
    this.#timers.add(timer);
  }

  #forget() {
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
  }
}
