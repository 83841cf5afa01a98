// What can be set on the playground, and how it is written: as options of `init`, on the script line, or on the element.
// Knows neither the page nor the frames, so that the tests can read it too.

/** Languages that a gateway serves beside the English that is built in, under their own names. */
export const LANGUAGES = {
  en: "English", de: "Deutsch", fr: "Français", es: "Español", it: "Italiano", pt: "Português", nl: "Nederlands", pl: "Polski", tr: "Türkçe", ar: "العربية", ja: "日本語",
};

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const same = (text) => text;
const isOn = (text) => text === "on";

/**
 * One entry for each option, by its name in the form: whether it belongs to the theme, what the form holds when nothing need be
 * written because it is the widget's own default, and how the form's text is read.
 */
export const FIELDS = {
  apiKey: { unset: "", read: same },
  primaryColor: { isTheme: true, unset: "", read: same },
  secondaryColor: { isTheme: true, unset: "", read: same },
  fontFamily: { isTheme: true, unset: "", read: same },
  fontSize: { isTheme: true, unset: "16", read: Number },
  borderRadius: { isTheme: true, unset: "14", read: Number },
  colorScheme: { isTheme: true, unset: "", read: same },
  language: { unset: "", read: same },
  welcomeMessage: { unset: "", read: same },
  placeholderText: { unset: "", read: same },
  suggestedQuestions: { unset: "", read: lines },
  feedback: { unset: "on", read: isOn },
  handoff: { unset: "", read: isOn },
};

const CONTAINER = "chatbot-container";

/** Returns the set options as `[name, value]`, without those that only repeat a default. A box that is not ticked is missing. */
function optionsIn(values) {
  return Object.entries(FIELDS)
    .map(([name, field]) => [name, (values[name] ?? "").trim(), field])
    .filter(([, text, { unset }]) => text !== unset)
    .map(([name, text, { read, isTheme }]) => ({ name, value: read(text), isTheme }));
}

/** Returns the options of `init` for the form's values. */
export function configOf(values) {
  const config = values.placement === "launcher" ? {} : { containerId: CONTAINER };
  for (const { name, value, isTheme } of optionsIn(values)) {
    if (isTheme) (config.theme ??= {})[name] = value;
    else config[name] = value;
  }
  return config;
}

/** Returns the text between quotation marks of an attribute: the mark that it does not hold itself, where there is one. */
function quoted(text) {
  const safe = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return safe.includes('"') && !safe.includes("'") ? `'${safe}'` : `"${safe.replaceAll('"', "&quot;")}"`;
}

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const holder = (values) => (values.placement === "launcher" ? "" : `\n<div id="${CONTAINER}"></div>`);
const pinned = (integrity) => (integrity ? `\n  integrity="${integrity}" crossorigin="anonymous"` : "");

/** Attributes hold plain text where they can, and JSON for lists. The key has a shorter name there. */
function attributesOf({ apiKey, ...values }, prefix) {
  const written = optionsIn(values).map(({ name, value }) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
  return written.map(([name, text]) => `\n  ${prefix}${kebab(name)}=${quoted(text)}`).join("");
}

/** Returns the script line that needs no code of the page. */
export function oneLine(origin, values, integrity = "") {
  const container = values.placement === "launcher" ? "" : ` data-container-id="${CONTAINER}"`;
  return `<script async src="${origin}/widget.js" data-site=${quoted(values.apiKey ?? "")}${container}${attributesOf(values, "data-")}${pinned(integrity)}></script>${holder(values)}`;
}

/** Returns the script and the element, for pages that are put together from elements. */
export function asElement(origin, values, integrity = "") {
  const site = values.apiKey ? ` site=${quoted(values.apiKey)}` : "";
  const launcher = values.placement === "launcher" ? " launcher" : "";
  return `<script async src="${origin}/widget.js"${pinned(integrity)}></script>\n<smallbiz-chat${site}${launcher}${attributesOf(values, "")}></smallbiz-chat>`;
}

/** Returns the script and the call of `init`. */
export function withInit(origin, values, integrity = "") {
  // `</script>` inside a text would end the script.
  const options = JSON.stringify(configOf(values), null, 2).replaceAll("<", "\\u003c").replaceAll("\n", "\n  ").replace(/"(\w+)":/g, "$1:");
  return `<script src="${origin}/widget.js"${pinned(integrity)}></script>\n<script>\n  SmallBizChatbot.init(${options});\n</script>${holder(values)}`;
}
