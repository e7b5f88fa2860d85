// The open App: sections at the side, a list, what was chosen from it, and a drawer of details.
import { html } from "../vendor/lit.js";
import { go, href, route } from "../router.js";
import { contactsBy, store, unreadTotal } from "../store.js";
import { View } from "../view.js";
import { icon, mark } from "../parts/icons.js";
import { badge } from "../parts/marks.js";
import "./about.js";
import "./account.js";
import "./add_contact.js";
import "./add_members.js";
import "./chats.js";
import "./contacts.js";
import "./conversation.js";
import "./details.js";
import "./devices.js";
import "./my_invite.js";
import "./new_group.js";
import "./pin.js";
import "./requests.js";
import "./safety.js";
import "./security.js";
import "./settings.js";

const SECTIONS = [
  ["chats", "chats", "Chats"],
  ["contacts", "people", "Contacts"],
  ["settings", "settings", "Settings"],
];

// Which section's list stands beside a place that is no section itself.
const HOMES = { new: "chats", requests: "chats", add: "contacts" };

const SETTINGS = {
  devices: () => html`<enigm-devices></enigm-devices>`,
  security: () => html`<enigm-security></enigm-security>`,
  account: () => html`<enigm-account></enigm-account>`,
  pin: () => html`<enigm-pin></enigm-pin>`,
  about: () => html`<enigm-about></enigm-about>`,
  invite: () => html`<enigm-my-invite></enigm-my-invite>`,
};

class Frame extends View {
  connectedCallback() {
    super.connectedCallback();
    window.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    window.removeEventListener("keydown", this.#key);
  }

  render() {
    const at = route();
    const home = HOMES[at.section] ?? (SECTIONS.some(([name]) => name === at.section) ? at.section : "chats");
    const pane = this.#pane(at);
    const drawer = this.#drawer(at);
    const depth = drawer ? "drawer" : pane ? "pane" : "list";
    return html`<div class="frame" data-depth=${depth}>
      <nav class="rail" aria-label="Sections">
        <span class="rail-mark">${mark()}</span>
        ${SECTIONS.map((section) => rail(section, home))}
      </nav>
      <main class="panes">
        <h1 class="unseen">Enigm</h1>
        <section class="list-pane" aria-label=${home}>${list(home)}</section>
        <section class="main-pane" aria-label="Opened">${pane ?? nothingChosen(home)}</section>
        ${drawer ? html`<aside class="drawer" aria-label="Details">${drawer}</aside>` : ""}
      </main>
    </div>`;
  }

  #pane({ section, id }) {
    if (section === "chats" && id) return html`<enigm-conversation .conversation=${id}></enigm-conversation>`;
    if (section === "settings" && id in SETTINGS) return SETTINGS[id]();
    if (section === "contacts" && id) return html`<enigm-safety .account=${id} .place=${"pane"}></enigm-safety>`;
    if (section === "new") return html`<enigm-new-group></enigm-new-group>`;
    if (section === "add") return html`<enigm-add-contact></enigm-add-contact>`;
    if (section === "requests") return html`<enigm-requests></enigm-requests>`;
    return null;
  }

  #drawer({ section, id, part, extra }) {
    if (section !== "chats" || !store.state.conversations.has(id)) return null;
    if (part === "details") return html`<enigm-details .conversation=${id}></enigm-details>`;
    if (part === "members") return html`<enigm-add-members .conversation=${id}></enigm-add-members>`;
    if (part === "safety") return html`<enigm-safety .account=${extra} .conversation=${id}></enigm-safety>`;
    return null;
  }

  #key = (event) => {
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void this.#search();
    } else if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) {
      this.#up();
    }
  };

  async #search() {
    if (this.querySelector(".frame").dataset.depth !== "list" || route().section !== "chats") go("chats");
    await new Promise((resolve) => setTimeout(resolve));
    await this.updateComplete;
    this.querySelector("#search")?.focus();
  }

  #up() {
    const { section, id, part } = route();
    if (part) {
      go(section, id);
      this.querySelector("#composer")?.focus();
    } else if (id || section in HOMES) {
      go(HOMES[section] ?? section);
      this.updateComplete.then(() => this.querySelector(".list-pane [data-item]")?.focus());
    }
  }
}

function rail([name, picture, label], home) {
  const waiting = { chats: unreadTotal() + store.state.requests.size, settings: pending() }[name] ?? 0;
  return html`<a class="rail-item" href=${href(name)} aria-current=${name === home ? "page" : "false"}>
    <span class="rail-icon">${icon(picture)}${badge(waiting)}</span>
    <span class="rail-label">${label}</span></a>`;
}

function pending() {
  return [...store.state.devices.values()].filter((device) => device.state === "pending").length;
}

function list(home) {
  if (home === "contacts") return html`<enigm-contacts></enigm-contacts>`;
  if (home === "settings") return html`<enigm-settings></enigm-settings>`;
  return html`<enigm-chats></enigm-chats>`;
}

function nothingChosen(home) {
  const first = home === "chats" && store.state.loaded && contactsBy("accepted").length === 0;
  return html`<div class="nothing">${mark()}
    ${first
      ? html`<p>Your chats will appear here.</p><a class="button soft" href=${href("add")}>${icon("plus")}Add a contact</a>`
      : html`<p>${home === "chats" ? "Choose a chat, or start a new one." : "Choose something from the list."}</p>
          <p class="keys"><kbd>Ctrl</kbd><kbd>K</kbd> search <kbd>↑</kbd><kbd>↓</kbd> move <kbd>Esc</kbd> back</p>`}
  </div>`;
}

customElements.define("enigm-frame", Frame);
