// The states of the gallery: what the visitor asks in each, and which frames the gateway would answer with.
// Plain data and functions of it; the frames are those of the product's WebSocket.

const HOURS = {
  number: 1,
  document_id: "hours.md",
  collection: "main",
  title: "Opening hours",
  heading_path: ["Opening hours", "Weekend"],
  text: "On Saturdays we are open from 9:30 to 17:00. On Sundays we are open from 11:00 to 16:00.",
  quote: "On Sundays we are open from 11:00 to 16:00.",
  url: "/documents/main/hours.md#passage-3",
  page: null,
};
const REPAIRS = {
  ...HOURS,
  number: 2,
  document_id: "repairs.html",
  title: "Workshop and repairs",
  heading_path: ["Workshop and repairs", "Prices"],
  text: "A safety check costs 39.00. A full service costs 95.00 and takes two working days.",
  quote: "A full service costs 95.00 and takes two working days.",
  url: "/documents/main/repairs.html#passage-2",
};

const SUNDAYS = "On Sundays we are open **from 11:00 to 16:00**. [1] The workshop is closed on that day.";
const LONG = `Yes, the workshop does both. [2]

**What a service holds**

- Safety check with brakes and gears
- Full service, which adds *bearings and cables*
  - takes two working days
  - see [the price list](/documents/main/prices.csv)

| Code | Work | Price |
|---|---|---|
| \`WS-SAFE\` | Safety check | 39.00 |
| \`WS-FULL\` | Full service | 95.00 |
| \`WS-WHEEL\` | Wheel trued | 18.00 |

1. Bring the bicycle before noon.
2. We call you when it is ready.
3. Pay when you fetch it.

> A bicycle that is not fetched within 30 days costs 2.00 a day.

On Sundays you can fetch it from 11:00 to 16:00. [1]`;

let answers = 0;
/** The answer whose connection is lost half-way. */
let lost = [];

/** Numbers an answer's frames: `[waitMs, frame]` pairs, beginning with `start`. */
function answer(...events) {
  const common = { answer_id: `A${(answers += 1)}`, epoch: 1, text: "", complete: false };
  return [[150, { type: "start", generation: 1 }], ...events].map(([waitMs, event], index) => [waitMs, { ...common, seq: index + 1, ...event }]);
}

/** Text as it streams in, a few words at a time. */
const words = (text) => text.match(/\s*(?:\S+\s*){1,3}/g).map((piece) => [45, { type: "chunk", text: piece }]);
const cites = (...citations) => citations.map((citation) => [10, { type: "citation", citation }]);
const notice = (text, kind) => [10, { type: "notice", text, kind }];
const ends = (text, fields = {}) => [60, { type: "end", text, complete: true, finish_reason: "complete", citations: [], source: "model", generation: 1, follow_ups: [], ...fields }];
const fails = (code, text, fields = {}) => [[250, { type: "error", complete: true, code, text, retryable: true, ...fields }]];

const whole = (text, citations, fields) => answer(...words(text), ...cites(...citations), ends(text, { citations, ...fields }));
const bytes = (text) => new TextEncoder().encode(text).length;

const PRICE = "A full service costs 95.00. [2] ";
const GUESS = "It comes with a free bottle of oil.";
const NO_ANSWER = "I could not find that in our documents. You can call the shop at +1 555 0142.";
const REFUSAL = "I can only help with questions about the shop, and not with this one.";

/**
 * Each scene has a title, a note for the reader of the gallery, what the visitor asks, and what `reply()` sends. `options` go to
 * `init` besides those of the form; `press` finds the button that the visitor presses once the answer is there.
 */
export const SCENES = {
  empty: {
    title: "Nothing asked yet",
    note: "The welcome, and questions to begin with.",
  },
  streaming: {
    title: "Answer coming in",
    note: "Word by word; the button stops it.",
    ask: "Do you do full services, and what do they cost?",
    reply: () => answer(...words(LONG.slice(0, 240))),
  },
  sources: {
    title: "Answer with sources",
    note: "Numbers lead to the passages that bear each sentence out.",
    ask: "When are you open on Sundays?",
    reply: () => whole(SUNDAYS, [HOURS], { follow_ups: ["Are you open on public holidays?", "Where can I park?"] }),
  },
  passage: {
    title: "Source opened",
    note: "The passage with the quoted words marked, and the way to its document.",
    ask: "When are you open on Sundays?",
    reply: () => whole(SUNDAYS, [HOURS]),
    press: ".sources button",
  },
  opinion: {
    title: "Not helpful",
    note: "The opinion counts at once; the reason may be left out.",
    ask: "When are you open on Sundays?",
    reply: () => whole(SUNDAYS, [HOURS]),
    press: ".actions .down",
  },
  long: {
    title: "Long answer",
    note: "Lists, a table, code, a quotation and links.",
    ask: "Do you do full services, and what do they cost?",
    reply: () => whole(LONG, [HOURS, REPAIRS]),
  },
  quoted: {
    title: "Quoted instead of written",
    note: "The model could not be asked, so the documents speak for themselves.",
    ask: "When are you open on Sundays?",
    reply: () => answer(notice("This answer quotes the shop's documents word for word.", "extractive"), ...words(`${HOURS.quote} [1]`), ...cites(HOURS), ends(`${HOURS.quote} [1]`, { citations: [HOURS], source: "extractive" })),
  },
  unknown: {
    title: "Not in the documents",
    note: "It says so rather than guess.",
    ask: "What is the capital of Mongolia?",
    reply: () => whole(NO_ANSWER, [], { finish_reason: "no_evidence", source: "fixed_text" }),
  },
  refused: {
    title: "Refused",
    note: "A guardrail stopped the question.",
    ask: "How do I open somebody else's lock?",
    reply: () => whole(REFUSAL, [], { finish_reason: "blocked", source: "fixed_text" }),
  },
  unsupported: {
    title: "Sentence without support",
    note: "No passage bears out the second sentence, and it is marked.",
    ask: "What does a full service cost?",
    reply: () => answer(
      ...words(PRICE + GUESS),
      ...cites(REPAIRS),
      [10, { type: "unsupported", byte_range: [bytes(PRICE), bytes(PRICE + GUESS)], claims: [{ kind: "statement", text: "free bottle of oil" }], is_uncited: true }],
      ends(PRICE + GUESS, { citations: [REPAIRS] }),
    ),
  },
  retracted: {
    title: "Part withdrawn",
    note: "A guardrail fired after the words were shown.",
    ask: "What does a full service cost?",
    reply: () => answer(
      ...words(PRICE + GUESS),
      ...cites(REPAIRS),
      [700, { type: "retract", from_byte: bytes(PRICE.trim()), reason: "Part of this answer was withdrawn." }],
      ends(PRICE.trim(), { citations: [REPAIRS] }),
    ),
  },
  handoff: {
    title: "Passed on to a person",
    note: "The visitor leaves an address, and the shop gets the conversation.",
    ask: "Can you repair my tandem?",
    reply: () => whole(NO_ANSWER, [], { finish_reason: "no_evidence", source: "fixed_text" }),
    options: { handoff: true },
    press: ".actions .plain",
  },
  limited: {
    title: "Too many questions",
    note: "It counts down and lets the visitor try again.",
    ask: "When are you open on Sundays?",
    reply: () => fails("RATE_LIMITED", "You have asked many questions in a short time. Please try again in 12 seconds.", { retry_after_ms: 12_000, rate_limit: { limit: 10, remaining: 0, reset_ms: 12_000 } }),
  },
  error: {
    title: "Something went wrong",
    note: "What happened in plain words, and a way to try again.",
    ask: "When are you open on Sundays?",
    reply: () => fails("UNAVAILABLE", "The answer could not be written just now. Please try again."),
  },
  offline: {
    title: "Visitor offline",
    note: "The question waits, and is sent once there is a connection.",
    network: "offline",
    ask: "When are you open on Sundays?",
  },
  unreachable: {
    title: "Server out of reach",
    note: "Neither the WebSocket nor HTTP gets through.",
    network: "refused",
    ask: "When are you open on Sundays?",
  },
  reconnecting: {
    title: "Connection lost half-way",
    note: "The words stay; the rest follows when the network is back.",
    ask: "Do you do full services, and what do they cost?",
    reply: () => {
      lost = whole(LONG, [HOURS, REPAIRS]);
      return [...lost.slice(0, 14), [100, "drop"]];
    },
    resume: ({ after_seq: seen }) => lost.filter(([, { seq }]) => seq > seen),
  },
};

/** Returns what the gateway would send to one frame of the widget in this scene. */
export function repliesOf(scene) {
  let isAsked = false;
  return (request) => {
    if (request.action === "authenticate") return [[0, { type: "authenticated" }]];
    if (request.action === "resume") return scene.resume?.(request) ?? [];
    if (request.action === "handoff") return [[200, { type: "handoff", handoff_id: "H1", state: "delivered", message: "Your conversation was passed on to a person." }]];
    if (request.action !== "sendMessage") return [];
    // Whatever else the visitor asks gets a plain answer, so that every frame can be tried.
    const reply = isAsked ? null : scene.reply;
    isAsked = true;
    return reply?.() ?? whole(SUNDAYS, [HOURS]);
  };
}
