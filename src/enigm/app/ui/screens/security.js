// The Trust Security Center: what is well on this machine, what is not, and what of it leaves.
import { html } from "../vendor/lit.js";
import * as api from "../api.js";
import { clock, count, fullTime, isoTime } from "../format.js";
import { href } from "../router.js";
import { say } from "../store.js";
import { FormView } from "../view.js";
import { refusal } from "../parts/fields.js";
import { icon } from "../parts/icons.js";
import { paneHead } from "../parts/pane.js";

const STATE_WORDS = { true: "fine", false: "not fine", unknown: "not known" };
const STANDINGS = {
  good: "Your service accepts this device as it is.",
  bad: "Your service sees that something needs attention.",
  unknown: "Your service does not accept this device yet: something is not known.",
};

class Security extends FormView {
  #seen = null;

  connectedCallback() {
    super.connectedCallback();
    void this.#look();
  }

  render() {
    return html`${paneHead("Security", href("settings"))}
      <div class="scroll"><div class="page security">
        ${refusal(this.problem)}
        ${this.#seen ? this.#page(this.#seen) : this.problem ? "" : html`<p class="hint" aria-busy="true">Checking this computer…</p>`}
      </div></div>`;
  }

  #page({ signals, taken_at: takenAt, sending }) {
    const of = (state) => signals.filter((signal) => signal.state === state);
    const [well, bad, unknown] = [of("true"), of("false"), of("unknown")];
    return html`${this.#summary(well, bad, unknown, takenAt, sending)}
      ${bad.length ? section("Needs attention", bad.map((it) => advice(it, "bad"))) : ""}
      ${unknown.length ? section("Could not be checked", unknown.map((it) => advice(it, "unknown"))) : ""}
      ${this.#sending(sending, signals)}
      ${well.length ? section("Fine", well.map((it) => html`<li class="card reading well">${icon("check")}
        <span><strong>${it.title}</strong> ${it.promise}</span></li>`)) : ""}`;
  }

  #summary(well, bad, unknown, takenAt, { on, sent }) {
    const open = bad.length + unknown.length;
    return html`<section class="card security-summary ${bad.length ? "warn-card" : ""}">
      ${icon(open ? "shield" : "verified", "summary-icon")}
      <div><h3>${well.length} of ${well.length + open} checks are fine</h3>
        <p>${bad.length ? `${count(bad.length, "thing needs", "things need")} your attention` : "Nothing is known to be wrong"}${unknown.length ? `; ${unknown.length} could not be checked` : ""}.</p>
        <p>Checked at ${clock(takenAt)}. ${on && sent ? `${count(Object.keys(sent.states).length, "reading is", "readings are")} reported to your service.` : "None of it leaves this computer."}</p></div>
      <button class="button soft small" type="button" ?disabled=${this.busy} @click=${this.#lookAgain}>${icon("retry")}Check again</button>
    </section>`;
  }

  #sending(sending, signals) {
    const titles = new Map(signals.map((signal) => [signal.signal, signal.title]));
    const named = (words) => words.map((word) => titles.get(word) ?? word);
    const { on, asked } = sending;
    const news = on && asked ? asked.filter((word) => !sending.agreed.includes(word)) : [];
    return html`<section class="card sending" aria-labelledby="sending-title">
      <label class="switch-line"><span><span class="switch-title" id="sending-title">Report to your service</span>
          <span class="hint">${on ? "On" : "Off. Nothing about this computer leaves it"}</span></span>
        <input type="checkbox" role="switch" aria-labelledby="sending-title" .checked=${on}
          ?disabled=${!on && !asked?.length} @change=${this.#switch}></label>
      ${on ? this.#sent(sending, titles) : this.#wouldSend(asked, signals)}
      ${news.length ? html`<div class="news"><p>Your service now asks for more: <strong>${named(news).join(", ")}</strong>. That is not sent unless you agree.</p>
        <button class="button soft small" type="button" ?disabled=${this.busy} @click=${this.#agree}>Send these too</button></div>` : ""}
      ${sending.problem ? html`<p class="refusal">${icon("alert")}<span>${sending.problem}</span></p>` : ""}
      <p class="note">${icon("info")}<span>A report holds these words and a time, under an identifier that changes every month, signed by this
        device. It never says what was found, and holds no versions or names. Turning it off deletes it at the service.</span></p>
    </section>`;
  }

  #wouldSend(asked, signals) {
    if (asked === null) return html`<p>Your service cannot be reached, so it is not known what it asks for. Try again later.</p>`;
    if (!asked.length) return html`<p>Your service asks for nothing, so there is nothing to turn on.</p>`;
    const states = new Map(signals.map((signal) => [signal.signal, signal.state]));
    return html`<p>If you turn this on, these words are sent every six hours, and nothing else:</p>
      ${told(signals, Object.fromEntries(asked.map((word) => [word, states.get(word) ?? "unknown"])))}`;
  }

  #sent({ sent }, titles) {
    if (!sent) return html`<p>Nothing has been sent yet.</p>`;
    const signals = [...titles].map(([signal, title]) => ({ signal, title }));
    return html`<p>Sent <time datetime=${isoTime(sent.at)} title=${fullTime(sent.at)}>at ${clock(sent.at)}</time>, and nothing else:</p>
      ${told(signals, sent.states)}<p>${STANDINGS[sent.standing] ?? ""}</p>`;
  }

  #look() {
    return this.attempt(async () => {
      this.#seen = await api.security();
    });
  }

  #lookAgain = async () => {
    await this.#look();
    if (!this.problem) say("Checked again.");
  };

  #switch = async (event) => {
    const wanted = event.target.checked;
    await this.#set(wanted);
    // A refusal leaves things as they were; the box must say so.
    event.target.checked = this.#seen?.sending.on ?? false;
  };

  #agree = () => this.#set(true);

  #set(on) {
    return this.attempt(async () => {
      this.#seen = await api.setSending(on);
      say(on ? "Reports are on." : "Reports are off. Your service was told to delete what it has.");
    });
  }
}

function section(title, rows) {
  return html`<h3 class="list-label flush">${title}</h3><ul class="cards">${rows}</ul>`;
}

function advice({ title, found, promise, why, to_do: toDo }, kind) {
  return html`<li class="card reading ${kind}"><header>${icon(kind === "bad" ? "alert" : "question")}
      <div><h4>${title}</h4><p>${found}</p></div></header>
    <dl><div><dt>Should be</dt><dd>${promise}</dd></div><div><dt>Why</dt><dd>${why}</dd></div>
      <div><dt>${kind === "bad" ? "Do" : "To know"}</dt><dd>${withCode(toDo)}</dd></div></dl></li>`;
}

function told(signals, states) {
  const titles = new Map(signals.map(({ signal, title }) => [signal, title]));
  return html`<ul class="told">${Object.entries(states).map(([word, state]) => html`<li>
    <span>${titles.get(word) ?? word}</span><span class="state-word ${state}">${STATE_WORDS[state]}</span></li>`)}</ul>`;
}

/** Commands stand between backticks. */
function withCode(text) {
  return text.split("`").map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));
}

customElements.define("enigm-security", Security);
