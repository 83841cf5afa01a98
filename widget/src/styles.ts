// Style sheets for the shadow root. Constructed in script, because a strict policy forbids style elements and attributes.

import type { Settings } from "./config";
import details from "./details.css";
import log from "./log.css";
import base from "./widget.css";

/** Gives `root` the widget's look under the site's theme. */
export function applyStyles(root: ShadowRoot, { theme, accessibility }: Settings): void {
  const [ours, themed] = [new CSSStyleSheet(), new CSSStyleSheet()];
  ours.replaceSync(base + log + details);
  themed.insertRule(":host{}");
  root.adoptedStyleSheets = [ours, themed];
  root.host.toggleAttribute("data-contrast", accessibility.highContrast);
  const { style } = themed.cssRules[0] as CSSStyleRule;
  const set = (name: string, property: string, given: string | number = ""): void => {
    const value = typeof given === "number" ? `${given}px` : given;
    // What the browser does not take leaves the default of widget.css in place.
    if (CSS.supports(property, value)) style.setProperty(name, value);
  };
  set("--primary", "color", theme.primaryColor);
  set("--quiet", "color", theme.secondaryColor);
  set("--font", "font-family", theme.fontFamily);
  set("--size", "font-size", theme.fontSize);
  set("--radius", "border-radius", theme.borderRadius);
  set("--scheme", "color-scheme", theme.colorScheme);
}
