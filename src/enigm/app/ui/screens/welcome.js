// The first screens: make an account, add this device to one, or bring one back.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { href, replace, route } from "../router.js";
import { takeState } from "../sync.js";
import { FormView } from "../view.js";
import { field, newPassword, refusal, submit, valuesOf } from "../parts/fields.js";
import { icon, mark } from "../parts/icons.js";

const FORMS = ["create", "link", "recover"];
const PHRASE_WORDS = 24;

class Welcome extends FormView {
  #password = "";
  #words = 0;
  #inviteAsked = false;

  constructor() {
    super();
    window.addEventListener("hashchange", () => this.#moved());
  }

  #moved() {
    this.problem = "";
    this.#password = "";
    this.#words = 0;
  }

  render() {
    const forms = { create: this.#create, link: this.#link, recover: this.#recover };
    const form = forms[route().section];
    return html`<main class="door"><div class="door-card">${form ? form.call(this) : this.#choice()}</div></main>`;
  }

  #choice() {
    return html`<header class="door-head">${mark()}
        <h1>Talk in private</h1>
        <p class="lead">End-to-end encrypted and post-quantum from the first message. No phone number, no e-mail.</p>
      </header>
      <nav class="choices" aria-label="Ways to begin">
        ${choice("create", "person", "Create an account", "A user name and a password are all it takes.")}
        ${choice("link", "devices", "Use an account you have", "Sign in here, then approve this device on another one.")}
        ${choice("recover", "key", "Recover an account", "With your 24 recovery words.")}
      </nav>
      <p class="fine">Enigm's encryption engine is new and <strong>unaudited</strong>. Do not stake a life on it yet.</p>`;
  }

  #create() {
    return html`${head("Create an account", "Others find you by this name. It says nothing else about you.", "Step 1 of 3")}
      <form @submit=${this.#register}>
        ${field({ id: "username", label: "User name", autocomplete: "username", maxlength: 32, minlength: 3, autofocus: true,
          hint: "3 to 32 letters a–z, digits, dots, dashes or underscores." })}
        ${newPassword({ id: "new-password", label: "Password", value: this.#password, onInput: this.#typed })}
        <details class="more" ?open=${this.#inviteAsked}><summary>I was given an invite code</summary>
          ${field({ id: "invite", label: "Invite code", required: false, maxlength: 512 })}
        </details>
        ${refusal(this.problem)} ${submit(this.busy ? "Making your keys…" : "Create account", this.busy)}
      </form>`;
  }

  #link() {
    return html`${head("Use an account you have", "Signing in is not enough: a device you already use must approve this one.")}
      <form @submit=${this.#signIn}>
        ${field({ id: "username", label: "User name", autocomplete: "username", maxlength: 32, autofocus: true })}
        ${field({ id: "password", label: "Password", type: "password", autocomplete: "current-password", maxlength: 1024 })}
        ${refusal(this.problem)} ${submit(this.busy ? "Signing in…" : "Continue", this.busy)}
      </form>`;
  }

  #recover() {
    return html`${head("Recover an account", "The words bring back your name and your keys. Old messages stay on the devices that have them.")}
      <form @submit=${this.#bringBack}>
        <div class="field">
          <label for="phrase">Your 24 words</label>
          <textarea id="phrase" name="phrase" rows="4" required autocomplete="off" autocapitalize="none" spellcheck="false"
            maxlength="1024" aria-describedby="phrase-hint" autofocus @input=${this.#counted}></textarea>
          <p class="hint" id="phrase-hint" aria-live="polite">${this.#words} of ${PHRASE_WORDS} words</p>
        </div>
        ${newPassword({ id: "new-password", label: "New password", value: this.#password, onInput: this.#typed })}
        ${refusal(this.problem)} ${submit(this.busy ? "Recovering…" : "Recover account", this.busy)}
      </form>`;
  }

  #typed = (event) => {
    this.#password = event.target.value;
    this.requestUpdate();
  };

  #counted = (event) => {
    this.#words = event.target.value.split(/\s+/u).filter(Boolean).length;
    this.requestUpdate();
  };

  #register = (event) => {
    const values = valuesOf(event);
    return this.attempt(async () => {
      await api.register(values.username.trim(), values["new-password"], values.invite?.trim());
      await done(this);
    });
  };

  #signIn = (event) => {
    const values = valuesOf(event);
    return this.attempt(async () => {
      await api.link(values.username.trim(), values.password);
      await done(this);
    });
  };

  #bringBack = (event) => {
    const values = valuesOf(event);
    const phrase = values.phrase.toLowerCase().split(/\s+/u).filter(Boolean).join(" ");
    return this.attempt(async () => {
      await api.recover(phrase, values["new-password"]);
      await done(this);
    });
  };

  refused(problem) {
    super.refused(problem);
    if (problem.code.includes("invite")) this.#inviteAsked = true;
  }
}

async function done(view) {
  // The stream may have shown the next screen already, and the person may have gone on from there.
  if (FORMS.includes(route().section)) replace("chats");
  await takeState(await api.state());
  view.problem = "";
}

function choice(section, name, title, text) {
  return html`<a class="choice" href=${href(section)}><span class="choice-icon">${icon(name)}</span>
    <span class="choice-words"><strong>${title}</strong><span>${text}</span></span>${icon("next", "mirror")}</a>`;
}

function head(title, text, step = "") {
  return html`<a class="back-link" href=${href("begin")}>${icon("back", "mirror")}Back</a>
    ${step ? html`<p class="step">${step}</p>` : ""}
    <header class="door-head left"><h1>${title}</h1><p class="lead">${text}</p></header>`;
}

customElements.define("enigm-welcome", Welcome);
