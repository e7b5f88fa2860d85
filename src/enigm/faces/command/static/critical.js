// A form whose deed needs the PIN: entered here, worth one deed for one minute, never sent.
import { ask, onSubmit, secretKeeper } from "./talk.js";

const CARD_KEY = "enigm.card-key";
const NO_NAME = "A user name has 3 to 32 letters a–z, digits, dots, dashes or underscores, and begins with a letter or digit.";

for (const form of document.querySelectorAll("form[data-critical]")) prepare(form);

// The PIN is mixed with what the service never sees of the user name. A tab that signed in has it;
// elsewhere the name is asked for.
export function askForName(form) {
  const field = form.querySelector(".name-field");
  const isKnown = sessionStorage.getItem(CARD_KEY) !== null;
  field.hidden = isKnown;
  field.querySelector("input").required = !isKnown;
}

export async function cardKey(form, keeper) {
  const kept = sessionStorage.getItem(CARD_KEY);
  if (kept !== null) return kept;
  const username = await keeper("spelling", { username: form.username.value });
  if (username === null) throw new Error(NO_NAME);
  return (await keeper("nameKeys", { username })).cardKey;
}

// Enters the PIN for one action with its parameters and returns the grant.
export async function enterPin(form, keeper, { action, parameters, pin, token }) {
  const key = await cardKey(form, keeper);
  const begun = await keeper("beginPin", { cardKey: key, pin, parameters });
  const answer = await ask("POST", "/pin/start", token, {
    action,
    parameters: begun.digest,
    opaque_requests: begun.places.map(({ request }) => request),
  });
  const opened = await keeper("finishPin", { begun, responses: answer.opaque_responses });
  if (opened === null) throw new Error(wrong(answer));
  const last = { attempt: answer.attempt, place: opened.place, opaque_finalization: opened.last };
  return (await ask("POST", "/pin/finish", token, last)).grant;
}

function wrong({ tries_left: left, retry_after_seconds: wait }) {
  if (wait > 0) return `The PIN is wrong. The next try is possible in ${Math.ceil(wait / 60)} min.`;
  if (left === 0) return "The PIN is wrong. This session has no tries left: sign in again, or use the App.";
  return `The PIN is wrong. ${left} ${left === 1 ? "try is" : "tries are"} left before a wait.`;
}

function prepare(form) {
  const { critical: action, keys, formToken: token } = form.dataset;
  const keeper = secretKeeper(keys);
  askForName(form);
  onSubmit(form, async tell => {
    let parameters = await parametersOf(form, keeper);
    tell("Checking…");
    if (form.words) {
      form.entry.value = await revocation(form, keeper);
      parameters = [form.dataset.device];
    }
    form.grant.value = await enterPin(form, keeper, {
      action, parameters, token, pin: form.pin.value,
    });
    form.pin.value = "";
    if (form.words) form.words.value = "";
    form.submit();
  });
}

// What exactly the PIN authorises: fixed by the page, or taken from named fields as text or octets.
async function parametersOf(form, keeper) {
  const { parameters, parametersOf: fields } = form.dataset;
  if (parameters) return parameters.split(" ");
  if (!fields) return [];
  return Promise.all(fields.split(" ").map(async field => {
    const [name, kind] = field.split(":");
    const value = form[name].value.trim();
    return kind === "text" ? keeper("octets", { text: value }) : value;
  }));
}

async function revocation(form, keeper) {
  const { fingerprint, sequence, previous, device } = form.dataset;
  const entry = await keeper("revocation", {
    words: form.words.value,
    fingerprint,
    sequence: Number(sequence),
    previous,
    devicePublic: device,
    issuedAt: Math.floor(Date.now() / 1000),
  });
  if (entry === null) throw new Error("These are not this account’s 24 words: look at each one again.");
  return entry;
}
