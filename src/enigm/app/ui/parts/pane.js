// The head of a pane or a drawer, and its lists of people and deeds.
import { html } from "../vendor/lit.js";
import { avatar, verifiedBadge } from "./avatar.js";
import { icon } from "./icons.js";

/** `back` is where the arrow leads; in a drawer it closes the drawer. */
export function paneHead(title, back, { drawer = false, actions = "" } = {}) {
  return html`<header class="pane-head">
    <a class="icon-button back ${drawer ? "always" : ""}" href=${back} aria-label=${drawer ? "Close" : "Back"}
      >${icon(drawer ? "close" : "back", drawer ? "" : "mirror")}</a>
    <h2>${title}</h2>${actions}
  </header>`;
}

/** A person in a list; `after` stands at the end of the row. */
export function person(name, account, { verified = false, note = "", after = "", me = false } = {}) {
  return html`<span class="person">${avatar(name, account)}
    <span class="person-words"><span class="person-name" dir="auto">${me ? "You" : name}${verifiedBadge(verified)}</span>
      ${note ? html`<span class="person-note">${note}</span>` : ""}</span>${after}</span>`;
}

export function deed(name, label, onClick, { kind = "", busy = false } = {}) {
  return html`<button class="deed ${kind}" type="button" ?disabled=${busy} @click=${onClick}>
    ${icon(name)}<span>${label}</span></button>`;
}

export function deedLink(name, label, href, note = "") {
  return html`<a class="deed" href=${href} data-item>${icon(name)}
    <span class="deed-words"><span>${label}</span>${note ? html`<small>${note}</small>` : ""}</span>
    ${icon("next", "mirror faint")}</a>`;
}

export function emptyState(name, title, text, action = "") {
  return html`<div class="empty">${icon(name)}<h3>${title}</h3><p>${text}</p>${action}</div>`;
}
