// The widget's settings, filled in: the code for the business's pages, and a page to try it.

import type { Config } from "./config.ts";

/** Returns the one line of code that shows the chat, with the theme as attributes. */
export function snippet(config: Config, address: string, key: string): string {
  const theme = Object.entries(config.widget.defaultTheme).map(([name, value]) => `data-${kebab(name)}="${escaped(value)}"`);
  return `<script src="${escaped(address)}/widget.js" data-site="${escaped(key)}" ${theme.join(" ")}></script>\n`;
}

/** Returns a page that shows the chat. */
export function page(config: Config, address: string, key: string): string {
  const name = escaped(config.business.name);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${name}</title>
  </head>
  <body>
    <h1>${name}</h1>
    <p>Ask us in the chat.</p>
    ${snippet(config, address, key).trim()}
  </body>
</html>
`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
