// One conversation: its head, its messages by day and sender, and the place to write.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { count } from "../format.js";
import { historyOf, readNewest, readOlder, readUntil } from "../history.js";
import { href, route } from "../router.js";
import { store } from "../store.js";
import { loadDetails, retryMessage } from "../sync.js";
import { View } from "../view.js";
import { avatarOf, verifiedBadge } from "../parts/avatar.js";
import { bubbles } from "../parts/bubbles.js";
import { icon } from "../parts/icons.js";
import { badge, spinner } from "../parts/marks.js";
import { emptyState } from "../parts/pane.js";
import "./composer.js";

// Closer to the end than this and new messages keep the view at the end.
const AT_END_PIXELS = 80;
// The page above is asked for before the person reaches the top.
const OLDER_PIXELS = 400;

class Conversation extends View {
  static properties = { conversation: {} };

  #opened = "";
  #unreadAtOpen = 0;
  #firstUnread = "";
  #atEnd = true;
  #height = 0;
  #top = 0;
  #lastLine = "";
  #marked = "";
  #sought = "";
  // A turned phone, a drawer, a growing draft: whoever read the end goes on reading it.
  #sizes = new ResizeObserver(() => this.#atEnd && this.#place() && this.#toEnd());

  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("focus", this.#seen);
    document.addEventListener("visibilitychange", this.#seen);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("focus", this.#seen);
    document.removeEventListener("visibilitychange", this.#seen);
    this.#sizes.disconnect();
  }

  willUpdate() {
    if (this.#opened !== this.conversation && store.state.loaded) this.#open();
    else if (!historyOf(this.conversation).read) void readNewest(this.conversation);
    const place = this.#place();
    this.#height = place?.scrollHeight ?? 0;
    this.#top = place?.scrollTop ?? 0;
  }

  #open() {
    this.#opened = this.conversation;
    this.#unreadAtOpen = store.state.conversations.get(this.conversation)?.unread ?? 0;
    this.#firstUnread = "";
    this.#atEnd = true;
    this.#marked = "";
    this.#lastLine = "";
    void readNewest(this.conversation);
    void loadDetails(this.conversation);
  }

  render() {
    const row = store.state.conversations.get(this.conversation);
    if (!row) {
      if (!store.state.loaded) return html`<p class="hint pad" aria-busy="true">Opening…</p>`;
      return emptyState("chats", "This chat is not here", "It may have been removed from this device.",
        html`<a class="button soft" href=${href("chats")}>All chats</a>`);
    }
    const { lines, complete, loading } = historyOf(this.conversation);
    const firstUnread = this.#unreadLine(lines);
    const marks = { group: row.kind === "group", firstUnread, sought: this.#sought };
    return html`${head(row)}
      <div class="messages-place">
        <div class="messages" role="log" aria-label="Messages" aria-live="off" tabindex="0" @scroll=${this.#scrolled}>
          ${loading && lines.length ? reading() : ""} ${complete ? beginning(row) : ""}
          ${repeat(bubbles(lines, marks, this.#retry), (it) => it.key, (it) => it.view)}
        </div>
        ${this.#endButton(row)}
      </div>
      <enigm-composer .conversation=${row.id} .title=${row.title}
        .state=${blocked(row) ? "blocked" : row.state}></enigm-composer>`;
  }

  #endButton({ unread }) {
    const label = unread ? `To the newest message, ${unread} unread` : "To the newest message";
    return html`<button class="to-end" type="button" ?hidden=${this.#atEnd} aria-label=${label}
      @click=${() => this.#toEnd("smooth")}>${icon("down")}${badge(unread)}</button>`;
  }

  updated() {
    const place = this.#place();
    const { lines } = historyOf(this.conversation);
    if (!place || !lines.length) return;
    // Observing what is observed already changes nothing.
    this.#sizes.observe(place);
    const last = lines.at(-1);
    const first = this.#lastLine === "";
    const mineIsNew = last.id !== this.#lastLine && last.mine;
    if (first) this.#begin();
    else if (this.#atEnd || mineIsNew) this.#toEnd();
    // Lines came in above: keep what the person reads where it was.
    else if (last.id === this.#lastLine) place.scrollTop = this.#top + place.scrollHeight - this.#height;
    this.#lastLine = last.id;
    void this.#findSought();
    this.#seen();
  }

  #begin() {
    const divider = this.querySelector(".unread-line");
    if (divider) divider.scrollIntoView({ block: "center" });
    else this.#toEnd();
    this.#scrolled();
    if (!window.matchMedia("(max-width: 720px)").matches) this.querySelector("#composer")?.focus({ preventScroll: true });
  }

  #unreadLine(lines) {
    if (!this.#firstUnread && this.#unreadAtOpen && lines.length) {
      const theirs = lines.filter((line) => !line.mine && line.kind === "text");
      this.#firstUnread = theirs.at(-this.#unreadAtOpen)?.id ?? theirs[0]?.id ?? "";
    }
    return this.#firstUnread;
  }

  async #findSought() {
    const wanted = route().query.get("m") ?? "";
    if (wanted === this.#sought) return;
    this.#sought = wanted;
    if (!wanted || !(await readUntil(this.conversation, wanted))) return;
    this.#atEnd = false;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector(".sought")?.scrollIntoView({ block: "center" });
  }

  #place() {
    return this.querySelector(".messages");
  }

  #toEnd(behavior = "instant") {
    const place = this.#place();
    place.scrollTo({ top: place.scrollHeight, behavior });
  }

  #scrolled = () => {
    const place = this.#place();
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < AT_END_PIXELS;
    if (atEnd !== this.#atEnd) {
      this.#atEnd = atEnd;
      this.requestUpdate();
    }
    if (atEnd) this.#seen();
    if (place.scrollTop < OLDER_PIXELS) void readOlder(this.conversation);
  };

  /** Tell the App what was seen, only while somebody looks. */
  #seen = () => {
    const row = store.state.conversations.get(this.conversation);
    const last = historyOf(this.conversation).lines.at(-1);
    if (!row?.unread || !last || !this.#atEnd || document.hidden || !document.hasFocus()) return;
    if (this.#marked === last.id) return;
    this.#marked = last.id;
    api.markRead(row.id, last.id).catch(() => {
      this.#marked = "";
    });
  };

  #retry = (message) => this.attempt(() => retryMessage(this.conversation, message));
}

function reading() {
  return html`<p class="older">${spinner()}<span class="unseen">Reading older messages</span></p>`;
}

function head(row) {
  const verified = row.kind === "direct" && store.state.contacts.get(row.peer)?.verified;
  const open = route().part !== "";
  return html`<header class="pane-head chat-head">
    <a class="icon-button back" href=${href("chats")} aria-label="Back to chats">${icon("back", "mirror")}</a>
    <a class="chat-who" href=${href("chats", row.id, "details")}>${avatarOf(row, "s")}
      <span class="chat-words"><h2 dir="auto">${row.title}${verifiedBadge(verified)}</h2>
        <span class="chat-note">${note(row, verified)}</span></span></a>
    <a class="icon-button" href=${open ? href("chats", row.id) : href("chats", row.id, "details")}
      aria-label=${open ? "Close details" : "Details"} aria-expanded=${open}>${icon("info")}</a>
  </header>`;
}

function blocked(row) {
  return row.kind === "direct" && store.state.contacts.get(row.peer)?.state === "blocked";
}

function note(row, verified) {
  if (blocked(row)) return "Blocked";
  if (row.state === "active" && store.state.app.connection === "offline") return "Offline: what you write goes out later";
  if (row.state === "requested") return "Waiting for an answer";
  if (row.state === "left") return "You left";
  if (row.state === "removed") return "You were removed";
  if (row.kind === "group") return names(row);
  return verified ? "Safety number compared" : "Safety number not compared yet";
}

function names(row) {
  const members = store.state.details.get(row.id)?.members;
  if (!members) return count(row.members, "person", "people");
  const others = members.filter((member) => !member.me).map((member) => member.name);
  return [...others, "you"].join(", ");
}

function beginning(row) {
  return html`<div class="beginning">${avatarOf(row, "l")}<h3 dir="auto">${row.title}</h3>
    <p>${icon("lock")}Only the people in this ${row.kind === "group" ? "group" : "chat"} can read it.
      Enigm's service sees neither words nor names.</p>
    ${row.kind === "direct" && row.state === "active" ? compareLink(row) : ""}</div>`;
}

function compareLink({ id, peer }) {
  return html`<a class="button soft small" href=${href("chats", id, "safety", peer)}>Compare safety numbers</a>`;
}

customElements.define("enigm-conversation", Conversation);
