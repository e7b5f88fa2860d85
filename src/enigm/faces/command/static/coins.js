// Makes codes in this page: bought, given as change, or renewed. What is not finished yet is kept
// in this tab, so that an answer that was lost on the way can be asked for again.
import { faultOf } from "./code.js";
import { ask, onSubmit, secretKeeper } from "./talk.js";

const form = document.querySelector("[data-coins]");
const SEEN = "enigm.coin.head";
const UNFINISHED = "enigm.coin.unfinished";
const { coins: deed, library: address, path, formToken: token, secret, leave } = form.dataset;
const cents = Number(form.dataset.cents ?? 0);
const now = () => Date.now() / 1000;
const euros = value => `${(value / 100).toFixed(2)} EUR`;

// Only where the PIN is asked for: loaded with the page, so that its fields stand as they shall.
const critical = leave ? import("./critical.js") : null;
const keeper = leave ? secretKeeper(form.dataset.keys) : null;
let library;
let keys;
const ready = prepare();

onSubmit(form, async tell => {
  tell("Checking the keys…");
  await ready;
  const asked = unfinished() ?? freshly();
  sessionStorage.setItem(UNFINISHED, JSON.stringify(asked));
  const content = {
    request: asked.request, wanted: asked.wanted, code: asked.code, secret: secret ?? "",
    grant: leave ? await grantFor(asked, tell) : "",
  };
  tell("Making codes…");
  let signed;
  try {
    signed = await ask("POST", path, token, content);
  } catch (error) {
    // Refused is refused: only an answer that never came is worth asking for again.
    if (error.code) sessionStorage.removeItem(UNFINISHED);
    throw error;
  }
  const codes = library.finish(asked.pending, signed, keys);
  show(codes);
  sessionStorage.removeItem(UNFINISHED);
});

form.dataset.taken = "";
if ("waiting" in form.dataset) form.requestSubmit();
ready.then(() => { if (unfinished() && !leave) form.requestSubmit(); }, () => {});

function unfinished() {
  const kept = JSON.parse(sessionStorage.getItem(UNFINISHED) ?? "null");
  return kept?.path === path ? kept : null;
}

function freshly() {
  const code = form.code?.value ?? "";
  const { wanted, pending } = library.want(countsFor(code), keys, now());
  return { path, code, wanted, pending, request: library.freshRequest() };
}

// What is to be made: all of it in one value, or the fewest codes; for change what is too much.
function countsFor(code) {
  if (deed === "pay") return library.denominated(Math.max(0, worthOf(code) - cents), keys, now());
  const amount = deed === "renew" ? worthOf(code) : cents;
  const value = Number(form.value?.value ?? 0);
  return value ? [[value, amount / value]] : library.denominated(amount, keys, now());
}

function worthOf(code) {
  const fault = faultOf(code);
  if (fault !== null) throw new Error(fault.text);
  const key = library.keyOfCode(code, keys);
  if (key === null) throw new Error("This code is not known here.");
  return key.value;
}

// Enters the PIN for exactly these codes: nobody else's can be signed with the grant.
async function grantFor({ request, wanted }, tell) {
  tell("Checking…");
  const { enterPin } = await critical;
  const parameters = [secret, request, ...wanted.flatMap(({ blinded }) => blinded)];
  const pin = form.pin.value;
  form.pin.value = "";
  return enterPin(form, keeper, { action: leave, parameters, pin, token });
}

async function prepare() {
  if (leave) (await critical).askForName(form);
  for (const option of form.querySelectorAll("[name=value] option")) {
    const value = Number(option.value);
    option.disabled = value > 0 && (cents % value > 0 || cents / value > 64);
  }
  form.querySelector("button:not([type=button])").disabled = false;
  library = await import(address);
  const list = await ask("GET", "/codes/lists/keys", token);
  const checked = library.checkedKeys(list, localStorage.getItem(SEEN));
  localStorage.setItem(SEEN, checked.head);
  ({ keys } = checked);
}

function show(codes) {
  const place = document.querySelector("#codes");
  place.hidden = false;
  const list = place.querySelector("ol");
  list.replaceChildren(...codes.map(code => {
    const line = document.createElement("li");
    line.append(Object.assign(document.createElement("code"), { textContent: code }));
    const worth = euros(library.keyOfCode(code, keys).value);
    line.append(Object.assign(document.createElement("span"), { className: "quiet", textContent: worth }));
    return line;
  }));
  const isNone = codes.length === 0;
  place.querySelector(".some").hidden = isNone;
  place.querySelector(".none").hidden = !isNone;
  form.hidden = true;
  place.querySelector("h2").focus();
}

document.querySelector("#copy-codes")?.addEventListener("click", async ({ target }) => {
  const text = [...document.querySelectorAll("#codes code")].map(each => each.textContent);
  await navigator.clipboard.writeText(text.join("\n"));
  target.textContent = "Copied";
});
document.querySelector("#print-codes")?.addEventListener("click", () => window.print());
