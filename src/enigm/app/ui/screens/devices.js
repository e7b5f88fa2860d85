// One's own devices: let a new one in, end the trust in an old one.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { clock, longDay } from "../format.js";
import { href } from "../router.js";
import { say, store } from "../store.js";
import { readDevices } from "../sync.js";
import { View } from "../view.js";
import { icon } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";
import { withPin } from "../parts/pin_dialog.js";

class Devices extends View {
  #sessions = [];

  connectedCallback() {
    super.connectedCallback();
    void readDevices();
    void this.attempt(() => this.#readSessions());
  }

  async #readSessions() {
    this.#sessions = await api.sessions();
    this.requestUpdate();
  }

  render() {
    const all = [...store.state.devices.values()];
    const of = (state) => all.filter((device) => device.state === state).sort((a, b) => b.this - a.this || b.since - a.since);
    return html`${paneHead("Devices", href("settings"))}
      <div class="scroll"><div class="page">
        ${repeat(of("pending"), (device) => device.id, (device) => this.#waiting(device))}
        ${all.length ? "" : html`<p class="note">${icon("offline")}<span>Your devices are shown once the service can be reached.</span></p>`}
        <h3 class="list-label flush">In use</h3>
        <ul class="cards">${repeat(of("trusted"), (device) => device.id, (device) => this.#trusted(device))}</ul>
        ${of("revoked").length ? html`<h3 class="list-label flush">Revoked</h3>
          <ul class="cards">${of("revoked").map((device) => html`<li class="card device gone">${icon("devices")}
            <span class="device-words"><strong>${device.name}</strong><span>Cannot read anything new</span></span></li>`)}</ul>` : ""}
        ${this.#sessions.length ? html`<h3 class="list-label flush">Signed in now</h3>
          <ul class="cards">${repeat(this.#sessions, (session) => session.id, (session) => this.#session(session))}</ul>` : ""}
        <p class="note">${icon("info")}<span>To add a device, install Enigm there, choose “Use an account
          you have”, and approve it here.</span></p>
      </div></div>`;
  }

  #waiting(device) {
    return html`<article class="card request device-request" aria-label="New device">
      <header><span class="avatar size-m request-avatar" aria-hidden="true">${icon("devices")}</span>
        <div><h3>${device.name || "A new device"}</h3><p>wants to join your account</p></div></header>
      <p>Approve it only if it is in your hands and shows this code:</p>
      <p class="code" aria-label="Code ${device.code ?? "is coming"}">${device.code ?? "…"}</p>
      <div class="card-buttons">
        <button class="button primary" type="button" ?disabled=${this.busy || !device.code}
          @click=${() => this.#approve(device)}>The code matches: approve</button>
        <button class="button soft" type="button" ?disabled=${this.busy} @click=${() => this.#refuse(device)}>Refuse</button>
      </div></article>`;
  }

  #trusted(device) {
    return html`<li class="card device">${icon("devices")}
      <span class="device-words"><strong>${device.name}</strong>
        <span>${device.this ? "This device" : "Approved"} · since ${longDay(device.since)}</span></span>
      ${device.this ? html`<span class="pill good">${icon("check")}Here</span>`
        : html`<button class="button soft small danger-text" type="button" ?disabled=${this.busy}
            aria-label="Revoke ${device.name}" @click=${() => this.#revoke(device)}>Revoke</button>`}</li>`;
  }

  #session(session) {
    const where = session.kind === "command" ? "Command, in a browser" : session.device ? `The App on ${session.device}` : "The App";
    return html`<li class="card device">${icon("devices")}
      <span class="device-words"><strong>${where}</strong><span>Since ${clock(session.began_at)}, until ${clock(session.ends_at)}</span></span>
      ${session.this ? html`<span class="pill good">${icon("check")}Here</span>`
        : html`<button class="button soft small" type="button" ?disabled=${this.busy}
            aria-label="End the session: ${where}, since ${clock(session.began_at)}" @click=${() => this.#end(session)}>End</button>`}</li>`;
  }

  #end(session) {
    return this.attempt(async () => {
      await api.endSession(session.id);
      await this.#readSessions();
      say("The session is ended.");
    });
  }

  #approve(device) {
    return this.attempt(async () => {
      store.put("devices", device.id, await api.approveDevice(device.id));
      say("The device is approved.");
    });
  }

  #refuse(device) {
    return this.attempt(async () => {
      await api.refuseDevice(device.id);
      store.put("devices", device.id, null);
      say("The device was refused.");
    });
  }

  async #revoke(device) {
    const revoke = async (pin) => store.put("devices", device.id, await api.revokeDevice(device.id, pin));
    const words = {
      title: `Revoke “${device.name}”?`,
      text: "It leaves every conversation at once and can read nothing new. It cannot come back; it would have to be added again.",
      yes: "Revoke",
    };
    const { done, problem } = await withPin(words, revoke);
    if (done) say(`“${device.name}” is revoked.`);
    if (problem) this.refused(problem);
  }
}

customElements.define("enigm-devices", Devices);
