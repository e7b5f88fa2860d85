// The buyer's half of Code Coin: blinds, checks, unblinds and writes codes, so that whoever signs
// them cannot know them. Built into static/vendor/coins.js by scripts/build_ui.mjs.
import { ed25519, ristretto255_oprf } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { base64url, joined, octetsOf, utf8 } from "./octets.js";

const SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NONCE_BYTES = 10;
const TAG_LABEL = utf8("enigm-codecoin-v1");
const KEY_LIST = "enigm code keys 1";

// Returns the keys of a public list in which every line holds and which continues the list whose
// head was seen before; throws for any other.
export function checkedKeys({ public_key: publicKey, lines }, seen) {
  const signer = octetsOf(publicKey);
  const name = joined(Uint8Array.of(0, KEY_LIST.length), utf8(KEY_LIST));
  let head = new Uint8Array(32);
  let wasSeen = !seen;
  for (const { text, signature } of lines) {
    head = sha256(joined(name, head, utf8(text)));
    if (!ed25519.verify(octetsOf(signature), joined(name, head), signer)) {
      throw new Error("The list of keys does not hold: do not use it, and tell somebody.");
    }
    wasSeen ||= base64url(head) === seen;
  }
  if (!wasSeen) {
    throw new Error("The list of keys has another past than before: you may be shown your own.");
  }
  return { head: base64url(head), keys: lines.map(({ text }) => keyOf(text)).filter(Boolean) };
}

// Blinds so many fresh nonces for each value: `wanted` is sent, `pending` stays here.
export function want(counts, keys, now) {
  const pending = [];
  for (const [value, count] of counts) {
    const key = keys.find(each => each.value === value && now < each.issueUntil);
    if (!key) throw new Error("No key makes codes of this value at present.");
    for (let done = 0; done < count; done += 1) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const { blind, blinded } = ristretto255_oprf.voprf.blind(nonce);
      pending.push({
        key: key.number,
        nonce: base64url(nonce),
        blind: base64url(blind),
        blinded: base64url(blinded),
      });
    }
  }
  return { wanted: grouped(pending), pending };
}

// Checks each proof against the listed key and returns the finished codes.
export function finish(pending, signed, keys) {
  return signed.flatMap(({ key: number, elements, proof }) => {
    const key = keys.find(each => each.number === number);
    const mine = pending.filter(each => each.key === number);
    if (!key || mine.length !== elements.length) throw new Error("The answer does not fit.");
    const items = mine.map((each, place) => ({
      input: octetsOf(each.nonce),
      blind: octetsOf(each.blind),
      blinded: octetsOf(each.blinded),
      evaluated: octetsOf(elements[place]),
    }));
    const outputs = ristretto255_oprf.voprf.finalizeBatch(items, key.public, octetsOf(proof));
    return items.map(({ input }, place) => written(number, input, outputs[place]));
  });
}

// How many codes of each value make up an amount in cents, the fewest.
export function denominated(cents, keys, now) {
  const values = new Set(keys.filter(key => now < key.issueUntil).map(key => key.value));
  const counts = [];
  for (const value of [...values].sort((left, right) => right - left)) {
    const count = Math.floor(cents / value);
    if (count) counts.push([value, count]);
    cents -= count * value;
  }
  return counts;
}

// The key that a typed code names; its value is known before anybody is asked.
export function keyOfCode(text, keys) {
  const plain = text.trim().toUpperCase().replace(/^ENIGM:/, "").replace(/[ -]/g, "")
    .replaceAll("O", "0").replace(/[IL]/g, "1");
  const number = [...plain.slice(0, 4)].reduce((sum, each) => sum * 32 + SYMBOLS.indexOf(each), 0);
  return keys.find(key => key.number === number) ?? null;
}

export const freshRequest = () => base64url(crypto.getRandomValues(new Uint8Array(16)));

function keyOf(text) {
  const words = text.split(" ");
  const after = name => words[words.indexOf(name) + 1];
  const isBlind = after("kind") === "blind";
  return {
    number: Number(after("key")),
    isBlind,
    value: Number(after("value")),
    public: isBlind ? octetsOf(after("public")) : null,
    issueUntil: isBlind ? Number(after("issue-until")) : 0,
  };
}

function grouped(pending) {
  const keys = [...new Set(pending.map(({ key }) => key))];
  return keys.map(key => ({
    key,
    blinded: pending.filter(each => each.key === key).map(({ blinded }) => blinded),
  }));
}

// 4 symbols of key, 16 of nonce, 12 of tag, 3 of checksum (enigm.wire.code_coin).
function written(number, nonce, output) {
  const digest = sha256(joined(TAG_LABEL, output));
  const tag = numberOf(digest.subarray(0, 8)) >> 4n;
  const symbols = [
    ...symbolsOf(BigInt(number), 4), ...symbolsOf(numberOf(nonce), 16), ...symbolsOf(tag, 12),
  ];
  symbols.push(...symbolsOf(BigInt(checksum(symbols)), 3));
  return symbols.map(each => SYMBOLS[each]).join("").match(/.{5}/g).join("-");
}

function numberOf(octets) {
  return octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

function symbolsOf(number, count) {
  return Array.from({ length: count }, (_, place) =>
    Number((number >> BigInt(5 * (count - 1 - place))) & 31n));
}

function checksum(symbols) {
  let remainder = 0x3a5b;
  for (const symbol of symbols) {
    for (let place = 4; place >= 0; place -= 1) {
      const top = (remainder >> 14) ^ (symbol >> place);
      remainder = (remainder << 1) & 0x7fff;
      if (top & 1) remainder ^= 0x4599;
    }
  }
  return remainder;
}
