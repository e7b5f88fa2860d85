// Tells of a mistyped code while it is typed, before anything is sent.
import { faultOf } from "./code.js";

const form = document.querySelector("#buy");
if (form) {
  const fault = document.querySelector("#code-fault");
  const isByCode = () => form.querySelector("[name=method]:checked")?.value === "code";
  const check = isDone => {
    const found = isByCode() ? faultOf(form.code.value) : null;
    const isShown = found !== null && (isDone || found.isSure);
    fault.hidden = !isShown;
    fault.textContent = isShown ? found.text : "";
    form.code.toggleAttribute("aria-invalid", isShown);
    return found === null;
  };
  form.code.addEventListener("input", () => check(false));
  form.code.addEventListener("change", () => check(true));
  form.addEventListener("submit", event => {
    if (check(true)) return;
    event.preventDefault();
    form.code.focus();
  });
}
