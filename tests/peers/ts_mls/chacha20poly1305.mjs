// ChaCha20-Poly1305 in the shape that @hpke/core asks of an AEAD, over Node's own crypto:
// stands in for the optional package @hpke/chacha20poly1305 where that is not installed.
import { createCipheriv, createDecipheriv } from "node:crypto";

const TAG = 16;
const octets = (value) => (value === undefined ? new Uint8Array() : new Uint8Array(value));
const buffer = (value) => Uint8Array.from(value).buffer;

class Context {
  constructor(key) {
    this.key = octets(key);
  }

  async seal(iv, data, aad) {
    const options = { authTagLength: TAG };
    const cipher = createCipheriv("chacha20-poly1305", this.key, octets(iv), options);
    cipher.setAAD(octets(aad));
    const body = [cipher.update(octets(data)), cipher.final()];
    return buffer(Buffer.concat([...body, cipher.getAuthTag()]));
  }

  async open(iv, data, aad) {
    const sealed = octets(data);
    const options = { authTagLength: TAG };
    const decipher = createDecipheriv("chacha20-poly1305", this.key, octets(iv), options);
    decipher.setAAD(octets(aad));
    decipher.setAuthTag(sealed.slice(-TAG));
    return buffer(Buffer.concat([decipher.update(sealed.slice(0, -TAG)), decipher.final()]));
  }
}

export class Chacha20Poly1305 {
  id = 0x0003;
  keySize = 32;
  nonceSize = 12;
  tagSize = TAG;

  createEncryptionContext(key) {
    return new Context(key);
  }
}
