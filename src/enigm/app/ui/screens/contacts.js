// The list of contacts.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { href, route } from "../router.js";
import { contactsBy, store } from "../store.js";
import { View } from "../view.js";
import { icon } from "../parts/icons.js";
import { arrows } from "../parts/keys.js";
import { emptyState, person } from "../parts/pane.js";

class Contacts extends View {
  render() {
    const groups = [
      ["", contactsBy("accepted")],
      ["Waiting for an answer", contactsBy("requested")],
      ["Blocked", contactsBy("blocked")],
    ].filter(([, people]) => people.length);
    return html`<header class="list-head"><h2>Contacts</h2>
        <a class="icon-button accent" href=${href("add")} aria-label="Add a contact"
          title="Add a contact">${icon("plus")}</a></header>
      <div class="scroll" @keydown=${arrows}>
        ${groups.length || !store.state.loaded
          ? groups.map(([label, people]) => html`${label ? html`<h3 class="list-label">${label}</h3>` : ""}
              <ul class="rows">${repeat(people, (it) => it.account, (it) => this.#row(it))}</ul>`)
          : emptyState("people", "No contacts yet", "Add someone by their user name, or give them your invite.",
              html`<a class="button primary" href=${href("add")}>Add a contact</a>`)}
      </div>`;
  }

  #row(contact) {
    const open = route().section === "contacts" && route().id === contact.account;
    const words = person(contact.name, contact.account, { verified: contact.verified });
    if (contact.state === "blocked") {
      return html`<li class="row still">${words}<button class="button soft small" type="button" data-item
        aria-label="Unblock ${contact.name}" @click=${() => this.#unblock(contact)}>Unblock</button></li>`;
    }
    return html`<li><a class="row" data-item aria-current=${open ? "page" : "false"}
      href=${contact.conversation ? href("chats", contact.conversation) : href("contacts", contact.account)}>${words}</a></li>`;
  }

  #unblock(contact) {
    return this.attempt(async () => store.put("contacts", contact.account, await api.unblock(contact.account)));
  }
}

customElements.define("enigm-contacts", Contacts);
