// A short line at the foot of the page, gone after a while.
import { html } from "../vendor/lit.js";
import { store } from "../store.js";
import { View } from "../view.js";
import { icon } from "./icons.js";

const SHOWN_MILLISECONDS = 5000;

class Toast extends View {
  #number = 0;
  #timer = 0;

  updated() {
    const { toast } = store.state;
    if (!toast || toast.number === this.#number) return;
    this.#number = toast.number;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => store.change({ toast: null }), SHOWN_MILLISECONDS);
  }

  render() {
    const { toast } = store.state;
    return html`<div class="toast-place" role="status">
      ${toast
        ? html`<p class="toast ${toast.kind}">${icon(toast.kind === "bad" ? "alert" : "check")}<span>${toast.text}</span></p>`
        : ""}
    </div>`;
  }
}

customElements.define("enigm-toast", Toast);
