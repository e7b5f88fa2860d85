// The account's root key: Ed25519 and ML-DSA-65 side by side, from one seed of 32 bytes
// (enigm.crypto.signatures.Hybrid), and the three things that it signs.
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_dsa65 } from "@noble/post-quantum/ml-dsa.js";
import { hkdf, joined, utf8 } from "./octets.js";

const PREFIX = utf8("Enigm hybrid signature 1\0");
const KEY_SALT = utf8("Enigm hybrid key 1");

export async function rootOf(seed) {
  const classical = await hkdf("SHA-512", KEY_SALT, seed, utf8("ed25519"));
  const lattice = ml_dsa65.keygen(await hkdf("SHA-512", KEY_SALT, seed, utf8("ml-dsa-65")));
  return {
    classical,
    lattice: lattice.secretKey,
    publicKey: joined(ed25519.getPublicKey(classical), lattice.publicKey),
  };
}

export function signedBy(root, message, context) {
  const bytes = utf8(context);
  const framed = joined(PREFIX, Uint8Array.of(bytes.length), bytes, message);
  return joined(
    ed25519.sign(framed, root.classical),
    ml_dsa65.sign(framed, root.lattice, { context: bytes }),
  );
}

// The root's word that it begins an account (enigm.wire.account_registration).
export function signedRegistration(root, lookupId, opaqueRecord, backup) {
  const statement = joined(...[lookupId, opaqueRecord, backup].map(part => sha256(part)));
  return signedBy(root, statement, "enigm registration v1");
}

export function fingerprintOf(publicKey) {
  return sha256(joined(utf8("enigm account v1"), publicKey));
}

// The root's entry that revokes a device, after the chain's last one (enigm.wire.device_chain).
export function signedRevocation(root, { sequence, previous, devicePublic, issuedAt }) {
  const head = new Uint8Array(6);
  new DataView(head.buffer).setUint32(2, sequence);
  head.set([1, 2]);
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, BigInt(issuedAt));
  const issuer = new Uint8Array(33);
  const entry = joined(head, previous, fingerprintOf(root.publicKey), devicePublic, issuer, time);
  const signature = signedBy(root, entry, "enigm device chain v1");
  return joined(entry, Uint8Array.of(signature.length >> 8, signature.length & 255), signature);
}

// The root's word for a new PIN (enigm.wire.account_recovery, enigm.wire.critical_action).
export function signedPinReset(root, challenge, opaqueRecord) {
  const statement = joined(utf8("enigm pin reset v1"), opaqueRecord);
  return signedBy(root, joined(challenge, sha256(statement)), "enigm recovery v1");
}

// The hash of what exactly a PIN authorises (enigm.wire.critical_action).
export function parametersDigest(parameters) {
  const framed = parameters.map(part => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, part.length);
    return joined(length, part);
  });
  return sha256(joined(utf8("enigm critical parameters v1"), ...framed));
}
