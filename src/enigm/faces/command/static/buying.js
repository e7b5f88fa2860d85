// Tells of a mistyped code while it is typed, before anything is sent; and does the work that an
// order of a guest costs where many come at once.
import { faultOf } from "./code.js";
import { secretKeeper } from "./talk.js";

const form = document.querySelector("#buy");
if (form) {
  const fault = document.querySelector("#code-fault");
  const isByCode = () => form.querySelector("[name=method]:checked")?.value === "code";
  // What could still be mended by typing on is told when the form is sent, and not when the field
  // is left: the page would move under the pointer that is about to press the button.
  const check = isDone => {
    const found = isByCode() ? faultOf(form.code.value) : null;
    const isShown = found !== null && (isDone || found.isSure);
    fault.hidden = !isShown;
    fault.textContent = isShown ? found.text : "";
    form.code.toggleAttribute("aria-invalid", isShown);
    return found === null;
  };
  form.code.addEventListener("input", () => check(false));
  form.addEventListener("submit", event => {
    if (check(true)) return;
    event.preventDefault();
    form.code.focus();
  });
  if (form.challenge) work();
}

// The form was sent and came back with a challenge: everything is filled in, so it goes again.
async function work() {
  const progress = form.querySelector(".progress-line");
  progress.textContent = "Doing a little work first…";
  const given = { challenge: form.challenge.value, difficultyBits: Number(form.dataset.bits) };
  form.nonce.value = await secretKeeper(form.dataset.keys)("work", given);
  form.requestSubmit();
}
