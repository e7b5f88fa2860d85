// A user name's spelling, and the keys that the device makes of it (docs/protocol.md §1).
import { argon2id } from "@noble/hashes/argon2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8 } from "./octets.js";

const SPELLING = /^[a-z0-9][a-z0-9._-]{2,31}$/;
const INPUT_CHARACTERS_MAX = 128;

// Returns the one spelling of a name, or null where the text cannot be one.
export function normalised(text) {
  if (text.length > INPUT_CHARACTERS_MAX) return null;
  const name = text.trim().normalize("NFKC").toLowerCase().normalize("NFKC");
  return SPELLING.test(name) ? name : null;
}

// Returns the id that the service looks a name up by, and the half that it never sees; each 32
// bytes, about a second on purpose.
export function nameKeys(name) {
  const salt = sha256(utf8("enigm user name v1")).slice(0, 16);
  const keys = argon2id(utf8(name), salt, { t: 2, m: 19456, p: 1, dkLen: 64 });
  return { lookupId: keys.slice(0, 32), cardKey: keys.slice(32) };
}
