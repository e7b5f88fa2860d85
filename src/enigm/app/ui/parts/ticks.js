// How far one of our own messages has come.
import { html } from "../vendor/lit.js";
import { icon } from "./icons.js";

const STATES = {
  sending: ["clock", "Sending"],
  sent: ["check", "Sent"],
  delivered: ["checks", "Delivered"],
  read: ["checks", "Read"],
  failed: ["alert", "Not sent"],
};

export function tick(state) {
  const [name, words] = STATES[state] ?? STATES.sending;
  return html`<span class="tick ${state}" title=${words}>${icon(name)}<span class="unseen">${words}</span></span>`;
}
