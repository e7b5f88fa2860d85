// Bytes as they travel and are hashed: UTF-8, unpadded base64url, HKDF (RFC 5869).
export const utf8 = text => new TextEncoder().encode(text);

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}

export function base64url(octets) {
  let text = "";
  for (const octet of octets) text += String.fromCharCode(octet);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function octetsOf(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, letter => letter.charCodeAt(0));
}

export async function hkdf(hash, salt, secret, purpose) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const wanted = { name: "HKDF", hash, salt, info: purpose };
  return new Uint8Array(await crypto.subtle.deriveBits(wanted, key, 256));
}
