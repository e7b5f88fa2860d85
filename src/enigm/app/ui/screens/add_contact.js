// Asking someone to talk: by user name, or by the invite they gave.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { go, href } from "../router.js";
import { say, store } from "../store.js";
import { FormView } from "../view.js";
import { refusal, submit, valuesOf } from "../parts/fields.js";
import { deedLink, paneHead } from "../parts/pane.js";

const GREETING_CHARACTERS_MAX = 280;
const INVITE_START = "enigm:invite#";

class AddContact extends FormView {
  render() {
    return html`${paneHead("Add a contact", href("chats"))}
      <div class="scroll"><div class="page">
        <form @submit=${this.#ask}>
          <div class="field"><label for="who">User name or invite link</label>
            <input id="who" name="who" required maxlength="8192" autocomplete="off" autocapitalize="none"
              spellcheck="false" autofocus aria-describedby="who-hint">
            <p class="hint" id="who-hint">A name like <strong>mira.aalto</strong>, or a link that begins with
              <strong>enigm:invite</strong>.</p></div>
          <div class="field"><label for="greeting">First words <span class="optional">optional</span></label>
            <textarea id="greeting" name="greeting" rows="3" maxlength=${GREETING_CHARACTERS_MAX} dir="auto"
              aria-describedby="greeting-hint"></textarea>
            <p class="hint" id="greeting-hint">They see these words and your name, and choose. You can write more
              once they accept.</p></div>
          ${refusal(this.problem)} ${submit(this.busy ? "Asking…" : "Send request", this.busy)}
        </form>
        <div class="deeds lone">
          ${deedLink("qr", "Show my invite", href("settings", "invite"), "A code or a link for someone to add you")}
          ${deedLink("people", "New group", href("new"), "With people you talk to already")}
        </div>
      </div></div>`;
  }

  #ask = (event) => {
    const { who, greeting } = valuesOf(event);
    const wanted = who.trim();
    const by = wanted.startsWith(INVITE_START) ? { invite: wanted } : { username: wanted.toLowerCase() };
    return this.attempt(async () => {
      const contact = await api.addContact({ ...by, greeting: greeting.trim() });
      store.put("contacts", contact.account, contact);
      say(`Your request to ${contact.name} is on its way.`);
      if (store.state.conversations.has(contact.conversation)) go("chats", contact.conversation);
      else go("contacts");
    });
  };
}

customElements.define("enigm-add-contact", AddContact);
