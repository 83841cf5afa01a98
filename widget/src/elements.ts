// Makes DOM nodes. Text only ever enters as text nodes, and attributes come from the widget's own code.

import type { Texts } from "./labels";

/** A function listens to the event of that name; null and false leave the attribute out. */
export type Attributes = Record<string, string | number | boolean | null | ((event: Event) => void)>;
export type Child = Node | string | null | false;

/** Makes an element: `tag.class`, where the class is also the name under which a page may style the part. */
export function element<Made extends HTMLElement = HTMLElement>(kind: string, attributes: Attributes = {}, ...children: Child[]): Made {
  const [tag = "", name] = kind.split(".");
  const made = document.createElement(tag || "div") as Made;
  if (name) {
    made.className = name;
    made.setAttribute("part", name);
  }
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== false));
  return made;
}

/** Makes a button with a text, or with an icon and the text as its name. */
export function button(name: string, text: string, click: (event: Event) => void, path = "", attributes: Attributes = {}): HTMLButtonElement {
  const named = path ? { "aria-label": text, title: text } : {};
  return element(`button.${name}`, { type: "button", ...named, ...attributes, click }, path ? icon(path) : text);
}

/** Makes a link that opens beside the page and tells the other side nothing. */
export function outsideLink(texts: Texts, address: string, ...children: Child[]): HTMLElement {
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, ...children, unseen(` (${texts.words.newTab})`));
}

/** Makes text for screen readers only. */
export function unseen(text: string): HTMLElement {
  return element("span.unseen", {}, `${text} `);
}

export const CHAT = "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-6 5v-5.2a2.5 2.5 0 0 1-1-2.3z";
export const UP = "M12 20V5m0 0-6 6m6-6 6 6";
export const DOWN = "M12 5v14m0 0 6-6m-6 6-6-6";
export const STOP = "M7 7h10v10H7z";
export const AGAIN = "M20 11a8 8 0 1 0-2.3 5.7M20 4v7h-7";
export const CROSS = "m6 6 12 12m0-12L6 18";
export const PLUS = "M12 5v14m7-7H5";
export const PEN = "m4 20 1-4L16 5l3 3L8 19z";
export const COPY = "M9 9h11v11H9zM5 15H4V4h11v1";
export const PERSON = "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8c1-4 4-5 8-5s7 1 8 5";
export const THUMB = "M7 11v9H4v-9zm0 0 4-8q3 0 2.5 6H19q2 0 2 2.3l-1.2 7q-.3 1.7-2 1.7H7";

/** Makes a decorative icon that takes the colour of its text. */
export function icon(path: string): SVGElement {
  const [drawing, line] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag)) as [SVGElement, SVGElement];
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  drawing.append(line);
  return drawing;
}
