// Choosing people from the contacts.
import { html, repeat } from "../vendor/lit.js";
import { icon } from "./icons.js";
import { arrows } from "./keys.js";
import { person } from "./pane.js";

/** A list of check boxes; `chosen` is a Set of accounts. */
export function picker(contacts, chosen, onToggle) {
  return html`<ul class="people pick" @keydown=${arrows}>${repeat(contacts, (it) => it.account, (it) => html`<li>
    <label class="pick-row"><input data-item type="checkbox" name="member" value=${it.account} .checked=${chosen.has(it.account)}
      @change=${() => onToggle(it.account)}>${person(it.name, it.account, { verified: it.verified })}
      <span class="pick-mark" aria-hidden="true">${icon("check")}</span></label></li>`)}</ul>`;
}

export function toggled(chosen, account) {
  const next = new Set(chosen);
  if (!next.delete(account)) next.add(account);
  return next;
}
