// One frame of the playground: the real widget in one state. `?scene=NAME` is the state (without it the real gateway answers),
// `&scheme=dark` what the page and its visitor prefer, `&dir=rtl` the page's direction, `&still` leaves out the waiting; the
// options of `init` stand as JSON behind `#`, so that they can change without a new load.
import { keepStorageApart, standIn } from "/playground/fake.js";
import { SCENES, repliesOf } from "/playground/scenes.js";

const parameters = new URLSearchParams(location.search);
const scene = SCENES[parameters.get("scene")];
const scheme = parameters.get("scheme") ?? "";
const chat = window.SmallBizChatbot;
const page = document.documentElement;

function optionsOfPage() {
  try {
    return JSON.parse(decodeURIComponent(location.hash.slice(1)) || "{}");
  } catch {
    return {};
  }
}

/** What the widget of this frame is told: the options of the form under what only a frame of the playground needs. */
function configure() {
  const { theme, labels, ...options } = optionsOfPage();
  // A page has one chat; the playground has many, and a list of landmarks must tell them apart.
  const region = ["Chat", scene?.title, scheme].filter(Boolean).join(", ");
  return {
    // A frame is as narrow as a phone, and shows what a desk would.
    mobileToggle: false,
    ...scene?.options,
    ...options,
    theme: { ...(scheme && { colorScheme: scheme }), ...theme },
    labels: { region, ...labels },
  };
}

/** Pictures and tests need no patience. */
function hurried(reply) {
  return parameters.has("still") ? (request) => reply(request).map(([, frame]) => [0, frame]) : reply;
}

let reply = null;

function begin() {
  const config = configure();
  page.lang = config.language ?? "en";
  page.dir = parameters.get("dir") ?? (page.lang === "ar" ? "rtl" : "ltr");
  if (scene) reply = hurried(repliesOf(scene));
  chat.init(config);
  if (!scene?.ask) return;
  chat.open();
  chat.ask(scene.ask);
  if (scene.press) press(scene.press);
}

/** Presses what `selector` finds in the chat, as soon as it is there. */
function press(selector) {
  const found = document.querySelector("[data-smallbiz-chatbot]")?.shadowRoot.querySelector(selector);
  if (found) found.click();
  else setTimeout(press, 50, selector);
}

page.dataset.scheme = scheme || "auto";
keepStorageApart();
if (scene) standIn({ reply: (request) => reply(request), network: scene.network });
window.addEventListener("hashchange", begin);
begin();
