// A new device waits until one that is trusted lets it in.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { View } from "../view.js";
import { icon } from "../parts/icons.js";

class Approval extends View {
  #code = "";

  connectedCallback() {
    super.connectedCallback();
    // The App makes it again from the device's keys, so neither a reload nor a restart loses it.
    void this.attempt(async () => {
      this.#code = await api.linkCode();
    });
  }

  render() {
    const code = this.#code;
    return html`<main class="door"><div class="door-card center">
      <span class="door-icon">${icon("devices")}</span>
      <h1>Approve this device</h1>
      <p class="lead">On a device you already use, open <strong>Settings → Devices</strong> and approve it if it
        shows this code:</p>
      <p class="code" aria-label="Code ${code || "is coming"}">${code || "…"}</p>
      <p class="waiting"><span class="spinner" aria-hidden="true"></span>Waiting for your other device</p>
      <p class="fine">If the codes differ, somebody else is trying to get in: refuse it there.
        New messages arrive here once it is approved; older ones stay on your other device.</p>
    </div></main>`;
  }
}

customElements.define("enigm-approval", Approval);
