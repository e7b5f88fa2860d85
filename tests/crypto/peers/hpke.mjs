// Answers HPKE questions with @hpke/core and @hpke/hybridkem-x-wing: one JSON line each.
import { createInterface } from "node:readline";
import {
  Aes128Gcm,
  Aes256Gcm,
  CipherSuite,
  DhkemP256HkdfSha256,
  DhkemX25519HkdfSha256,
  HkdfSha256,
  HkdfSha512,
} from "@hpke/core";
import { XWing } from "@hpke/hybridkem-x-wing";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value) => Buffer.from(value).toString("hex");
const kems = {
  0x0010: () => new DhkemP256HkdfSha256(),
  0x0020: () => new DhkemX25519HkdfSha256(),
  0x647a: () => new XWing(),
};
const kdfs = { 1: () => new HkdfSha256(), 3: () => new HkdfSha512() };
const aeads = { 1: () => new Aes128Gcm(), 2: () => new Aes256Gcm() };

const suite = (q) =>
  new CipherSuite({ kem: kems[q.kem](), kdf: kdfs[q.kdf](), aead: aeads[q.aead]() });

const commands = {
  async derive(q) {
    const { kem } = suite(q);
    const pair = await kem.deriveKeyPair(bytes(q.ikm).buffer);
    return {
      private: hex(await kem.serializePrivateKey(pair.privateKey)),
      public: hex(await kem.serializePublicKey(pair.publicKey)),
    };
  },
  async seal(q) {
    const s = suite(q);
    const key = await s.kem.deserializePublicKey(bytes(q.public).buffer);
    const sender = await s.createSenderContext({ recipientPublicKey: key, info: bytes(q.info) });
    const ciphertext = await sender.seal(bytes(q.plaintext), bytes(q.aad));
    const secret = await sender.export(bytes(q.exporter_context), q.length);
    return { enc: hex(sender.enc), ciphertext: hex(ciphertext), secret: hex(secret) };
  },
  async open(q) {
    const s = suite(q);
    const key = await s.kem.deserializePrivateKey(bytes(q.private).buffer);
    const recipient = await s.createRecipientContext({
      recipientKey: key,
      enc: bytes(q.enc),
      info: bytes(q.info),
    });
    const secret = await recipient.export(bytes(q.exporter_context), q.length);
    if (q.ciphertext === undefined) return { secret: hex(secret) };
    const plaintext = await recipient.open(bytes(q.ciphertext), bytes(q.aad));
    return { plaintext: hex(plaintext), secret: hex(secret) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const question = JSON.parse(line);
    answer = await commands[question.command](question);
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
