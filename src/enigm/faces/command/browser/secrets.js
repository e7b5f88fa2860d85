// Passwords and PINs by OPAQUE (RFC 9807): the service never sees either, nor anything like it.
import * as opaque from "@serenity-kit/opaque";
import { base64url, hkdf, joined, utf8 } from "./octets.js";

// What every client of the service uses; another stretching would open no record.
const keyStretching = { "argon2id-custom": { iterations: 2, memory: 19456, parallelism: 1 } };
export const ready = opaque.ready;

// What OPAQUE takes for a password, as the App does (enigm.app.service.opaque).
export async function signInSecret(password) {
  const salt = utf8("enigm sign-in v1");
  return base64url(await hkdf("SHA-256", salt, utf8(password), utf8("opaque password")));
}

// What OPAQUE takes for a PIN, mixed with what the service never sees of the user name
// (enigm.app.identity.pin): six digits alone would be guessed by whoever runs the service.
export async function pinSecret(cardKey, pin) {
  const secret = joined(cardKey, utf8(pin));
  return base64url(await hkdf("SHA-256", utf8("enigm pin v1"), secret, utf8("opaque password")));
}

// A secret that nobody knows, in the place of a duress PIN that its owner did not want.
export const noise = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

export function startRegistration(secret) {
  const { clientRegistrationState, registrationRequest } = opaque.client.startRegistration({
    password: secret,
  });
  return { state: clientRegistrationState, request: registrationRequest };
}

export function finishRegistration(secret, state, response) {
  return opaque.client.finishRegistration({
    password: secret,
    clientRegistrationState: state,
    registrationResponse: response,
    keyStretching,
  }).registrationRecord;
}

export function startLogin(secret) {
  const { clientLoginState, startLoginRequest } = opaque.client.startLogin({ password: secret });
  return { state: clientLoginState, request: startLoginRequest };
}

// Returns the last message, or null where the secret is wrong.
export function finishLogin(secret, state, response) {
  const finished = opaque.client.finishLogin({
    password: secret,
    clientLoginState: state,
    loginResponse: response,
    keyStretching,
  });
  return finished ? finished.finishLoginRequest : null;
}
