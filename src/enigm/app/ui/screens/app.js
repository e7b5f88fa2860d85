// The whole page: which screen stands, by the App's stage.
import { html } from "../vendor/lit.js";
import { store, unreadTotal } from "../store.js";
import { View } from "../view.js";
import { mark } from "../parts/icons.js";
import "../parts/dialog.js";
import "../parts/pin_dialog.js";
import "../parts/toast.js";
import "./approval.js";
import "./frame.js";
import "./phrase.js";
import "./unlock.js";
import "./welcome.js";

const SCREENS = {
  welcome: () => html`<enigm-welcome></enigm-welcome>`,
  confirm_phrase: () => html`<enigm-phrase></enigm-phrase>`,
  awaiting_approval: () => html`<enigm-approval></enigm-approval>`,
  locked: () => html`<enigm-unlock></enigm-unlock>`,
  ready: () => html`<enigm-frame></enigm-frame>`,
};

class EnigmApp extends View {
  updated() {
    const unread = unreadTotal();
    document.title = unread ? `(${unread}) Enigm` : "Enigm";
  }

  render() {
    return html`${this.#screen()}
      <div id="news" class="unseen" aria-live="polite" aria-atomic="true"></div>
      <enigm-toast></enigm-toast>
      <enigm-dialog></enigm-dialog>
      <enigm-pin-dialog></enigm-pin-dialog>`;
  }

  #screen() {
    const { boot, app, daemon } = store.state;
    if (boot === "stranger") return stranger();
    if (!app) return daemon ? starting() : gone();
    return html`${daemon ? "" : html`<p class="daemon-lost" role="alert">Enigm has stopped on this computer.
        Start it again with <code>enigm app</code>, or <code>make up</code> in its folder: a fresh tab opens.</p>`}
      ${SCREENS[app.stage]()}`;
  }
}

const starting = () => html`<main class="door"><div class="door-card center" aria-busy="true">
  ${mark()}<h1>Enigm</h1><p class="lead">Opening…</p></div></main>`;

const gone = () => html`<main class="door"><div class="door-card center">
  ${mark()}<h1>Enigm is not running</h1>
  <p class="lead">Start it on this computer with <code>enigm app</code>, or <code>make up</code> in its folder: a fresh tab opens.</p></div></main>`;

const stranger = () => html`<main class="door"><div class="door-card center">
  ${mark()}<h1>This tab was not let in</h1>
  <p class="lead">The address of Enigm works once, so that nobody else on this computer or on a web page can use it.
    Run <code>enigm app</code> again, or <code>make up</code> in its folder: a fresh tab opens.</p></div></main>`;

customElements.define("enigm-app", EnigmApp);
