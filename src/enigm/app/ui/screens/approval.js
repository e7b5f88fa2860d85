// A new device waits until one that is trusted lets it in.
import { html } from "../vendor/lit.js";
import { View } from "../view.js";
import { icon } from "../parts/icons.js";
import { linkCode } from "./welcome.js";

class Approval extends View {
  render() {
    const code = linkCode();
    return html`<main class="door"><div class="door-card center">
      <span class="door-icon">${icon("devices")}</span>
      <h1>Approve this device</h1>
      <p class="lead">On a device you already use, open <strong>Settings → Devices</strong> ${code
        ? "and approve it if it shows this code:"
        : "and approve it if it shows the code that stood here when you signed in."}</p>
      ${code ? html`<p class="code" aria-label="Code ${code}">${code}</p>` : ""}
      <p class="waiting"><span class="spinner" aria-hidden="true"></span>Waiting for your other device</p>
      <p class="fine">If the codes differ, somebody else is trying to get in: refuse it there.
        New messages arrive here once it is approved; older ones stay on your other device.</p>
    </div></main>`;
  }
}

customElements.define("enigm-approval", Approval);
