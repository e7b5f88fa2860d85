// The small signs that stand in many rows: counts, times, and the wheel that turns.
import { html } from "../vendor/lit.js";
import { fullTime, isoTime, shortTime } from "../format.js";

const COUNT_SHOWN_MAX = 99;

/** How many wait; `meaning` is for a screen reader. Nothing where nothing waits. */
export function badge(number, meaning = "") {
  if (!number) return "";
  const shown = number > COUNT_SHOWN_MAX ? `${COUNT_SHOWN_MAX}+` : number;
  return html`<span class="badge">${shown}${meaning ? html`<span class="unseen"> ${meaning}</span>` : ""}</span>`;
}

export function rowTime(at) {
  return html`<time class="row-time" datetime=${isoTime(at)} title=${fullTime(at)}>${shortTime(at)}</time>`;
}

export const spinner = () => html`<span class="spinner" aria-hidden="true"></span>`;
