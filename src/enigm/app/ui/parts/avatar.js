// A person's or group's picture: letters on a colour that follows the fingerprint.
import { html } from "../vendor/lit.js";
import { hue, initials } from "../format.js";
import { icon } from "./icons.js";

/** Decoration: the name always stands beside it. `kind`: direct or group; `size`: s, m, l. */
export function avatar(name, identifier, { kind = "direct", size = "m" } = {}) {
  return html`<span class="avatar ${kind} size-${size} hue-${hue(identifier)}" aria-hidden="true"
    >${initials(name)}</span>`;
}

export function avatarOf(conversation, size = "m") {
  const { title, kind, peer, id } = conversation;
  return avatar(title, peer ?? id, { kind, size });
}

/** Shown beside the name of someone whose safety number was compared. */
export function verifiedBadge(verified) {
  if (!verified) return "";
  return html`<span class="verified-badge" title="Safety number compared"
    >${icon("verified")}<span class="unseen">verified</span></span>`;
}
