// Answers VOPRF questions with @cloudflare/voprf-ts: one JSON line each.
import { createInterface } from "node:readline";
import {
  Evaluation,
  EvaluationRequest,
  Oprf,
  VOPRFClient,
  VOPRFServer,
  deriveKeyPair,
} from "@cloudflare/voprf-ts";
import { CryptoNoble } from "@cloudflare/voprf-ts/crypto-noble";

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value) => Buffer.from(value).toString("hex");
const suite = Oprf.Suite.RISTRETTO255_SHA512;
const pending = new Map();

const keys = (q) =>
  deriveKeyPair(Oprf.Mode.VOPRF, suite, bytes(q.seed), bytes(q.info), CryptoNoble);

const commands = {
  async public_key(q) {
    return { public: hex((await keys(q)).publicKey) };
  },
  async evaluate(q) {
    const server = new VOPRFServer(suite, (await keys(q)).privateKey, CryptoNoble);
    const request = EvaluationRequest.deserialize(suite, bytes(q.request), CryptoNoble);
    return { evaluation: hex((await server.blindEvaluate(request)).serialize()) };
  },
  async output(q) {
    const server = new VOPRFServer(suite, (await keys(q)).privateKey, CryptoNoble);
    return { output: hex(await server.evaluate(bytes(q.input))) };
  },
  async blind(q) {
    const client = new VOPRFClient(suite, bytes(q.public), CryptoNoble);
    const [state, request] = await client.blind(q.inputs.map(bytes));
    pending.set(q.name, [client, state]);
    return { request: hex(request.serialize()) };
  },
  async finalize(q) {
    const [client, state] = pending.get(q.name);
    const evaluation = Evaluation.deserialize(suite, bytes(q.evaluation), CryptoNoble);
    return { outputs: (await client.finalize(state, evaluation)).map(hex) };
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
