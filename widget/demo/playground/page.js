// The playground: a form whose options go into the embed code and into the frames, each of which holds the real widget.
import { FIELDS, LANGUAGES, asElement, configOf, oneLine, withInit } from "/playground/options.js";
import { SCENES } from "/playground/scenes.js";

const byId = (id) => document.getElementById(id);
const form = byId("options");
/** Typing changes the options with every letter; the frames follow when it pauses. */
const PAUSE_MS = 250;

/** Every frame on the page, with what it shows and in which scheme. */
const frames = [];

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const values = () => Object.fromEntries(new FormData(form));

/** The address of a frame: the state in the query, the options behind `#`, so that a change needs no new load. */
function addressOf({ scene, scheme }) {
  const { direction } = values();
  // The key is the site's that takes the code home; this server may know none.
  const { apiKey, ...config } = configOf(values());
  const query = new URLSearchParams({ scheme, ...(scene && { scene }), ...(direction && { dir: direction }) });
  return `/playground/state?${query}#${encodeURIComponent(JSON.stringify(config))}`;
}

function addFrame(parent, shown, title, note) {
  const frame = make("iframe", { title: `${title}, ${shown.scheme}`, loading: "lazy" });
  const caption = make("figcaption", {}, make("strong", { textContent: title }), make("span", { textContent: note }));
  parent.append(make("figure", {}, frame, caption));
  frames.push({ frame, shown });
  frame.src = addressOf(shown);
}

function showFrames() {
  for (const { frame, shown } of frames) {
    const address = new URL(addressOf(shown), location.href).href;
    // Where only the part behind `#` changes, the frame does not load anew.
    if (frame.src !== address) frame.src = address;
  }
}

let digest = "";

const WRITERS = { line: oneLine, element: asElement, init: withInit };

function showCode() {
  const write = WRITERS[document.querySelector("input[name=form]:checked").value];
  byId("embed").textContent = write(location.origin, values(), byId("pin").checked ? digest : "");
}

async function copy(text, status) {
  try {
    await navigator.clipboard.writeText(text);
    status.textContent = "Copied.";
  } catch {
    status.textContent = "The browser does not let this page copy. Select the text instead.";
  }
}

/** The digest of the very file that this server serves; browsers compute it on pages with TLS and on this computer only. */
async function computeDigest() {
  if (!crypto.subtle) {
    byId("digest").textContent = "openssl dgst -sha384 -binary widget.js | openssl base64 -A";
    byId("pin").disabled = true;
    return;
  }
  const file = await (await fetch("/widget.js")).arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-384", file));
  digest = `sha384-${btoa(String.fromCharCode(...hash))}`;
  byId("digest").textContent = `integrity="${digest}"`;
  showCode();
}

/** What a link leaves out: the form's own beginning. */
const BEGINNING = { placement: "container", direction: "", ...Object.fromEntries(Object.entries(FIELDS).map(([name, { unset }]) => [name, unset])) };

function linkToThis() {
  const now = values();
  const changed = Object.entries(BEGINNING).map(([name, unset]) => [name, now[name] ?? "", unset]).filter(([, text, unset]) => text !== unset);
  return `${location.origin}/playground?${new URLSearchParams(changed.map(([name, text]) => [name, text]))}`;
}

/** Reads the options of a copied link back into the form. */
function readLink() {
  for (const [name, text] of new URLSearchParams(location.search)) {
    const control = Object.hasOwn(BEGINNING, name) ? form.elements.namedItem(name) : null;
    if (control?.type === "checkbox") control.checked = text === "on";
    else if (control) control.value = text;
  }
}

function showOutputs() {
  for (const slider of form.querySelectorAll("input[type=range]")) slider.nextElementSibling.value = `${slider.value} px`;
  for (const picker of form.querySelectorAll("input[type=color]")) {
    const text = form.elements.namedItem(picker.dataset.for).value;
    if (/^#[0-9a-f]{6}$/i.test(text)) picker.value = text;
  }
}

let pause;
function changed() {
  showOutputs();
  showCode();
  clearTimeout(pause);
  pause = setTimeout(showFrames, PAUSE_MS);
}

form.addEventListener("input", ({ target }) => {
  if (target.dataset.for) form.elements.namedItem(target.dataset.for).value = target.value;
  changed();
});
// The form still holds the old values while the event runs.
form.addEventListener("reset", () => setTimeout(changed));
byId("form-of-code").addEventListener("input", showCode);
byId("copy").addEventListener("click", () => void copy(byId("embed").textContent, byId("copied")));
byId("link").addEventListener("click", () => void copy(linkToThis(), byId("linked")));
byId("shown").addEventListener("input", ({ target }) => {
  frames.filter(({ frame }) => byId("pair").contains(frame)).forEach(({ shown }) => (shown.scene = target.value));
  showFrames();
});
byId("scheme-of-states").addEventListener("input", ({ target }) => {
  for (const { frame, shown } of frames.filter(({ frame }) => byId("gallery").contains(frame))) {
    shown.scheme = target.value;
    frame.title = frame.title.replace(/\w+$/, target.value);
  }
  showFrames();
});

for (const [code, name] of Object.entries(LANGUAGES)) form.elements.language.append(make("option", { value: code, textContent: name, lang: code }));
for (const [scene, { title }] of Object.entries(SCENES)) byId("shown").append(make("option", { value: scene, textContent: title }));
document.querySelectorAll("[data-origin]").forEach((place) => (place.textContent = location.origin));
document.querySelectorAll("[data-socket]").forEach((place) => (place.textContent = location.origin.replace("http", "ws")));
readLink();
showOutputs();
for (const [scheme, title] of [["light", "Light"], ["dark", "Dark"]]) addFrame(byId("pair"), { scene: "", scheme }, title, "");
for (const [scene, { title, note }] of Object.entries(SCENES)) addFrame(byId("gallery"), { scene, scheme: "light" }, title, note);
showCode();
void computeDigest();
