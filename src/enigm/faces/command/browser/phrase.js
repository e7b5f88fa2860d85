// The recovery phrase and what the account's own keys are made of it, as the App does
// (enigm.app.identity.phrase): 24 words spell 32 bytes, and HKDF makes each key of them.
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { hkdf, joined, utf8 } from "./octets.js";
import { rootOf } from "./root.js";

const WORDS = 24;
const WORDS_ASKED = 4;
const BACKUP_PLAIN_BYTES = 256;
const NOTHING = new Uint8Array(0);

export function freshPhrase() {
  return wordsOf(crypto.getRandomValues(new Uint8Array(32)));
}

export function wordsOf(entropy) {
  return entropyToMnemonic(entropy, wordlist).split(" ");
}

// Reads what a person typed; null for a wrong word, count or checksum.
export function entropyOf(text) {
  const words = text.trim().toLowerCase().split(/\s+/);
  if (words.length !== WORDS) return null;
  try {
    return mnemonicToEntropy(words.join(" "), wordlist);
  } catch {
    return null;
  }
}

export function positionsToAsk() {
  const places = Array.from({ length: WORDS }, (_, place) => place);
  const drawn = crypto.getRandomValues(new Uint32Array(WORDS));
  return places
    .sort((one, other) => drawn[one] - drawn[other])
    .slice(0, WORDS_ASKED)
    .sort((one, other) => one - other);
}

export async function rootKey(entropy) {
  return rootOf(await hkdf("SHA-256", NOTHING, entropy, utf8("enigm root v1")));
}

// Closes what recovery needs, always to the same length.
export async function sealedBackup(entropy, username) {
  const body = utf8(JSON.stringify({ username }));
  const plain = new Uint8Array(BACKUP_PLAIN_BYTES);
  plain.set(joined(Uint8Array.of(body.length >> 8, body.length & 255), body));
  const secret = await hkdf("SHA-256", NOTHING, entropy, utf8("enigm backup v1"));
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce }, key, plain);
  return joined(nonce, new Uint8Array(sealed));
}
