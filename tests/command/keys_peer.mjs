// Runs the code that Command's pages run in the browser, one question a line.
import { createInterface } from "node:readline";
import {
  deeds, nameKeys, normalised, phrase, root, secrets, solved,
} from "../../src/enigm/faces/command/static/vendor/keys.js";

const hex = octets => Buffer.from(octets).toString("hex");
const octets = text => Uint8Array.from(Buffer.from(text, "hex"));

const answers = {
  words: async ({ entropy }) => ({ words: phrase.wordsOf(octets(entropy)) }),
  entropy: async ({ text }) => {
    const found = phrase.entropyOf(text);
    return { entropy: found && hex(found) };
  },
  root: async ({ entropy }) => {
    const key = await phrase.rootKey(octets(entropy));
    return { public: hex(key.publicKey), fingerprint: hex(root.fingerprintOf(key.publicKey)) };
  },
  backup: async ({ entropy, username }) => ({
    backup: hex(await phrase.sealedBackup(octets(entropy), username)),
  }),
  registration: async ({ entropy, lookup_id: name, record, backup }) => {
    const key = await phrase.rootKey(octets(entropy));
    const parts = [name, record, backup].map(octets);
    return { signature: hex(root.signedRegistration(key, ...parts)) };
  },
  revocation: async given => ({ entry: await deeds.revocation(given) }),
  name: async ({ text }) => {
    const name = normalised(text);
    const keys = name && nameKeys(name);
    return { name, lookup_id: keys && hex(keys.lookupId), card_key: keys && hex(keys.cardKey) };
  },
  pin: async given => ({
    secret: await secrets.pinSecret(octets(given.card_key), given.pin),
    digest: hex(root.parametersDigest(given.parameters.map(octets))),
  }),
  secret: async ({ password }) => ({ secret: await secrets.signInSecret(password) }),
  work: async ({ challenge, bits }) => ({ nonce: hex(solved(octets(challenge), bits)) }),
  begin_registration: async given => {
    await secrets.ready;
    return secrets.startRegistration(given.secret);
  },
  finish_registration: async ({ secret, state, response }) => ({
    record: secrets.finishRegistration(secret, state, response),
  }),
  begin_login: async given => {
    await secrets.ready;
    return secrets.startLogin(given.secret);
  },
  finish_login: async ({ secret, state, response }) => ({
    last: secrets.finishLogin(secret, state, response),
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let answer;
  try {
    answer = await answers[question.command](question);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
