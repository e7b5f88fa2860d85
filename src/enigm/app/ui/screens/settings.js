// The list of settings.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { grouped } from "../format.js";
import { href, replace, route } from "../router.js";
import { store } from "../store.js";
import { takeState } from "../sync.js";
import { setTheme, theme, THEMES } from "../theme.js";
import { View } from "../view.js";
import { avatar } from "../parts/avatar.js";
import { icon } from "../parts/icons.js";
import { arrows } from "../parts/keys.js";
import { badge } from "../parts/marks.js";

const THEME_WORDS = { system: "System", light: "Light", dark: "Dark" };
const FINGERPRINT_SHOWN = 16;
const CONNECTIONS = { online: "Connected", connecting: "Connecting", offline: "Offline" };

class Settings extends View {
  render() {
    const { username, fingerprint, connection } = store.state.app;
    const online = connection === "online";
    const pending = [...store.state.devices.values()].filter((device) => device.state === "pending").length;
    return html`<header class="list-head"><h2>Settings</h2></header>
      <div class="scroll" @keydown=${arrows}>
        <div class="portrait me">${avatar(username, fingerprint, { size: "l" })}<h3>${username}</h3>
          <p class="fingerprint" dir="ltr" title=${grouped(fingerprint)}>${grouped(fingerprint.slice(0, FINGERPRINT_SHOWN))} …</p>
          <p class="pill ${online ? "good" : ""}">${icon(online ? "check" : "offline")}${CONNECTIONS[connection]}</p></div>
        <ul class="rows">
          ${entry("invite", "qr", "My invite", "Let someone add you")}
          ${entry("devices", "devices", "Devices", pending ? "A new device is waiting" : "Approve and revoke", pending)}
          ${entry("security", "shield", "Security", "Check this computer")}
          ${entry("account", "key", "Password and account", "Change the password, delete the account")}
          ${entry("pin", "lock", "PIN", "Confirms what cannot be undone")}
          ${entry("about", "info", "About Enigm", "What it promises, and what it does not")}
        </ul>
        <fieldset class="theme-choice"><legend>Appearance</legend>
          <div class="segments">${THEMES.map((name) => this.#themeOption(name))}</div></fieldset>
        <div class="pad"><button class="button soft wide" type="button" ?disabled=${this.busy}
          @click=${this.#lock}>${icon("lock")}Lock now</button></div>
      </div>`;
  }

  #themeOption(name) {
    return html`<label><input type="radio" name="theme" value=${name} .checked=${theme() === name}
      @change=${() => this.#theme(name)}><span>${THEME_WORDS[name]}</span></label>`;
  }

  #theme(name) {
    setTheme(name);
    this.requestUpdate();
  }

  #lock = () =>
    this.attempt(async () => {
      const locked = await api.lock();
      replace("chats");
      await takeState(locked);
    });
}

function entry(name, picture, label, note, number = 0) {
  const open = route().section === "settings" && route().id === name;
  return html`<li><a class="row setting" data-item href=${href("settings", name)} aria-current=${open ? "page" : "false"}>
    <span class="setting-icon">${icon(picture)}</span>
    <span class="row-words"><span class="row-title">${label}</span><span class="row-last">${note}</span></span>
    ${badge(number)}</a></li>`;
}

customElements.define("enigm-settings", Settings);
