// The recovery phrase: shown, written down, and four of its words asked back.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { takeState } from "../sync.js";
import { FormView } from "../view.js";
import { refusal, submit, valuesOf } from "../parts/fields.js";
import { icon } from "../parts/icons.js";

class Phrase extends FormView {
  // The words live in this element only and go with it.
  #words = [];
  #ask = [];
  #asking = false;

  connectedCallback() {
    super.connectedCallback();
    void this.attempt(async () => {
      const { phrase, ask } = await api.phraseToConfirm();
      this.#words = phrase;
      this.#ask = ask;
    });
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#words = [];
  }

  render() {
    return html`<main class="door"><div class="door-card wide-card">
      ${this.#asking ? this.#questions() : this.#shown()}</div></main>`;
  }

  #shown() {
    return html`<p class="step">Step 2 of 3</p>
      <header class="door-head left"><h1>Write down these 24 words</h1>
        <p class="lead">They are the only way back if you lose every device. Whoever has them has your account.
          Paper is best; a photo is not.</p></header>
      <ol class="phrase" translate="no">${this.#words.map((word) => html`<li><span>${word}</span></li>`)}</ol>
      <p class="note">${icon("shield")}<span>Made on this device. Enigm's service never sees them.</span></p>
      ${refusal(this.problem)}
      <button class="button primary wide" type="button" ?disabled=${this.#words.length === 0}
        @click=${() => this.#turn(true)}>I have written them down</button>`;
  }

  #questions() {
    return html`<button class="back-link" type="button"
        @click=${() => this.#turn(false)}>${icon("back", "mirror")}Show the words again</button>
      <p class="step">Step 3 of 3</p>
      <header class="door-head left"><h1>Four of your words</h1>
        <p class="lead">To make sure that you copied them correctly.</p></header>
      <form @submit=${this.#confirm}>
        <div class="asked">${this.#ask.map((at, index) => html`<div class="field">
          <label for="word-${at}">Word ${at}</label>
          <input id="word-${at}" name=${at} required autocomplete="off" autocapitalize="none" spellcheck="false"
            maxlength="32" ?autofocus=${index === 0}></div>`)}</div>
        ${refusal(this.problem)} ${submit(this.busy ? "Checking…" : "Finish", this.busy)}
      </form>`;
  }

  async #turn(asking) {
    this.#asking = asking;
    this.problem = "";
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector(asking ? "input" : ".button")?.focus();
  }

  #confirm = (event) => {
    const entries = Object.entries(valuesOf(event));
    const words = Object.fromEntries(entries.map(([at, word]) => [at, word.trim().toLowerCase()]));
    return this.attempt(async () => takeState(await api.confirmPhrase(words)));
  };
}

customElements.define("enigm-phrase", Phrase);
