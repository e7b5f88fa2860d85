// The PIN: set, changed, doubled by a duress PIN, reset by the words, removed.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { href } from "../router.js";
import { say } from "../store.js";
import { FormView } from "../view.js";
import { field, pinField, refusal, submit, triesLeft, valuesOf } from "../parts/fields.js";
import { icon } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";

class Pin extends FormView {
  #state = null;
  // Which form was refused: its refusal stands beside its own button.
  #form = "";

  connectedCallback() {
    super.connectedCallback();
    void this.#do("", async () => {});
  }

  render() {
    return html`${paneHead("PIN", href("settings"))}
      <div class="scroll"><div class="page" aria-busy=${this.#state === null}>
        <p class="note">${icon("info")}<span>The PIN is asked for before anything that cannot be undone: revoking a device,
          changing the password, deleting the account. The service checks it and never sees it.</span></p>
        ${this.#said("")}
        ${this.#state === null ? "" : this.#state.is_set ? this.#isSet() : this.#isUnset()}
      </div></div>`;
  }

  #isUnset() {
    return html`<section class="card form-card"><h3>Set a PIN</h3>
      <p>6 to 12 digits. After five wrong tries you have to wait before each further one. If you forget it, your recovery words set a new one.</p>
      <form @submit=${this.#set}>
        ${pinField({ id: "first-pin", label: "PIN", isNew: true })}
        ${pinField({ id: "first-pin-again", label: "The same PIN again", isNew: true })}
        ${field({ id: "first-password", label: "Your password", type: "password", autocomplete: "current-password", maxlength: 1024 })}
        ${this.#said("set")} ${submit("Set PIN", this.busy)}
      </form></section>`;
  }

  #isSet() {
    return html`
      <section class="card form-card"><h3>Change the PIN</h3>
        <form @submit=${this.#change}>
          ${pinField({ id: "change-pin", label: "Current PIN", hint: triesLeft(this.#state) })}
          ${pinField({ id: "change-new-pin", label: "New PIN", isNew: true, hint: "6 to 12 digits." })}
          ${this.#said("change")} ${submit("Change PIN", this.busy)}
        </form></section>
      <section class="card form-card"><h3>Duress PIN</h3>
        <p>A second PIN to type when somebody forces you. Everything looks as if it had worked, but the account and your devices
          stay: for three days the service does nothing that cannot be undone. Your recovery words, under “Forgotten”, end that
          early. What is on this computer is deleted as it would be otherwise. Nothing shows whether you have a duress PIN.</p>
        <form @submit=${this.#duress}>
          ${pinField({ id: "duress-own-pin", label: "Your PIN" })}
          ${pinField({ id: "duress-pin", label: "Duress PIN", isNew: true, required: false,
            hint: "Different from your PIN. Leave it empty to have none." })}
          ${this.#said("duress")} ${submit("Save duress PIN", this.busy)}
        </form></section>
      <section class="card form-card"><h3>Forgotten</h3>
        <p>Your 24 words set a new PIN at once. Nothing else changes.</p>
        <form @submit=${this.#reset}>
          <div class="field"><label for="reset-phrase">Your 24 words</label>
            <textarea id="reset-phrase" name="reset-phrase" rows="4" required autocomplete="off" autocapitalize="none"
              spellcheck="false" maxlength="1024"></textarea></div>
          ${pinField({ id: "reset-pin", label: "New PIN", isNew: true })}
          ${this.#said("reset")} ${submit("Reset PIN", this.busy)}
        </form></section>
      <section class="card form-card danger-card"><h3>Remove the PIN</h3>
        <p>The duress PIN is removed too. You choose a new PIN the next time something cannot be undone.</p>
        <form @submit=${this.#remove}>
          ${pinField({ id: "remove-pin", label: "Your PIN, to be sure" })}
          ${this.#said("remove")} ${submit("Remove PIN", this.busy, "danger")}
        </form></section>`;
  }

  #said(form) {
    return refusal(this.#form === form ? this.problem : "");
  }

  /** Do one form's deed, and show how the PIN stands afterwards, however it went. */
  #do(form, deed, said = "", element = null) {
    this.#form = form;
    return this.attempt(async () => {
      try {
        await deed();
        element?.reset();
        if (said) say(said);
      } finally {
        this.#state = await api.pin();
      }
    });
  }

  #set = (event) => {
    const values = valuesOf(event);
    return this.#do("set", async () => {
      if (values["first-pin"] !== values["first-pin-again"]) throw new Error("The two PINs differ.");
      await api.setPin(values["first-password"], values["first-pin"]);
    }, "The PIN is set.", event.target);
  };

  #change = (event) => {
    const values = valuesOf(event);
    return this.#do("change", () => api.changePin(values["change-pin"], values["change-new-pin"]), "The PIN is changed.", event.target);
  };

  #duress = (event) => {
    const values = valuesOf(event);
    return this.#do("duress", () => api.setDuressPin(values["duress-own-pin"], values["duress-pin"]), "The duress PIN is saved.", event.target);
  };

  #reset = (event) => {
    const values = valuesOf(event);
    const phrase = values["reset-phrase"].toLowerCase().split(/\s+/u).filter(Boolean).join(" ");
    return this.#do("reset", () => api.resetPin(phrase, values["reset-pin"]), "The PIN is reset.", event.target);
  };

  #remove = (event) => {
    const values = valuesOf(event);
    return this.#do("remove", () => api.removePin(values["remove-pin"]), "The PIN is removed.", event.target);
  };
}

customElements.define("enigm-pin", Pin);
