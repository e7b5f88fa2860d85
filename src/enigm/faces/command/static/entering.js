// Sign-in, and making an account: phrase first, confirmed, and only then anything is sent.
import { ask, onSubmit, Refused, secretKeeper } from "./talk.js";

const WRONG = "The user name or the password is wrong.";
const NO_NAME = "A user name has 3 to 32 letters a–z, digits, dots, dashes or underscores, and begins with a letter or digit.";
// What the first step can mend: the words stay as they are.
const MENDED_BY_NAME = new Set(["accounts.name_taken", "accounts.invite_refused"]);

const signIn = document.querySelector("#sign-in");
const signUp = document.querySelector("#sign-up");
if (signIn) prepareSignIn(signIn);
if (signUp) prepareSignUp(signUp);

function prepareSignIn(form) {
  const { keys, formToken, next } = form.dataset;
  const keeper = secretKeeper(keys);
  onSubmit(form, async tell => {
    tell("Preparing…");
    const username = await keeper("spelling", { username: form.username.value });
    if (username === null) throw new Error(NO_NAME);
    const begun = await keeper("beginSignIn", { username, password: form.password.value });
    const content = { lookup_id: begun.lookupId, opaque_request: begun.request };
    const answer = await started(keeper, formToken, content, tell);
    tell("Checking…");
    const last = await keeper("finishSignIn", { begun, response: answer.opaque_response });
    if (last === null) throw new Error(WRONG);
    const finish = { login: answer.login, opaque_finalization: last };
    await ask("POST", "/sign-in/finish", formToken, finish);
    // What a PIN is mixed with, so that this tab need not ask for the name again.
    sessionStorage.setItem("enigm.card-key", begun.cardKey);
    location.assign(next);
  });
}

async function started(keeper, formToken, content, tell) {
  try {
    return await ask("POST", "/sign-in/start", formToken, content);
  } catch (error) {
    if (!(error instanceof Refused) || !error.challenge) throw error;
    tell("Many tries lately: this one takes a few seconds…");
    const proof = await worked(keeper, error.challenge);
    return ask("POST", "/sign-in/start", formToken, { ...content, proof });
  }
}

async function worked(keeper, { challenge, difficulty_bits: difficultyBits }) {
  return { challenge, nonce: await keeper("work", { challenge, difficultyBits }) };
}

function prepareSignUp(root) {
  const { keys, formToken, next, guard } = root.dataset;
  const keeper = secretKeeper(keys);
  const [name, phrase, asking] = root.querySelectorAll("[data-step]");
  const chosen = {};

  const show = step => {
    for (const card of [name, phrase, asking]) card.hidden = card !== step;
    step.querySelector("h1").focus();
  };
  const steps = { name, phrase, ask: asking };
  for (const button of root.querySelectorAll("[data-go]")) {
    button.addEventListener("click", () => show(steps[button.dataset.go]));
  }

  const nameForm = name.querySelector("form");
  onSubmit(nameForm, async () => {
    const username = await keeper("spelling", { username: nameForm.username.value });
    if (username === null) throw new Error(NO_NAME);
    Object.assign(chosen, { username, password: nameForm.password.value });
    chosen.invite = nameForm.invite?.value.trim();
    if (!chosen.words) {
      Object.assign(chosen, await keeper("freshPhrase"));
      phrase.querySelector(".words").replaceChildren(...chosen.words.map(shownWord));
      asking.querySelector(".asked").replaceChildren(...chosen.asked.map(askedWord));
    }
    show(chosen.isConfirmed ? asking : phrase);
  });

  const askForm = asking.querySelector("form");
  onSubmit(askForm, async tell => {
    for (const place of chosen.asked) {
      const typed = askForm[`word-${place + 1}`].value.trim().toLowerCase();
      if (typed !== chosen.words[place]) {
        throw new Error(`Word ${place + 1} is not right: compare it with what you wrote down.`);
      }
    }
    chosen.isConfirmed = true;
    try {
      await create(tell);
    } catch (error) {
      if (!MENDED_BY_NAME.has(error.code)) throw error;
      show(name);
      const refusal = nameForm.querySelector(".refusal");
      refusal.textContent = `${error.message} Your 24 words stay the same.`;
      refusal.hidden = false;
      return;
    }
    location.assign(next);
  });

  async function create(tell) {
    tell("Making your keys…");
    const { username, password, words } = chosen;
    const begun = await keeper("beginRegistration", { username, password });
    const first = { lookup_id: begun.lookupId, opaque_request: begun.request };
    const { opaque_response: response } = await ask("POST", "/sign-up/opaque", formToken, first);
    const content = await keeper("finishRegistration", { begun, response, words, username });
    tell("Solving a puzzle that keeps robots out. This takes a few seconds…");
    const proof = guard === "invite" ? { invite: chosen.invite } : await freeWork();
    await ask("POST", "/sign-up", formToken, { ...content, proof });
    sessionStorage.setItem("enigm.card-key", begun.cardKey);
  }

  async function freeWork() {
    return worked(keeper, await ask("GET", "/sign-up/guard", formToken));
  }
}

function shownWord(word) {
  const item = document.createElement("li");
  item.textContent = word;
  return item;
}

function askedWord(place) {
  const field = document.createElement("div");
  const label = document.createElement("label");
  const input = document.createElement("input");
  field.className = "field";
  input.id = input.name = `word-${place + 1}`;
  input.autocomplete = "off";
  input.autocapitalize = "none";
  input.spellcheck = false;
  input.required = true;
  label.htmlFor = input.id;
  label.textContent = `Word ${place + 1}`;
  field.append(label, input);
  return field;
}
