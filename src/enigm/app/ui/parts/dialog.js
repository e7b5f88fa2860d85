// One question before something that cannot be taken back.
import { html } from "../vendor/lit.js";
import { View } from "../view.js";

let asking = null;

/** Ask; resolves to true when confirmed. `words`: {title, text, yes, no?, kind?}. */
export function confirm(words) {
  asking?.answer(false);
  return new Promise((resolve) => {
    asking = { words, answer: resolve };
    document.querySelector("enigm-dialog").open();
  });
}

class Dialog extends View {
  async open() {
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog").showModal();
  }

  #close(answer) {
    const waiting = asking;
    asking = null;
    const dialog = this.querySelector("dialog");
    if (dialog?.open) dialog.close();
    waiting?.answer(answer);
    this.requestUpdate();
  }

  render() {
    const { title = "", text = "", yes = "Yes", no = "Cancel", kind = "danger" } = asking?.words ?? {};
    return html`<dialog class="dialog" aria-labelledby="dialog-title" aria-describedby="dialog-text"
      @close=${() => this.#close(false)} @click=${(event) => event.target.localName === "dialog" && this.#close(false)}>
      <div class="dialog-body">
        <h2 id="dialog-title">${title}</h2>
        <p id="dialog-text">${text}</p>
        <div class="dialog-buttons">
          <button class="button quiet" type="button" autofocus @click=${() => this.#close(false)}>${no}</button>
          <button class="button ${kind}" type="button" @click=${() => this.#close(true)}>${yes}</button>
        </div>
      </div>
    </dialog>`;
  }
}

customElements.define("enigm-dialog", Dialog);
