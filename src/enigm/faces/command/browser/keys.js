// The worker that makes every secret of Command's pages; none of them reaches the page's own script
// but the words that a person is shown. Built into static/vendor/keys.js by scripts/build_ui.mjs.
import { nameKeys, normalised } from "./names.js";
import { base64url, octetsOf, utf8 } from "./octets.js";
import * as phrase from "./phrase.js";
import * as root from "./root.js";
import * as secrets from "./secrets.js";
import { solved } from "./work.js";

function shownKeys(username) {
  const { lookupId, cardKey } = nameKeys(username);
  return { lookupId: base64url(lookupId), cardKey: base64url(cardKey) };
}

export const deeds = {
  // Returns the name's spelling, or null.
  spelling: ({ username }) => normalised(username),
  freshPhrase: () => ({ words: phrase.freshPhrase(), asked: phrase.positionsToAsk() }),
  work: ({ challenge, difficultyBits }) => base64url(solved(octetsOf(challenge), difficultyBits)),

  async beginRegistration({ username, password }) {
    await secrets.ready;
    const secret = await secrets.signInSecret(password);
    return { secret, ...shownKeys(username), ...secrets.startRegistration(secret) };
  },
  async finishRegistration({ begun, response, words, username }) {
    const record = secrets.finishRegistration(begun.secret, begun.state, response);
    const entropy = phrase.entropyOf(words.join(" "));
    const key = await phrase.rootKey(entropy);
    const backup = await phrase.sealedBackup(entropy, username);
    const parts = [octetsOf(begun.lookupId), octetsOf(record), backup];
    return {
      lookup_id: begun.lookupId,
      opaque_record: record,
      root_public: base64url(key.publicKey),
      signature: base64url(root.signedRegistration(key, ...parts)),
      backup: base64url(backup),
    };
  },

  async beginSignIn({ username, password }) {
    await secrets.ready;
    const secret = await secrets.signInSecret(password);
    return { secret, ...shownKeys(username), ...secrets.startLogin(secret) };
  },
  finishSignIn: ({ begun, response }) => secrets.finishLogin(begun.secret, begun.state, response),

  octets: ({ text }) => base64url(utf8(text)),
  nameKeys: ({ username }) => shownKeys(username),

  // Begins a PIN's entry for one action: OPAQUE's first message for each of two places.
  async beginPin({ cardKey, pin, parameters }) {
    await secrets.ready;
    const secret = await secrets.pinSecret(octetsOf(cardKey), pin);
    const digest = base64url(root.parametersDigest(parameters.map(octetsOf)));
    return { secret, digest, places: [secrets.startLogin(secret), secrets.startLogin(secret)] };
  },
  // Returns which place the PIN opened and the last message for it; null for a wrong PIN.
  finishPin({ begun, responses }) {
    const opened = begun.places.map(({ state }, place) =>
      secrets.finishLogin(begun.secret, state, responses[place]));
    const place = opened.findIndex(last => last !== null);
    return place < 0 ? null : { place, last: opened[place] };
  },
  async beginPinRecord({ cardKey, pin }) {
    await secrets.ready;
    const secret = pin ? await secrets.pinSecret(octetsOf(cardKey), pin) : secrets.noise();
    return { secret, ...secrets.startRegistration(secret) };
  },
  finishPinRecord: ({ begun, response }) =>
    secrets.finishRegistration(begun.secret, begun.state, response),
  async phraseFingerprint({ words }) {
    const entropy = phrase.entropyOf(words);
    if (entropy === null) return null;
    return base64url(root.fingerprintOf((await phrase.rootKey(entropy)).publicKey));
  },
  async pinReset({ words, challenge, record }) {
    const key = await phrase.rootKey(phrase.entropyOf(words));
    const signature = root.signedPinReset(key, octetsOf(challenge), octetsOf(record));
    return {
      fingerprint: base64url(root.fingerprintOf(key.publicKey)),
      challenge,
      signature: base64url(signature),
      root_public: base64url(key.publicKey),
      opaque_record: record,
    };
  },

  // Returns the root's entry that revokes a device; null where the words are not this account's.
  async revocation({ words, fingerprint, sequence, previous, devicePublic, issuedAt }) {
    const entropy = phrase.entropyOf(words);
    if (entropy === null) return null;
    const key = await phrase.rootKey(entropy);
    if (base64url(root.fingerprintOf(key.publicKey)) !== fingerprint) return null;
    const place = { sequence, previous: octetsOf(previous), devicePublic: octetsOf(devicePublic) };
    return base64url(root.signedRevocation(key, { ...place, issuedAt }));
  },
};

// For the tests, which hold these against the App's own.
export { nameKeys, normalised, phrase, root, secrets, solved };

if (typeof WorkerGlobalScope !== "undefined") {
  self.onmessage = async ({ data: { id, deed, given } }) => {
    try {
      self.postMessage({ id, result: await deeds[deed](given) });
    } catch (error) {
      self.postMessage({ id, fault: String(error) });
    }
  };
}
