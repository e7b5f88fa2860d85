// The PIN, asked for before one deed; where there is none yet, one is chosen first.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { FormView } from "../view.js";
import { pinField, refusal, triesLeft, valuesOf } from "./fields.js";

// What the person can mend by typing again; anything else is told where the deed was asked for.
const MENDED_HERE = /^(app\.(wrong_pin|pin|pin_missing)|accounts\.pin_.*)$/u;
const NEED = "This needs a PIN, and you have none yet. Choose one now: it is asked for whenever something cannot be undone.";

let asking = null;

/**
 * Ask for the PIN and do the deed with it. `words`: {title, text, yes, kind?}. Resolves to {done: true} once it is
 * done, to {problem} where the deed was refused for another reason than the PIN, to {} where the person left.
 */
export async function withPin(words, deed) {
  asking?.settle({});
  let state;
  try {
    state = await api.pin();
  } catch (problem) {
    return { problem };
  }
  return new Promise((settle) => {
    asking = { words, deed, state, settle };
    document.querySelector("enigm-pin-dialog").open();
  });
}

class PinDialog extends FormView {
  async open() {
    this.problem = "";
    this.requestUpdate();
    await this.updateComplete;
    const dialog = this.querySelector("dialog");
    dialog.showModal();
    dialog.querySelector("input").focus();
  }

  #close(outcome) {
    const waiting = asking;
    asking = null;
    const dialog = this.querySelector("dialog");
    if (dialog?.open) dialog.close();
    // The form goes with the dialog: the PIN does not stay in the page.
    waiting?.settle(outcome);
    this.requestUpdate();
  }

  #leave = () => this.#close({});

  render() {
    return html`<dialog class="dialog" aria-labelledby="pin-dialog-title" aria-describedby="pin-dialog-text"
      @close=${this.#leave} @click=${(event) => event.target.localName === "dialog" && this.#leave()}>
      ${asking ? this.#form(asking) : ""}
    </dialog>`;
  }

  #form({ words: { title, text, yes, kind = "danger" }, state }) {
    return html`<form class="dialog-body" @submit=${this.#submit}>
        <h2 id="pin-dialog-title">${title}</h2>
        <p id="pin-dialog-text">${text}</p>
        ${state.is_set
          ? pinField({ id: "dialog-pin", label: "PIN", hint: triesLeft(state) })
          : html`<p>${NEED}</p>
              ${pinField({ id: "dialog-new-pin", label: "New PIN", isNew: true, hint: "6 to 12 digits." })}
              ${pinField({ id: "dialog-pin-again", label: "The same PIN again", isNew: true })}
              ${passwordField()}`}
        ${refusal(this.problem)}
        <div class="dialog-buttons">
          <button class="button quiet" type="button" ?disabled=${this.busy} @click=${this.#leave}>Cancel</button>
          <button class="button ${kind}" type="submit" ?disabled=${this.busy} aria-busy=${this.busy ?? false}>
            ${this.busy ? html`<span class="spinner" aria-hidden="true"></span>` : ""}${yes}</button>
        </div>
      </form>`;
  }

  #submit = (event) => {
    const values = valuesOf(event);
    const { deed, state } = asking;
    return this.attempt(async () => {
      const pin = state.is_set ? values["dialog-pin"] : await choose(values);
      if (asking) asking.state = { ...state, is_set: true };
      try {
        await deed(pin);
      } catch (problem) {
        if (MENDED_HERE.test(problem.code)) throw problem;
        this.#close({ problem });
        return;
      }
      this.#close({ done: true });
    });
  };
}

async function choose(values) {
  const pin = values["dialog-new-pin"];
  if (pin !== values["dialog-pin-again"]) throw new Error("The two PINs differ.");
  await api.setPin(values["dialog-password"], pin);
  return pin;
}

function passwordField() {
  return html`<div class="field"><label for="dialog-password">Your password</label>
    <input id="dialog-password" name="dialog-password" type="password" autocomplete="current-password" required maxlength="1024"></div>`;
}

customElements.define("enigm-pin-dialog", PinDialog);
