// The worker that makes every secret of Command's pages; none of them reaches the page's own script
// but the words that a person is shown. Built into static/vendor/keys.js by scripts/build_ui.mjs.
import { lookupId, normalised } from "./names.js";
import { base64url, octetsOf } from "./octets.js";
import * as phrase from "./phrase.js";
import * as root from "./root.js";
import * as secrets from "./secrets.js";
import { solved } from "./work.js";

export const deeds = {
  // Returns the name's spelling, or null.
  spelling: ({ username }) => normalised(username),
  freshPhrase: () => ({ words: phrase.freshPhrase(), asked: phrase.positionsToAsk() }),
  work: ({ challenge, difficultyBits }) => base64url(solved(octetsOf(challenge), difficultyBits)),

  async beginRegistration({ username, password }) {
    await secrets.ready;
    const secret = await secrets.signInSecret(password);
    return { secret, lookupId: base64url(lookupId(username)), ...secrets.startRegistration(secret) };
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
    return { secret, lookupId: base64url(lookupId(username)), ...secrets.startLogin(secret) };
  },
  finishSignIn: ({ begun, response }) => secrets.finishLogin(begun.secret, begun.state, response),

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
export { lookupId, normalised, phrase, root, secrets, solved };

if (typeof WorkerGlobalScope !== "undefined") {
  self.onmessage = async ({ data: { id, deed, given } }) => {
    try {
      self.postMessage({ id, result: await deeds[deed](given) });
    } catch (error) {
      self.postMessage({ id, fault: String(error) });
    }
  };
}
