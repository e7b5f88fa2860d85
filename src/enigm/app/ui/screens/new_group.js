// A new group: a name and the people to begin with.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { count } from "../format.js";
import { go, href } from "../router.js";
import { contactsBy } from "../store.js";
import { keepConversation } from "../sync.js";
import { FormView } from "../view.js";
import { refusal, submit } from "../parts/fields.js";
import { emptyState, paneHead } from "../parts/pane.js";
import { picker, toggled } from "../parts/picker.js";

class NewGroup extends FormView {
  #chosen = new Set();

  render() {
    const contacts = contactsBy("accepted");
    return html`${paneHead("New group", href("chats"))}
      ${contacts.length ? html`<form class="page-form" @submit=${this.#create}>
        <div class="scroll"><div class="page">
          <div class="field"><label for="group-title">Name of the group</label>
            <input id="group-title" name="title" required maxlength="64" autocomplete="off" autofocus aria-describedby="group-hint">
            <p class="hint" id="group-hint">Only its members see it.</p></div>
          <h3 class="list-label flush">Members${this.#chosen.size ? html` <span class="chosen-count">${this.#chosen.size}</span>` : ""}</h3>
          ${picker(contacts, this.#chosen, this.#toggle)}
        </div></div>
        <div class="foot"><div class="page slim">${refusal(this.problem)}
          ${this.#submit()}</div></div>
      </form>` : emptyState("people", "No contacts yet", "A group begins with people you talk to already.",
        html`<a class="button primary" href=${href("add")}>Add a contact</a>`)}`;
  }

  #submit() {
    const number = this.#chosen.size;
    const label = number ? `Create with ${count(number, "person", "people")}` : "Choose at least one person";
    return submit(label, this.busy || !number);
  }

  #toggle = (account) => {
    this.#chosen = toggled(this.#chosen, account);
    this.requestUpdate();
  };

  #create = (event) => {
    event.preventDefault();
    const title = new FormData(event.target).get("title").trim();
    return this.attempt(async () => {
      const made = await api.createGroup(title, [...this.#chosen]);
      keepConversation(made);
      go("chats", made.id);
    });
  };
}

customElements.define("enigm-new-group", NewGroup);
