// The widgets that stand in the table, and what a page writes to embed each, after its own documentation.

/** Packages at fixed versions; the digests are the registry's, so that a changed package is noticed. */
export const PACKAGES = {
  "deep-chat@2.4.2": "sha512-wQNd6Z6HDoH7OMeoQKpmxDm9XdWrRjMkBJ2yl5tsYND9Dz2UCv/BdGVM8vK2V0mhO1u+OniHYPWDGvjlNxjCeQ==",
  "@n8n/chat@1.37.0": "sha512-V1EQxDp/+rW6o/5OZgbwDfgPJXG8Jrn3TIdq7Z/26QTP90Uo3g2gv8CMnaQcphdTQVR+K06X34DOCRHXa8Tqnw==",
  "flowise-embed@3.1.6": "sha512-xSrvBDiEvIIzRFsPBgmzG3SdfBeG4wBzdchdMurft5PQcdYO0HfB8cwGhn00fE5JOsdhVZXfJ3Fq6e/DgrW4ag==",
  "@typebot.io/js@0.10.7": "sha512-c5GKjgJlfSjOIhTm8kqohWE/daJeBWlnqK6Xi3AYlFu/3W0NkqsD+T6G+ehu2sDGv8po+FuMB/K6g12/zQVN2Q==",
  "@botpress/webchat@4.5.2": "sha512-PDcVDTRMdI4dohijuygzauI1gUOZ/QpPK+PbJmmKHPrYw+evWFUlD49sqqy8Jeg/RLpcJ88P6KiYSVoeXpd4HQ==",
  "react@19.2.0": "sha512-tmbWg6W31tQLeB5cdIBOicJDJRR2KzXsV7uSK9iNfLWQ5bIZfxuPEHp7M8wiHyHnn0DD1i7w3Zmin0FtkrwoCQ==",
  "react-dom@19.2.0": "sha512-UlbRu4cAiGaIewkPyiRGJk0imDN2T3JjieT6spoL2UeSf5od4n5LB/mQ4ejmxhCFT1tYe8IvaFulzynWovsEFQ==",
  "scheduler@0.27.0": "sha512-eNv+WrVbKu1f3vbYJT/xtiF5syA5HPIMtf9IgY/nKg0sWqzAUEvqY/xm7OcZc/qafLx/iO9FgOmeSAp4v5ti/Q==",
};

/** The page alone: what every row is measured against. */
export const NOTHING = { name: "the page alone", head: "", slot: "", init: "" };

/** The file loaded, but no chat started: what it costs pages that wait with `init`. */
export const LOADED = { name: "widget.js, not started", head: '<script src="/widget.js"></script>', slot: "", init: "" };

export const OURS = {
  name: "SmallBiz Chatbot",
  head: '<script src="/widget.js"></script>',
  slot: "",
  init: 'SmallBizChatbot.init({ containerId: "chat" });',
};

/** What most sites embed: the chat itself is built when a visitor opens it. */
export const LAUNCHER = { ...OURS, name: "SmallBiz Chatbot, launcher", init: "SmallBizChatbot.init();", isLauncher: true };

/**
 * `head`, `slot` and `init` are the page's own lines; the code of `init` stands in a module of the page. `needs` says which
 * server of the vendor the widget asks before or while it shows anything; nothing answers here but "not found".
 */
export const PEERS = [
  {
    name: "deep-chat 2.4.2",
    head: '<script type="module" src="/deep-chat/dist/deepChat.bundle.js"></script>',
    slot: `<deep-chat connect='{"url":"/chat"}' style="width:100%;height:100%"></deep-chat>`,
    init: "",
    needs: "",
  },
  {
    name: "@n8n/chat 1.37.0",
    head: '<link rel="stylesheet" href="/@n8n/chat/dist/style.css">',
    slot: "",
    init: `import { createChat } from "/@n8n/chat/dist/chat.bundle.es.js";
      createChat({ webhookUrl: location.origin + "/webhook", target: "#chat", mode: "fullscreen", loadPreviousSession: false });`,
    needs: "",
  },
  {
    name: "flowise-embed 3.1.6",
    head: "",
    slot: "<flowise-fullchatbot></flowise-fullchatbot>",
    init: `import Chatbot from "/flowise-embed/dist/web.js";
      Chatbot.initFull({ chatflowid: "1", apiHost: location.origin, theme: { chatWindow: { height: "100%", width: "100%" } } });`,
    needs: "asks Flowise's server for its settings",
  },
  {
    name: "@typebot.io/js 0.10.7",
    head: "",
    slot: '<typebot-standard style="width:100%;height:100%"></typebot-standard>',
    init: `import Typebot from "/@typebot.io/js/dist/web.js";
      Typebot.initStandard({ typebot: "chat", apiHost: location.origin });`,
    needs: "shows what Typebot's server sends, and no input before",
  },
  {
    name: "@botpress/webchat 4.5.2",
    head: '<link rel="stylesheet" href="/botpress.css">',
    slot: "",
    init: 'import "/botpress.js";',
    needs: "connects to Botpress's cloud first; bundled with React 19.2.0, which it needs",
  },
];

/** The smallest use of the Botpress component, after its documentation; a page bundles it. */
export const BOTPRESS_APP = `
  import { createElement } from "react";
  import { createRoot } from "react-dom/client";
  import { Webchat } from "@botpress/webchat";
  createRoot(document.getElementById("chat")).render(
    createElement(Webchat, { clientId: "00000000-0000-0000-0000-000000000000", style: { width: "100%", height: "100%" } }));`;
