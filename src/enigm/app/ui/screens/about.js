// What Enigm promises, and, as plainly, what it does not.
import { html } from "../vendor/lit.js";
import { href } from "../router.js";
import { store } from "../store.js";
import { View } from "../view.js";
import { icon, mark } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";

const PROMISES = [
  ["lock", "Messages are encrypted on this computer and opened only on the devices of the people in the conversation (MLS, RFC 9420, with a post-quantum hybrid)."],
  ["person", "An account is a user name and a password. No phone number, no e-mail, no address book."],
  ["shield", "The service keeps ciphertext and does not learn who is in a conversation. It sees that something was sent, and when."],
  ["devices", "Every device is approved by you. A revoked one reads nothing new."],
];

const LIMITS = [
  "The encryption engine is new and unaudited. No outsider has reviewed it yet. Do not stake a life or a livelihood on it.",
  "Enigm reduces what others know about you; it does not make you invisible. Whoever runs the network between you and the service can see that you use it.",
  "Whoever can use this computer while Enigm is unlocked can read what you read. Anyone you write to can show it to others.",
  "A lost password and lost recovery words mean a lost account. Nobody can reset them.",
];

class About extends View {
  render() {
    const { version, service, profile } = store.state.app;
    return html`${paneHead("About Enigm", href("settings"))}
      <div class="scroll" tabindex="0" role="region" aria-label="About Enigm"><div class="page about">
        <header class="about-head">${mark()}<div><h3>Enigm</h3><p>Version ${version}</p></div></header>
        <section class="card"><h3>What it does</h3>
          <ul class="points">${PROMISES.map(([name, text]) => html`<li>${icon(name)}<span>${text}</span></li>`)}</ul></section>
        <section class="card warn-card"><h3>${icon("alert")}What it does not do</h3>
          <ul class="points">${LIMITS.map((text) => html`<li><span>${text}</span></li>`)}</ul></section>
        <dl class="facts"><div><dt>Profile</dt><dd>${profile}</dd></div><div><dt>Service</dt><dd dir="ltr">${service}</dd></div>
          <div><dt>This page</dt><dd>comes from this computer, loads nothing from elsewhere</dd></div></dl>
      </div></div>`;
  }
}

customElements.define("enigm-about", About);
