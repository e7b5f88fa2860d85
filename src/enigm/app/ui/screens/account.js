// The password, and the end of the account.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { href, replace } from "../router.js";
import { say, store } from "../store.js";
import { takeState } from "../sync.js";
import { FormView } from "../view.js";
import { field, newPassword, refusal, submit, valuesOf } from "../parts/fields.js";
import { paneHead } from "../parts/pane.js";
import { withPin } from "../parts/pin_dialog.js";

class Account extends FormView {
  #password = "";
  #deleting = "";

  render() {
    return html`${paneHead("Password and account", href("settings"))}
      <div class="scroll"><div class="page">
        <section class="card form-card"><h3>Change the password</h3>
          <p>It opens Enigm on this device and signs in new ones. Your recovery words stay the same.</p>
          <form @submit=${this.#change}>
            ${field({ id: "password", label: "Current password", type: "password", autocomplete: "current-password", maxlength: 1024 })}
            ${newPassword({ id: "new-password", label: "New password", value: this.#password, onInput: this.#typed })}
            ${refusal(this.problem)} ${submit("Change password", this.busy)}
          </form></section>
        <section class="card form-card danger-card"><h3>Delete the account</h3>
          <p>Your name, your devices and everything that waits for you are erased from the service at once,
            and this profile from this computer. What you sent stays with those who received it. There is no way back, not even with your recovery words.</p>
          <form @submit=${this.#delete}>
            ${field({ id: "delete-password", label: "Your password, to be sure", type: "password", maxlength: 1024 })}
            ${refusal(this.#deleting)} ${submit("Delete my account", this.busy, "danger")}
          </form></section>
      </div></div>`;
  }

  #typed = (event) => {
    this.#password = event.target.value;
    this.requestUpdate();
  };

  #change = async (event) => {
    const form = event.target;
    const values = valuesOf(event);
    this.#deleting = "";
    const words = {
      title: "Change the password?",
      text: "Every other session ends. Your other devices take over the new password by themselves.",
      yes: "Change password",
      kind: "primary",
    };
    const { done, problem } = await withPin(words, (pin) =>
      api.changePassword(values.password, values["new-password"], pin));
    this.problem = problem?.message ?? "";
    if (done) {
      this.#password = "";
      form.reset();
      say("The password is changed.");
    }
    this.requestUpdate();
  };

  #delete = async (event) => {
    const { "delete-password": password } = valuesOf(event);
    const words = {
      title: "Delete this account?",
      text: `“${store.state.app.username}” and everything that belongs to it is erased now. This cannot be undone.`,
      yes: "Delete for ever",
    };
    const { done, problem } = await withPin(words, (pin) => api.deleteAccount(password, pin));
    if (done) {
      replace("begin");
      await takeState(await api.state());
      return;
    }
    // The refusal belongs beside this form, not beside the other.
    this.#deleting = problem?.message ?? "";
    this.problem = "";
    this.requestUpdate();
  };
}

customElements.define("enigm-account", Account);
