// Messages as bubbles, gathered by day and by sender.
import { html } from "../vendor/lit.js";
import { clock, dayKey, dayName, fullTime, hue, isoTime, onlyEmoji } from "../format.js";
import { avatar } from "./avatar.js";
import { icon } from "./icons.js";
import { tick } from "./ticks.js";

// Lines of one person that are further apart than this stand apart.
const TOGETHER_SECONDS = 300;

/** Turn lines into keyed views: days, the unread mark, notices, bubbles. */
export function bubbles(lines, { group, firstUnread, sought }, retry) {
  const views = [];
  lines.forEach((line, index) => {
    const before = lines[index - 1];
    const newDay = !before || dayKey(before.at) !== dayKey(line.at);
    if (newDay) views.push({ key: `day ${line.id}`, view: dayLine(line.at) });
    if (line.id === firstUnread) views.push({ key: "unread", view: unreadLine() });
    const first = newDay || line.id === firstUnread || !together(before, line);
    const last = !together(line, lines[index + 1]) || lines[index + 1]?.id === firstUnread;
    const place = { group, first, last, sought: line.id === sought };
    views.push({ key: line.id, view: line.kind === "notice" ? notice(line) : bubble(line, place, retry) });
  });
  return views;
}

function together(one, other) {
  if (!one || !other || one.kind === "notice" || other.kind === "notice") return false;
  const same = one.sender === other.sender && dayKey(one.at) === dayKey(other.at);
  return same && other.at - one.at < TOGETHER_SECONDS;
}

const dayLine = (at) => html`<p class="day"><span>${dayName(at)}</span></p>`;
const unreadLine = () => html`<p class="unread-line" role="separator"><span>New messages</span></p>`;
const notice = (line) => html`<p class="notice" dir="auto"><span>${line.text}</span></p>`;

function bubble(line, { group, first, last, sought }, retry) {
  const { mine, state } = line;
  const theirs = group && !mine;
  const classes = [mine ? "mine" : "theirs", first ? "first" : "", last ? "last" : "", sought ? "sought" : "", `is-${state}`,
    onlyEmoji(line.text) ? "large" : "", group ? "in-group" : ""];
  return html`<article class="message ${classes.join(" ")}" aria-label="${mine ? "You" : line.sender_name}, ${clock(line.at)}">
    ${theirs && last ? avatar(line.sender_name, line.sender, { size: "xs" }) : ""}
    <div class="bubble">
      ${theirs && first ? html`<p class="sender hue-${hue(line.sender)}" dir="auto">${line.sender_name}</p>` : ""}
      <p class="text" dir="auto">${line.text}<span class="meta" dir="ltr"
        ><time datetime=${isoTime(line.at)} title=${fullTime(line.at)}>${clock(line.at)}</time>${mine ? tick(state) : ""}</span></p>
    </div>
    ${mine && state === "failed" ? html`<p class="failed-line"><span>Not sent.</span>
      <button class="link-button" type="button" @click=${() => retry(line.id)}>${icon("retry")}Try again</button></p>` : ""}
  </article>`;
}
