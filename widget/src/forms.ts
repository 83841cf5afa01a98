// The two forms of the chat: what was wrong with an answer, and how a person can reach the visitor.

import type { Answer } from "./answer";
import { button, element, type Child } from "./elements";
import { parseMessage } from "./frames";
import type { Label } from "./labels";
import type { Panel } from "./panel";
import { refusalIn } from "./rest";
import { historyOf, newId } from "./turn";

/** As the gateway names them; each is also the name of its label. */
const REASONS: Label[] = ["wrong", "incomplete", "outdated", "irrelevant", "unclear", "inappropriate", "other"];
/** Longest contact and longest text that the gateway takes. */
const LINE = 200;
const TEXT = 2_000;

type Fields = Record<string, string>;

/** Tells the gateway whether an answer helped. What it answers changes nothing for the visitor. */
export function sendFeedback({ gateway, emit }: Panel, answerId: string, isPositive: boolean, given: Fields = {}): void {
  const { reason = "", comment = "" } = given;
  const verdict = isPositive ? "positive" : "negative";
  void gateway.call("feedback", { answer_id: answerId, verdict, comment, ...(reason && { reason }) }).catch(() => {});
  emit("smallbiz-feedback", { answerId, verdict, reason });
}

/** Asks what was wrong; the opinion counts even when that is left open. */
export function askReason(panel: Panel, answer: Answer): void {
  const { texts, sheet, announcer } = panel;
  let given: Fields = {};
  const choices = REASONS.map((reason) =>
    element("label.choice", {}, element("input", { type: "radio", name: "reason", value: reason }), texts.words[reason]),
  );
  const group = element("fieldset", {}, element("legend", {}, texts.words.why), ...choices);
  const form = makeForm(panel, [group, field(panel, "comment", "textarea")], (fields) => {
    given = fields;
    sheet.close();
  });
  sheet.open(texts.words.bad, [form], () => {
    sendFeedback(panel, answer.id, false, given);
    announcer.say(texts.words.thanks);
  });
}

/** Offers to pass the conversation on to a person. */
export function askContact(panel: Panel): void {
  const { texts, sheet } = panel;
  const status = element("p.status", { role: "status", tabindex: -1 });
  const id = newId();
  const form = makeForm(panel, [
    element("p", {}, texts.words.personHint),
    field(panel, "email", "input", { type: "email", autocomplete: "email" }),
    field(panel, "phone", "input", { type: "tel", autocomplete: "tel" }),
    field(panel, "message", "textarea"),
    status,
  ], async (fields) => {
    status.textContent = fields["email"] || fields["phone"] ? texts.words.searching : texts.words.contactMissing;
    if (!fields["email"] && !fields["phone"]) return form.querySelector("input")?.focus();
    const receipt = await handOver(panel, id, fields);
    status.textContent = receipt.text;
    if (receipt.isTaken) form.replaceChildren(status, button("plain", texts.words.close, () => sheet.close()));
    status.focus();
  });
  sheet.open(texts.words.person, [form]);
}

async function handOver(panel: Panel, id: string, fields: Fields): Promise<{ isTaken: boolean; text: string }> {
  const { gateway, chat, texts, emit } = panel;
  const { email = "", phone = "", message = "" } = fields;
  try {
    const response = await gateway.call("handoff", {
      client_message_id: id,
      contact: { email, phone },
      message,
      transcript: historyOf(chat.turns),
      answer_ids: chat.turns.map(({ answer }) => answer.id).filter(Boolean).slice(-20),
      page: { url: location.href, title: document.title, language: texts.language },
    });
    const body: unknown = await response.json();
    const { handoff_id: handoffId, state, message: text } = parseMessage(body);
    if (!response.ok) return { isTaken: false, text: refusalIn(body, response).text };
    emit("smallbiz-handoff", { handoffId, state });
    return { isTaken: state !== "failed", text };
  } catch {
    return { isTaken: false, text: texts.words.unreachable };
  }
}

function makeForm({ texts }: Panel, parts: Child[], submitted: (fields: Fields) => unknown): HTMLFormElement {
  const form = element<HTMLFormElement>("form.form", {
    submit: (event) => {
      event.preventDefault();
      submitted(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()])));
    },
  }, ...parts, element("button.primary", { type: "submit" }, texts.words.submit));
  return form;
}

function field({ texts }: Panel, name: Label, tag: string, attributes: Record<string, string> = {}): HTMLElement {
  const maxlength = tag === "input" ? LINE : TEXT;
  return element("label.field", {}, texts.words[name], element(`${tag}.input`, { name, maxlength, ...attributes }));
}
