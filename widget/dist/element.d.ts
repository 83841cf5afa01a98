import "./widget.js";

/** Makes the class of `<smallbiz-chat>`; `scriptUrl` is the folder of the gateway, or any file in it. The page registers it. */
export declare function makeElementClass(scriptUrl: string): CustomElementConstructor;
