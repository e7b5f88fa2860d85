// Safety numbers: two people compare them, and know that nobody stands between.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { href } from "../router.js";
import { say, store } from "../store.js";
import { FormView } from "../view.js";
import { qrPicture, refusal } from "../parts/fields.js";
import { icon } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";

class Safety extends FormView {
  static properties = { account: {}, conversation: {}, place: {} };

  #shown = "";
  #safety = null;

  willUpdate() {
    if (this.#shown === this.account) return;
    this.#shown = this.account;
    this.#safety = null;
    void this.attempt(async () => {
      this.#safety = await api.safety(this.account);
    });
  }

  render() {
    const name = this.#name();
    const inPane = this.place === "pane";
    const back = inPane ? href("contacts") : href("chats", this.conversation, "details");
    return html`${paneHead("Safety number", back, { drawer: !inPane })}
      <div class="scroll drawer-body"><div class="page safety center">
        ${refusal(this.problem)}
        ${this.#safety ? this.#numbers(name) : html`<p class="hint" aria-busy="true">Working it out…</p>`}
      </div></div>`;
  }

  #numbers(name) {
    const { digits, qr_svg: code, verified } = this.#safety;
    return html`<p class="pill ${verified ? "good" : ""}">${icon(verified ? "verified" : "shield")}
        ${verified ? "Compared" : "Not compared yet"}</p>
      <div class="qr-card">${qrPicture(code, "Safety number as a QR code")}</div>
      <ol class="digits" aria-label="Safety number" dir="ltr" translate="no">${digits.map((group) => html`<li>${group}</li>`)}</ol>
      <p class="lead">Meet ${name}, or call. If both of you see the same numbers, nobody stands between you.
        If they differ, say nothing private here.</p>
      <button class="button ${verified ? "soft" : "primary"} wide" type="button" ?disabled=${this.busy}
        @click=${() => this.#mark(!verified)}>${verified ? "Remove the mark" : html`${icon("verified")}The numbers match`}</button>`;
  }

  #name() {
    const member = store.state.details.get(this.conversation)?.members.find((it) => it.account === this.account);
    return store.state.contacts.get(this.account)?.name ?? member?.name ?? "them";
  }

  #mark(verified) {
    return this.attempt(async () => {
      this.#safety = await api.setVerified(this.account, verified);
      const contact = store.state.contacts.get(this.account);
      if (contact) store.put("contacts", this.account, { ...contact, verified });
      say(verified ? `${this.#name()} is marked as verified.` : "The mark is removed.");
    });
  }
}

customElements.define("enigm-safety", Safety);
