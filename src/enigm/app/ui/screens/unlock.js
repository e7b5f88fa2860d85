// The vault is closed: the password opens it.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { store } from "../store.js";
import { takeState } from "../sync.js";
import { FormView } from "../view.js";
import { field, refusal, submit, valuesOf } from "../parts/fields.js";
import { mark } from "../parts/icons.js";

const WRONG = "That is not this profile's password. Check Caps Lock, and try again.";

class Unlock extends FormView {
  render() {
    const { profile, username } = store.state.app;
    return html`<main class="door"><div class="door-card">
      <header class="door-head">${mark()}<h1>${username ? `Welcome back, ${username}` : "Welcome back"}</h1>
        <p class="lead">Your messages are locked on this computer.</p></header>
      <form @submit=${this.#unlock}>
        <input class="unseen" type="text" name="profile" autocomplete="username" value=${profile} tabindex="-1"
          aria-hidden="true" readonly>
        ${field({ id: "password", label: "Password", type: "password", autocomplete: "current-password",
          maxlength: 1024, autofocus: true })}
        ${refusal(this.problem)} ${submit(this.busy ? "Unlocking…" : "Unlock", this.busy)}
      </form>
      <p class="fine">Profile <strong>${profile}</strong>. Nobody can reset this password. If it is lost, start a new profile
        and recover your account with your 24 words.</p>
    </div></main>`;
  }

  refused(problem) {
    // Nobody typed a name here: only the password can be wrong.
    this.problem = problem.code === "app.wrong_password" ? WRONG : problem.message;
  }

  #unlock = (event) => {
    const { password } = valuesOf(event);
    return this.attempt(async () => takeState(await api.unlock(password)));
  };
}

customElements.define("enigm-unlock", Unlock);
