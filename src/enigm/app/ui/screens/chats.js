// The list of chats, newest first, with search in names and in one's own messages.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { count } from "../format.js";
import { href, route } from "../router.js";
import { conversationsByTime, store } from "../store.js";
import { View } from "../view.js";
import { avatarOf, verifiedBadge } from "../parts/avatar.js";
import { icon } from "../parts/icons.js";
import { arrows } from "../parts/keys.js";
import { badge, rowTime, spinner } from "../parts/marks.js";
import { emptyState } from "../parts/pane.js";
import { tick } from "../parts/ticks.js";

const SEARCH_PAUSE_MILLISECONDS = 160;

class Chats extends View {
  #words = "";
  #hits = [];
  #timer = 0;

  render() {
    return html`<header class="list-head"><h2>Chats</h2>
        <a class="icon-button" href=${href("new")} aria-label="New group" title="New group">${icon("people")}</a>
        <a class="icon-button accent" href=${href("add")} aria-label="New chat" title="New chat">${icon("compose")}</a></header>
      <div class="search" role="search">${icon("search")}
        <input id="search" type="search" placeholder="Search" aria-label="Search chats and messages" autocomplete="off"
          maxlength="128" .value=${this.#words} @input=${this.#typed} @keydown=${this.#searchKey}>
        ${this.#words ? this.#clearButton() : html`<kbd aria-hidden="true">Ctrl K</kbd>`}
      </div>
      ${connectionLine()}
      <div class="scroll" @keydown=${arrows}>${this.#words.trim() ? this.#found() : this.#all()}</div>`;
  }

  #clearButton() {
    return html`<button class="icon-button small" type="button" aria-label="Clear the search"
      @click=${this.#clear}>${icon("close")}</button>`;
  }

  #all() {
    const rows = conversationsByTime();
    const requests = store.state.requests.size;
    if (!store.state.loaded) return html`<p class="hint pad" aria-busy="true">Reading your chats…</p>`;
    return html`${requests ? requestsRow(requests) : ""}
      ${rows.length ? this.#rows(rows) : ""}
      ${rows.length || requests ? "" : noChats()}`;
  }

  #rows(rows) {
    const views = repeat(rows, (row) => row.id, (row) => this.#row(row));
    return html`<ul class="rows" aria-label="Chats">${views}</ul>`;
  }

  #row(row) {
    const open = route().section === "chats" && route().id === row.id;
    const verified = row.kind === "direct" && store.state.contacts.get(row.peer)?.verified;
    return html`<li><a class="row" data-item href=${href("chats", row.id)} aria-current=${open ? "page" : "false"}>
      ${avatarOf(row)}
      <span class="row-words">
        <span class="row-top"><span class="row-title" dir="auto">${row.title}</span>${verifiedBadge(verified)}
          ${row.last ? rowTime(row.last.at) : ""}</span>
        <span class="row-bottom"><span class="row-last" dir="auto">${preview(row, open)}</span>
          ${row.last?.mine && row.state === "active" ? tick(row.last.state) : ""} ${badge(row.unread, "unread")}</span>
      </span></a></li>`;
  }

  #found() {
    const needle = this.#words.trim().toLocaleLowerCase();
    const chats = conversationsByTime().filter((row) => row.title.toLocaleLowerCase().includes(needle));
    if (!chats.length && !this.#hits.length) {
      return emptyState("search", "Nothing found", "Search looks only in what is on this device.");
    }
    return html`${chats.length ? html`<h3 class="list-label">Chats</h3>${this.#rows(chats)}` : ""}
      ${this.#hits.length ? html`<h3 class="list-label">Messages</h3><ul class="rows">${this.#hits.map(hit)}</ul>` : ""}
      <p class="unseen" role="status">${count(chats.length + this.#hits.length, "result", "results")}</p>`;
  }

  #typed = (event) => {
    this.#words = event.target.value;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(this.#words), SEARCH_PAUSE_MILLISECONDS);
    this.requestUpdate();
  };

  async #ask(words) {
    const hits = words.trim() ? await api.search(words).catch(() => []) : [];
    if (words !== this.#words) return;
    this.#hits = hits;
    this.requestUpdate();
  }

  #searchKey = (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      this.querySelector(".scroll [data-item]")?.focus();
    } else if (event.key === "Escape" && this.#words) {
      event.preventDefault();
      this.#clear();
    }
  };

  #clear = () => {
    this.#words = "";
    this.#hits = [];
    this.requestUpdate();
    this.querySelector("#search").focus();
  };
}

function noChats() {
  const add = html`<a class="button primary" href=${href("add")}>Add a contact</a>`;
  return emptyState("chats", "No chats yet", "Add someone by their user name, or give them your invite.", add);
}

function preview(row, open) {
  const draft = store.drafts.get(row.id);
  if (draft && !open) return html`<em class="draft">Draft:</em> ${draft}`;
  if (row.state === "requested" && !row.last) return "Waiting for an answer";
  if (!row.last) return row.kind === "group" ? count(row.members, "person", "people") : "Say hello";
  const { mine, sender_name: name, text } = row.last;
  if (mine) return html`<span class="who">You:</span> ${text}`;
  return row.kind === "group" && name ? html`<span class="who">${name}:</span> ${text}` : text;
}

function hit(found) {
  const at = `${href("chats", found.conversation)}?m=${encodeURIComponent(found.id)}`;
  const who = found.mine ? "You" : found.sender_name;
  const words = found.snippet.map(([text, matched]) => (matched ? html`<mark>${text}</mark>` : text));
  return html`<li><a class="row hit" data-item href=${at}><span class="row-words">
    <span class="row-top"><span class="row-title" dir="auto">${found.conversation_title}</span>${rowTime(found.at)}</span>
    <span class="row-bottom"><span class="row-last two" dir="auto"><span class="who">${who}:</span> ${words}</span></span>
  </span></a></li>`;
}

function requestsRow(number) {
  const open = route().section === "requests";
  return html`<a class="row request-row" data-item href=${href("requests")} aria-current=${open ? "page" : "false"}>
    <span class="avatar size-m request-avatar" aria-hidden="true">${icon("mail")}</span>
    <span class="row-words"><span class="row-top"><span class="row-title">Requests</span></span>
      <span class="row-bottom"><span class="row-last">${number === 1 ? "Someone wants" : "People want"} to talk to you</span>
        ${badge(number, "waiting")}</span></span></a>`;
}

function connectionLine() {
  const { connection } = store.state.app;
  const words = {
    offline: "You are offline. What you write waits here and goes out by itself.",
    connecting: "Connecting…",
  }[connection];
  const sign = connection === "offline" ? icon("offline") : spinner();
  return html`<div role="status" class="connection-place">
    ${words ? html`<p class="connection ${connection}">${sign}<span>${words}</span></p>` : ""}</div>`;
}

customElements.define("enigm-chats", Chats);
