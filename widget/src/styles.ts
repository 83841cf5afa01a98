// Style sheets for the shadow root. Constructed in script, because a strict policy forbids style elements and attributes.

import type { Theme } from "./api";
import { cssOf, parseColour, readableOn, textOn, type Colour } from "./colour";
import { element } from "./elements";
import details from "./details.css";
import base from "./widget.css";

/** Grounds that accents must be readable on; the same values stand in widget.css. */
const LIGHT_GROUND: Colour = [255, 255, 255];
const DARK_GROUND: Colour = [32, 37, 40];

const PRIMARY = "#1f6f5c";

/** Gives `root` the widget's look under the site's theme. */
export function applyStyles(root: ShadowRoot, theme: Theme): void {
  const themed = new CSSStyleSheet();
  themed.insertRule(":host {}");
  const host = (themed.cssRules[0] as CSSStyleRule).style;
  const baseSheet = new CSSStyleSheet();
  baseSheet.replaceSync(base + details);
  root.adoptedStyleSheets = [baseSheet, themed];

  const primaryText = accepted("color", theme.primaryColor) ?? PRIMARY;
  host.setProperty("--primary", primaryText);
  const primary = computedColour(root, host, primaryText) ?? computedColour(root, host, PRIMARY);
  if (primary) {
    host.setProperty("--on-primary", cssOf(textOn(primary)));
    host.setProperty("--accent-light", cssOf(readableOn(primary, LIGHT_GROUND)));
    host.setProperty("--accent-dark", cssOf(readableOn(primary, DARK_GROUND)));
  }
  const secondaryText = accepted("color", theme.secondaryColor);
  const secondary = secondaryText && computedColour(root, host, secondaryText);
  if (secondary) {
    host.setProperty("--quiet", secondaryText);
    host.setProperty("--on-quiet", cssOf(textOn(secondary)));
  }
  setIf(host, "--font", accepted("font-family", theme.fontFamily));
  setIf(host, "--size", accepted("font-size", length(theme.fontSize)));
  setIf(host, "--radius", accepted("border-radius", length(theme.borderRadius)));
}

function setIf(style: CSSStyleDeclaration, name: string, value: string | null): void {
  if (value) style.setProperty(name, value);
}

function length(value: string | number | undefined): string | undefined {
  return typeof value === "number" ? `${value}px` : value;
}

/** Returns the value when the browser takes it for `property`, so that a typing mistake leaves the default in place. */
function accepted(property: string, value: string | undefined): string | null {
  return value && CSS.supports(property, value) ? value : null;
}

/** Lets the browser turn any notation of a colour into numbers. */
function computedColour(root: ShadowRoot, host: CSSStyleDeclaration, value: string): Colour | null {
  host.setProperty("--probe", value);
  const probe = element("span", { class: "probe" });
  root.append(probe);
  const colour = parseColour(getComputedStyle(probe).color);
  probe.remove();
  host.removeProperty("--probe");
  return colour;
}
