// Watches a page from within for anything that hostile text brought to life. Playwright puts the function into the page before any
// script of the page runs, so it may use nothing from outside itself.

/** Afterwards `window.guard` holds `faults`, `inspect(root)` and `text()`. */
export function installGuard() {
  const DRAWING = ["svg", "g", "path", "circle", "rect", "line", "polyline"];
  const FORBIDDEN = new Set(
    ("script iframe frame frameset object embed applet base meta link style img image picture source video audio track math portal " +
      "fencedframe template marquee noscript xmp isindex foreignobject use animate set feimage body html title head").split(" "),
  );
  // Attributes that fetch, navigate, run or change what a name of the page means.
  const ATTRIBUTES = /^(on|src|poster$|background$|action$|formaction$|ping$|data$|manifest$|xlink:|is$|contenteditable$|popovertarget$|shadowroot)/i;
  const REORDERING = /[\u202A-\u202E\u2066-\u2069]/;

  const faults = [];
  const roots = [];
  const inspectElement = (node) => {
    const found = [];
    const name = node.localName.toLowerCase();
    const isDrawing = node.namespaceURI !== "http://www.w3.org/1999/xhtml";
    if (FORBIDDEN.has(name) || (isDrawing && !DRAWING.includes(name))) found.push(`<${name}>`);
    // A form may hide its own `attributes` behind a field of that name, which is one of the payloads.
    for (const { name: attribute, value } of Reflect.get(Element.prototype, "attributes", node)) {
      if (ATTRIBUTES.test(attribute) || (isDrawing && /href/i.test(attribute))) found.push(`${name} ${attribute}=${value}`);
      if (/url\(|image-set|expression/i.test(value) && attribute === "style") found.push(`${name} style=${value}`);
      if (/^(id|name)$/.test(attribute) && /^(SmallBizChatbot|body|attributes|currentScript)$/.test(value)) found.push(`${name} ${attribute}=${value}`);
    }
    if (name === "a" && node.hasAttribute("href")) {
      const isWeb = /^https?:$/.test(node.protocol) && !node.username && !node.password;
      if (!isWeb) found.push(`link to ${node.getAttribute("href")}`);
      else if (!/noopener/.test(node.rel) && node.origin !== location.origin) found.push(`link without noopener to ${node.href}`);
    }
    return found;
  };
  const inspect = (root) => [root, ...(root.querySelectorAll?.("*") ?? [])].filter((node) => node.nodeType === 1).flatMap(inspectElement);
  const watch = (root) => {
    roots.push(root);
    new MutationObserver((changes) => {
      for (const { addedNodes, target, type } of changes) {
        if (type === "attributes") faults.push(...inspectElement(target));
        addedNodes.forEach((node) => faults.push(...inspect(node)));
      }
    }).observe(root, { subtree: true, childList: true, attributes: true });
  };
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function attachShadow(options) {
    const root = attach.call(this, options);
    watch(root);
    return root;
  };

  // Every state of a growing answer is to be drawn, not only the one that a frame happens to meet. A loop over frames stays one.
  const later = window.requestAnimationFrame.bind(window);
  let isInside = false;
  window.requestAnimationFrame = (draw) => {
    if (isInside) return later(draw);
    queueMicrotask(() => {
      isInside = true;
      try {
        draw(performance.now());
      } finally {
        isInside = false;
      }
    });
    return 0;
  };

  document.addEventListener("securitypolicyviolation", (event) => faults.push(`policy: ${event.violatedDirective} ${event.blockedURI}`));
  /** What a reader sees of the widget, without what the visitor typed. */
  const text = () => roots.map((root) => root.textContent).join("\n");
  const reordering = () => roots.flatMap((root) => [...root.querySelectorAll(".answer, .sources, .problem, .notice, .suggestions")])
    .filter((node) => REORDERING.test(node.textContent)).map((node) => `reordering characters in .${node.className}`);
  window.guard = { faults, inspect, text, reordering };
}
