// Proof of work (enigm.wire.registration_proof): the price of what no identity guards.
import { sha256 } from "@noble/hashes/sha2.js";

const DIFFICULTY_BITS_MAX = 28;

// Finds eight bytes with which the hash begins with that many zero bits.
export function solved(challenge, difficultyBits) {
  if (difficultyBits > DIFFICULTY_BITS_MAX) throw new Error("nobody asks for so much work");
  const prefix = sha256.create().update(challenge);
  const nonce = new Uint8Array(8);
  const view = new DataView(nonce.buffer);
  for (let tries = 0; ; tries += 1) {
    view.setUint32(4, tries);
    const digest = prefix.clone().update(nonce).digest();
    if (zeroBits(digest) >= difficultyBits) return nonce;
  }
}

function zeroBits(digest) {
  const place = digest.findIndex(octet => octet !== 0);
  return place < 0 ? 256 : place * 8 + Math.clz32(digest[place]) - 24;
}
