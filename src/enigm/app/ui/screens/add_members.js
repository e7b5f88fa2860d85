// Adding people to a group.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { count } from "../format.js";
import { go, href } from "../router.js";
import { contactsBy, store } from "../store.js";
import { FormView } from "../view.js";
import { refusal, submit } from "../parts/fields.js";
import { emptyState, paneHead } from "../parts/pane.js";
import { picker, toggled } from "../parts/picker.js";

class AddMembers extends FormView {
  static properties = { conversation: {} };

  #chosen = new Set();

  render() {
    const inside = new Set(store.state.details.get(this.conversation)?.members.map((member) => member.account));
    const outside = contactsBy("accepted").filter((contact) => !inside.has(contact.account));
    return html`${paneHead("Add people", href("chats", this.conversation, "details"), { drawer: true })}
      ${outside.length ? html`<form class="drawer-form" @submit=${this.#add}>
        <div class="scroll drawer-body"><p class="hint pad">They can read what is written from now on, and nothing before.</p>
          ${picker(outside, this.#chosen, this.#toggle)}</div>
        <div class="foot">${refusal(this.problem)}
          ${this.#submit()}</div>
      </form>` : emptyState("people", "Everyone is here", "All your contacts are already in this group.")}`;
  }

  #submit() {
    const number = this.#chosen.size;
    const label = number ? `Add ${count(number, "person", "people")}` : "Choose someone";
    return submit(label, this.busy || !number);
  }

  #toggle = (account) => {
    this.#chosen = toggled(this.#chosen, account);
    this.requestUpdate();
  };

  #add = (event) => {
    event.preventDefault();
    return this.attempt(async () => {
      for (const account of this.#chosen) {
        store.put("details", this.conversation, await api.addMember(this.conversation, account));
      }
      go("chats", this.conversation, "details");
    });
  };
}

customElements.define("enigm-add-members", AddMembers);
