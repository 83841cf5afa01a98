// Makes DOM nodes. Text only ever enters as text nodes, and attributes come from the widget's own code.

/** Makes an element; attributes that are null or false are left out. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number | boolean | null> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** Makes a link that opens beside the page and tells the other side nothing. */
export function outsideLink(address: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLAnchorElement {
  return element("a", { ...attributes, href: address, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.2c-.5.5-1.4.1-1.4-.6V16A2.5 2.5 0 0 1 4 13.5z",
  send: "M12 20V5m0 0-6 6m6-6 6 6",
  stop: "M7 7h10v10H7z",
  retry: "M20 11a8 8 0 1 0-2.3 5.7M20 4v7h-7",
  latest: "M12 5v14m0 0 6-6m-6 6-6-6",
} as const;

/** Makes a decorative icon that takes the colour of its text. */
export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}
