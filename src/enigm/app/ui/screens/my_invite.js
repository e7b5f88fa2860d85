// One's own invite, as a code to point a camera at and as a link to send.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { href } from "../router.js";
import { say, store } from "../store.js";
import { FormView } from "../view.js";
import { qrPicture, refusal } from "../parts/fields.js";
import { icon } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";

class MyInvite extends FormView {
  #invite = null;

  connectedCallback() {
    super.connectedCallback();
    void this.attempt(async () => {
      this.#invite = await api.invite();
    });
  }

  render() {
    return html`${paneHead("My invite", href("settings"))}
      <div class="scroll"><div class="page center">
        ${refusal(this.problem)}
        ${this.#invite ? html`<div class="qr-card">${qrPicture(this.#invite.qr_svg, "Your invite as a QR code")}
            <p>${store.state.app.username}</p></div>
          <p class="lead">Whoever has this can ask to talk to you. You still choose whether to answer.</p>
          <div class="copy-line"><label class="unseen" for="invite-link">Invite link</label>
            <input id="invite-link" readonly dir="ltr" .value=${this.#invite.link} @focus=${(event) => event.target.select()}>
            <button class="button primary" type="button" @click=${this.#copy}>${icon("copy")}Copy link</button></div>`
          : html`<p class="hint" aria-busy="true">Making your invite…</p>`}
      </div></div>`;
  }

  #copy = async () => {
    try {
      await navigator.clipboard.writeText(this.#invite.link);
      say("Copied.");
    } catch {
      this.querySelector("#invite-link").select();
      say("Press Ctrl+C to copy the selected link.");
    }
  };
}

customElements.define("enigm-my-invite", MyInvite);
