// The drawer beside a conversation: who is in it, and what can be done.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { count, grouped } from "../format.js";
import { go, href } from "../router.js";
import { say, store } from "../store.js";
import { loadDetails } from "../sync.js";
import { View } from "../view.js";
import { avatarOf, verifiedBadge } from "../parts/avatar.js";
import { confirm } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { deed, deedLink, paneHead, person } from "../parts/pane.js";

class Details extends View {
  static properties = { conversation: {} };

  #naming = false;

  connectedCallback() {
    super.connectedCallback();
    void loadDetails(this.conversation);
  }

  render() {
    const row = store.state.conversations.get(this.conversation);
    const details = store.state.details.get(this.conversation);
    return html`${paneHead(row.kind === "group" ? "Group" : "Contact", href("chats", row.id), { drawer: true })}
      <div class="scroll drawer-body">
        ${row.kind === "group" ? this.#group(row, details) : this.#direct(row)}
      </div>`;
  }

  #direct(row) {
    const contact = store.state.contacts.get(row.peer);
    const blocked = contact?.state === "blocked";
    return html`<div class="portrait">${avatarOf(row, "l")}<h3 dir="auto">${row.title}${verifiedBadge(contact?.verified)}</h3>
        <p>${blocked ? "Blocked" : row.state === "requested" ? "Has not answered yet" : "Contact"}</p></div>
      <div class="deeds">
        ${row.state === "active" ? deedLink("shield", "Safety number", href("chats", row.id, "safety", row.peer),
          contact?.verified ? "Compared" : "Not compared yet") : ""}
        ${this.#groupsWith(row)}
        ${blocked
          ? deed("check", "Unblock", () => this.#unblock(row))
          : deed("block", "Block", () => this.#block(row), { kind: "danger" })}
      </div>
      <dl class="facts drawer-facts"><div><dt>Fingerprint</dt><dd class="fingerprint" dir="ltr">${grouped(row.peer)}</dd></div></dl>
      <p class="note drawer-facts">${icon("info")}<span>The colour of a picture follows the fingerprint: someone
        else with the same name looks different.</span></p>`;
  }

  #groupsWith(row) {
    const groups = [...store.state.details.values()].filter((it) => it.kind === "group");
    const shared = groups.filter((it) => it.members.some((member) => member.account === row.peer));
    return shared.map((it) => deedLink("people", it.title, href("chats", it.id), "You are both in this group"));
  }

  #group(row, details) {
    const members = details?.members ?? [];
    const active = row.state === "active";
    const admin = active && members.some((member) => member.me && member.admin);
    return html`<div class="portrait">${avatarOf(row, "l")}
        ${this.#naming ? this.#nameForm(row) : html`<h3 dir="auto">${row.title} ${admin ? this.#nameButton() : ""}</h3>`}
        <p>${count(row.members, "person", "people")}</p></div>
      <div class="deeds">
        ${admin ? deedLink("plus", "Add people", href("chats", row.id, "members")) : ""}
        ${active ? deed("leave", "Leave the group", () => this.#leave(row), { kind: "danger" }) : ""}
      </div>
      <h3 class="list-label">Members</h3>
      <ul class="people">${repeat(members, (member) => member.account, (member) => html`<li>
        ${person(member.name, member.account, {
          me: member.me,
          verified: member.verified,
          note: [member.admin ? "Admin" : "", count(member.devices, "device", "devices")].filter(Boolean).join(" · "),
          after: member.me ? "" : this.#memberDeeds(row, member, admin),
        })}</li>`)}</ul>`;
  }

  #nameButton() {
    return html`<button class="icon-button small" type="button" aria-label="Change the name"
      @click=${() => this.#name(true)}>${icon("edit")}</button>`;
  }

  #memberDeeds(row, member, admin) {
    return html`<span class="row-deeds">
      <a class="icon-button" href=${href("chats", row.id, "safety", member.account)} title="Safety number"
        aria-label="Safety number of ${member.name}">${icon("shield")}</a>
      ${admin ? html`<button class="icon-button danger" type="button" aria-label="Remove ${member.name}" title="Remove"
        @click=${() => this.#remove(row, member)}>${icon("close")}</button>` : ""}</span>`;
  }

  #nameForm(row) {
    return html`<form class="name-form" @submit=${(event) => this.#rename(event, row)}>
      <label class="unseen" for="title">Group name</label>
      <input id="title" name="title" maxlength="64" required .value=${row.title} @keydown=${this.#nameKey}>
      <button class="button primary small" type="submit">Save</button></form>`;
  }

  #nameKey = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    void this.#name(false);
  };

  async #name(naming) {
    this.#naming = naming;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector(naming ? "#title" : "[aria-label='Change the name']")?.select?.();
  }

  #rename(event, row) {
    event.preventDefault();
    const title = new FormData(event.target).get("title").trim();
    return this.attempt(async () => {
      if (title && title !== row.title) this.#take(await api.rename(row.id, title));
      this.#naming = false;
    });
  }

  async #remove(row, member) {
    const sure = await confirm({
      title: `Remove ${member.name}?`,
      text: `${member.name} keeps what was already received and can read nothing new. The keys of the group change at once.`,
      yes: "Remove",
    });
    if (!sure) return;
    await this.attempt(async () => {
      this.#take(await api.removeMember(row.id, member.account));
      say(`${member.name} was removed.`);
    });
  }

  async #leave(row) {
    const sure = await confirm({
      title: `Leave “${row.title}”?`,
      text: "You keep what you received and get nothing new. Someone in the group can add you again.",
      yes: "Leave",
    });
    if (!sure) return;
    await this.attempt(async () => {
      await api.leave(row.id);
      go("chats", row.id);
    });
  }

  async #block(row) {
    const sure = await confirm({
      title: `Block ${row.title}?`,
      text: "Nothing more from them is shown here. They are not told.",
      yes: "Block",
    });
    if (sure) await this.attempt(async () => keep(await api.block(row.peer)));
  }

  #unblock(row) {
    return this.attempt(async () => keep(await api.unblock(row.peer)));
  }

  #take(details) {
    store.put("details", details.id, details);
    const row = store.state.conversations.get(details.id);
    store.put("conversations", details.id, { ...row, title: details.title, members: details.members.length });
  }
}

function keep(contact) {
  store.put("contacts", contact.account, contact);
}

customElements.define("enigm-details", Details);
