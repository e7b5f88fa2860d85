// Labelled inputs, and the places where a form says what went wrong.
import { html, ifDefined, nothing } from "../vendor/lit.js";
import { icon } from "./icons.js";
import { strength } from "../password.js";

const PIN_TRIES = 5;

export function field({ id, label, hint = "", type = "text", ...rest }) {
  return html`<div class="field ${type === "password" ? "secret" : ""}">
    <label for=${id}>${label}</label>
    <input id=${id} name=${id} type=${type} autocomplete=${rest.autocomplete ?? "off"}
      autocapitalize="none" spellcheck="false" .value=${rest.value ?? ""} ?required=${rest.required ?? true}
      maxlength=${rest.maxlength ?? 256} minlength=${ifDefined(rest.minlength)} pattern=${ifDefined(rest.pattern)}
      aria-describedby=${hint ? `${id}-hint` : nothing} @input=${rest.onInput ?? nothing}
      ?autofocus=${rest.autofocus ?? false}>
    ${type === "password" ? showButton() : ""}
    ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : ""}
  </div>`;
}

/** A new password, with a hint of how long it would stand. */
export function newPassword({ id, label, value, onInput }) {
  const judged = strength(value);
  return html`<div class="field secret">
    <label for=${id}>${label}</label>
    <input id=${id} name=${id} type="password" autocomplete="new-password" required minlength="8"
      maxlength="1024" aria-describedby="${id}-hint" .value=${value} @input=${onInput}>
    ${showButton()}
    <div class="strength level-${judged.level}" aria-hidden="true"><i></i><i></i><i></i><i></i></div>
    <p class="hint" id="${id}-hint" aria-live="polite">${judged.words}</p>
  </div>`;
}

/** Lets a person see what they typed; what is sent is hidden again first. */
function showButton() {
  return html`<button class="show-button" type="button" aria-pressed="false" @click=${show}>Show</button>`;
}

function show({ target: button }) {
  const input = button.parentElement.querySelector("input");
  const isShown = input.type === "password";
  const turn = (shown) => {
    input.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  };
  turn(isShown);
  // A browser remembers what was typed into a field of text.
  if (isShown) input.form.addEventListener("submit", () => turn(false), { capture: true, once: true });
}

/** Six to twelve digits, hidden while they are typed. */
export function pinField({ id, label, hint = "", isNew = false, required = true }) {
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <input id=${id} name=${id} type="password" inputmode="numeric" autocomplete=${isNew ? "new-password" : "off"}
      pattern="[0-9]{6,12}" title="6 to 12 digits" minlength="6" maxlength="12" ?required=${required}
      aria-describedby=${hint ? `${id}-hint` : nothing}>
    ${hint ? html`<p class="hint" id="${id}-hint">${hint}</p>` : ""}
  </div>`;
}

/** What is left of the tries, once one was wrong. */
export function triesLeft({ tries_left: tries, retry_after_seconds: seconds }) {
  if (seconds > 0) return `Too many wrong tries: wait ${seconds} seconds.`;
  if (tries >= PIN_TRIES) return "";
  return tries === 1 ? "One try is left." : `${tries} tries are left.`;
}

export function refusal(problem) {
  return html`<p class="refusal" role="alert" ?hidden=${!problem}>
    ${problem ? html`${icon("alert")}<span>${problem}</span>` : ""}
  </p>`;
}

export function submit(label, busy, kind = "primary") {
  return html`<button class="button ${kind} wide" type="submit" ?disabled=${busy} aria-busy=${busy}>
    ${busy ? html`<span class="spinner" aria-hidden="true"></span>` : ""}${label}
  </button>`;
}

/** A code as a picture: an image runs nothing, whatever its markup says. */
export function qrPicture(svgText, label) {
  const named = svgText.includes("xmlns=")
    ? svgText
    : svgText.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"');
  return html`<img class="qr" alt=${label} src="data:image/svg+xml,${encodeURIComponent(named)}">`;
}

/** The values of a form by the names of its inputs. */
export function valuesOf(event) {
  event.preventDefault();
  return Object.fromEntries(new FormData(event.target));
}
