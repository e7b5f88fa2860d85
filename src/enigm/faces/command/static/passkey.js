// Asks the browser for an administrator's passkey: to make one by a link, or to sign in with it.
import { ask, onSubmit } from "./talk.js";

const TOO_OLD = "This browser knows no passkeys, or is too old for them.";
const CANCELLED = "No passkey was used. Try again, and unlock it when it asks.";
const HAS_ONE = "This security key or device already holds a passkey for this.";

const enrol = document.querySelector("#enrol");
const signIn = document.querySelector("#sign-in");

if (enrol) {
  // The link's secret stands where browsers send nothing, and goes from the address bar at once.
  const invitation = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  // Another link opened in the same tab changes nothing but the fragment.
  addEventListener("hashchange", () => location.reload());
  const token = enrol.dataset.formToken;
  onSubmit(enrol, async tell => {
    const options = await ask("POST", "/admin/enrol/start", token, { invitation });
    tell("Unlock your security key or this device…");
    const made = await withPasskey(api => navigator.credentials.create({
      publicKey: api.parseCreationOptionsFromJSON(options),
    }));
    await ask("POST", "/admin/enrol/finish", token, { invitation, credential: made });
    enrol.hidden = true;
    document.querySelector("#done").hidden = false;
    document.querySelector("#done a").focus();
  });
}

if (signIn) {
  const token = signIn.dataset.formToken;
  onSubmit(signIn, async tell => {
    const options = await ask("POST", "/admin/sign-in/start", token, {});
    tell("Unlock your security key or this device…");
    const signed = await withPasskey(api => navigator.credentials.get({
      publicKey: api.parseRequestOptionsFromJSON(options),
    }));
    await ask("POST", "/admin/sign-in/finish", token, { credential: signed });
    location.assign("/admin");
  });
}

// Pressed before this script listens, the form would be sent as it stands, with nothing in it.
for (const form of [enrol, signIn]) {
  if (form) form.querySelector("button").disabled = false;
}

async function withPasskey(deed) {
  const api = window.PublicKeyCredential;
  if (!api?.parseCreationOptionsFromJSON) throw new Error(TOO_OLD);
  try {
    return (await deed(api)).toJSON();
  } catch (error) {
    if (error.name === "InvalidStateError") throw new Error(HAS_ONE);
    throw error.name === "NotAllowedError" ? new Error(CANCELLED) : error;
  }
}
