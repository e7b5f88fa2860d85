// The PIN's own page: a first one, a new one for the old, a duress PIN or none, a new one for the
// recovery phrase, and its end.
import { askForName, cardKey, enterPin } from "./critical.js";
import { ask, onSubmit, secretKeeper } from "./talk.js";

const DIGITS = /^[0-9]{6,12}$/;
const COUNTING = "01234567890123456789";
const TOO_EASY = "A PIN has six to twelve digits, and not ones that are easy to guess, such as 123456 or 121212.";

for (const form of document.querySelectorAll("form[data-pin]")) prepare(form);

function prepare(form) {
  const { pin: kind, keys, formToken: token } = form.dataset;
  const keeper = secretKeeper(keys);
  askForName(form);
  onSubmit(form, async tell => {
    tell("Checking…");
    if (form.new_pin) check(form.new_pin.value);
    if (form.duress_pin?.value) {
      check(form.duress_pin.value);
      if (form.duress_pin.value === (form.new_pin ?? form.pin).value) throw new Error("The duress PIN must be different from the PIN.");
    }
    await deeds[kind](form, keeper, token);
    location.assign("/pin");
  });
}

const deeds = {
  async set(form, keeper, token) {
    await ask("POST", "/pin/set", token, {
      opaque_record: await record(form, keeper, token, form.new_pin.value),
      duress_record: await record(form, keeper, token, form.duress_pin.value),
    });
  },
  async change(form, keeper, token) {
    const made = await record(form, keeper, token, form.new_pin.value);
    await byPin(form, keeper, token, "change", { opaque_record: made });
  },
  // An empty one makes a record of noise: the service cannot tell whether there is one.
  async duress(form, keeper, token) {
    const made = await record(form, keeper, token, form.duress_pin.value);
    await byPin(form, keeper, token, "duress", { opaque_record: made });
  },
  async remove(form, keeper, token) {
    await byPin(form, keeper, token, "remove", {});
  },
  async reset(form, keeper, token) {
    const words = form.words.value;
    const fingerprint = await keeper("phraseFingerprint", { words });
    if (fingerprint === null) throw new Error("These are not the 24 words of a recovery phrase: look at each one again.");
    const made = await record(form, keeper, token, form.new_pin.value);
    const { challenge } = await ask("POST", "/pin/challenge", token, { fingerprint });
    const word = await keeper("pinReset", { words, challenge, record: made });
    await ask("POST", "/pin/reset", token, word);
  },
};

// Does a deed about the PIN with the PIN's own leave for exactly this.
async function byPin(form, keeper, token, deed, content) {
  const action = `accounts.pin.${deed}`;
  const parameters = Object.values(content);
  const grant = await enterPin(form, keeper, { action, parameters, token, pin: form.pin.value });
  await ask("POST", `/pin/${deed}`, token, { ...content, grant });
}

// Only what stands at the head of every list is refused, as in the App.
function check(pin) {
  const pair = pin.slice(0, 2).repeat(6).slice(0, pin.length);
  const isCounted = COUNTING.includes(pin) || [...COUNTING].reverse().join("").includes(pin);
  if (!DIGITS.test(pin) || pin === pair || isCounted) throw new Error(TOO_EASY);
}

async function record(form, keeper, token, pin) {
  const begun = await keeper("beginPinRecord", { cardKey: await cardKey(form, keeper), pin });
  const asked = { opaque_request: begun.request };
  const { opaque_response: response } = await ask("POST", "/pin/register", token, asked);
  return keeper("finishPinRecord", { begun, response });
}
