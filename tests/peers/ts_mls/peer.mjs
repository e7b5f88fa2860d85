// Runs ts-mls clients for the tests: one JSON command per line in, one JSON answer per line out.
// Binary values are hex. Every answer carries `seconds`: the time spent inside the library, by
// the wall's clock and by the processor's.
import { createInterface } from "node:readline";
import { register } from "node:module";

register("./resolve.mjs", import.meta.url);
const {
  branchGroup,
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  createProposal,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeGroupState,
  encodeMlsMessage,
  generateKeyPackage,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  joinGroupFromBranch,
  joinGroupFromReinit,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
  reinitCreateNewGroup,
  reinitGroup,
} = await import("ts-mls");

const { createGroupInfoWithRatchetTree } = await import("ts-mls/createCommit.js");
const { ratchetTreeEncoder } = await import("ts-mls/ratchetTree.js");
const { encode } = await import("ts-mls/codec/tlsEncoder.js");

const bytes = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (value) => Buffer.from(value).toString("hex");
const clients = new Map();
let seconds = { wall: 0, processor: 0 };

const clocks = () => {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, processor: (user + system) / 1e6 };
};
const elapsed = (start, end = clocks()) => ({
  wall: end.wall - start.wall,
  processor: end.processor - start.processor,
});

const timed = async (work) => {
  const start = clocks();
  const result = await work();
  const spent = elapsed(start);
  seconds = { wall: seconds.wall + spent.wall, processor: seconds.processor + spent.processor };
  return result;
};

const decode = (text) => {
  const decoded = decodeMlsMessage(bytes(text), 0);
  if (decoded === undefined) throw new Error("not an MLSMessage");
  return decoded[0];
};
const message = (fields) => hex(encodeMlsMessage({ version: "mls10", ...fields }));

const plainCapabilities = (suite) => ({
  versions: ["mls10"],
  ciphersuites: [suite],
  extensions: [],
  proposals: [],
  credentials: ["basic"],
});

// A quarter of a year: ts-mls's default runs for ever, which RFC 9420 §7.2 lets others refuse.
const lifetime = () => {
  const now = BigInt(Math.floor(Date.now() / 1000));
  return { notBefore: now - 3600n, notAfter: now + 7776000n };
};

// ExternalPub holds an HPKEPublicKey, which is a vector with a length of its own (RFC 9420
// §12.4.3.2); ts-mls 1.6.4 writes and reads the bare key. These two set that right.
const lengthOf = (size) => (size < 64 ? [size] : [0x40 | (size >> 8), size & 0xff]);
const wrapKey = (key) => Uint8Array.from([...lengthOf(key.length), ...key]);
const unwrapKeys = (impl) => ({
  ...impl,
  hpke: {
    ...impl.hpke,
    importPublicKey: (key) =>
      impl.hpke.importPublicKey(
        key.length === 33 ? key.slice(1) : key.length === 1218 ? key.slice(2) : key,
      ),
  },
});

const pskIndex = (client) => makePskIndex(client.state, client.psks);

const commit = async (client, extraProposals, q) => {
  const result = await timed(() =>
    createCommit(
      { state: client.state, cipherSuite: client.impl, pskIndex: pskIndex(client) },
      { extraProposals, ratchetTreeExtension: true, wireAsPublicMessage: q.public === true },
    ),
  );
  client.state = result.newState;
  const answer = { commit: hex(encodeMlsMessage(result.commit)) };
  if (result.welcome !== undefined)
    answer.welcome = message({ wireformat: "mls_welcome", welcome: result.welcome });
  return answer;
};

const proposal = (client, q) => {
  if (q.add !== undefined) return { proposalType: "add", add: { keyPackage: decode(q.add).keyPackage } };
  if (q.remove !== undefined) return { proposalType: "remove", remove: { removed: q.remove } };
  const nonce = crypto.getRandomValues(new Uint8Array(client.impl.kdf.size));
  const preSharedKeyId = { psktype: "external", pskId: bytes(q.psk), pskNonce: nonce };
  return { proposalType: "psk", psk: { preSharedKeyId } };
};

const commands = {
  async client(q) {
    const name = Object.keys(ciphersuites).find((key) => ciphersuites[key] === q.suite);
    const impl = await getCiphersuiteImpl(getCiphersuiteFromName(name));
    const capabilities = q.grease ? defaultCapabilities() : plainCapabilities(name);
    const credential = { credentialType: "basic", identity: bytes(q.identity) };
    clients.set(q.name, { impl, capabilities, credential, psks: {} });
    return {};
  },
  async key_package(q, client) {
    client.package = await timed(() =>
      generateKeyPackage(client.credential, client.capabilities, lifetime(), [], client.impl),
    );
    return {
      message: message({
        wireformat: "mls_key_package",
        keyPackage: client.package.publicPackage,
      }),
    };
  },
  async create(q, client) {
    await commands.key_package(q, client);
    const { publicPackage, privatePackage } = client.package;
    client.state = await timed(() =>
      createGroup(bytes(q.group_id), publicPackage, privatePackage, [], client.impl),
    );
    return {};
  },
  async join(q, client) {
    const { publicPackage, privatePackage } = client.package;
    const welcome = decode(q.welcome).welcome;
    client.state = await timed(() =>
      joinGroup(welcome, publicPackage, privatePackage, makePskIndex(undefined, client.psks), client.impl),
    );
    return {};
  },
  async join_external(q, client) {
    await commands.key_package(q, client);
    const { publicPackage, privatePackage } = client.package;
    const info = decode(q.group_info).groupInfo;
    const result = await timed(() =>
      joinGroupExternal(info, publicPackage, privatePackage, false, unwrapKeys(client.impl)),
    );
    client.state = result.newState;
    const publicMessage = result.publicMessage;
    return { commit: message({ wireformat: "mls_public_message", publicMessage }) };
  },
  async add(q, client) {
    const adds = q.key_packages.map((text) => proposal(client, { add: text }));
    return commit(client, adds, q);
  },
  async remove(q, client) {
    return commit(client, [proposal(client, { remove: q.leaf })], q);
  },
  async commit(q, client) {
    return commit(client, [], q);
  },
  async commit_psk(q, client) {
    return commit(client, [proposal(client, { psk: q.psk_id })], q);
  },
  async psk(q, client) {
    client.psks[Buffer.from(bytes(q.psk_id)).toString("base64")] = bytes(q.secret);
    return {};
  },
  async propose(q, client) {
    const result = await createProposal(client.state, q.public === true, proposal(client, q), client.impl);
    client.state = result.newState;
    return { message: hex(encodeMlsMessage(result.message)) };
  },
  async process(q, client) {
    const decoded = decode(q.message);
    const result = await timed(() =>
      decoded.wireformat === "mls_public_message"
        ? processPublicMessage(client.state, decoded.publicMessage, pskIndex(client), client.impl)
        : processPrivateMessage(client.state, decoded.privateMessage, pskIndex(client), client.impl),
    );
    client.state = result.newState;
    return result.kind === "applicationMessage" ? { plaintext: hex(result.message) } : {};
  },
  async send(q, client) {
    const plaintext = bytes(q.plaintext);
    const result = await timed(() =>
      createApplicationMessage(client.state, plaintext, client.impl),
    );
    client.state = result.newState;
    const privateMessage = result.privateMessage;
    return { message: message({ wireformat: "mls_private_message", privateMessage }) };
  },
  async exporter(q, client) {
    const { exporterSecret } = client.state.keySchedule;
    const secret = await mlsExporter(exporterSecret, q.label, bytes(q.context), q.length, client.impl);
    return { secret: hex(secret) };
  },
  async state(q, client) {
    const { keySchedule, groupContext } = client.state;
    return {
      authenticator: hex(keySchedule.epochAuthenticator),
      epoch: Number(groupContext.epoch),
      active: client.state.groupActiveState.kind,
      leaf: client.state.privatePath.leafIndex,
    };
  },
  async size(q, client) {
    return { bytes: encodeGroupState(client.state).length };
  },
  async group_info(q, client) {
    const { state, impl } = client;
    const pair = await impl.hpke.deriveKeyPair(state.keySchedule.externalSecret);
    const key = await impl.hpke.exportPublicKey(pair.publicKey);
    const groupInfo = await createGroupInfoWithRatchetTree(
      state.groupContext,
      state.confirmationTag,
      state,
      state.ratchetTree,
      [{ extensionType: "external_pub", extensionData: wrapKey(key) }],
      impl,
    );
    return { message: message({ wireformat: "mls_group_info", groupInfo }) };
  },
  async copy(q, client) {
    clients.set(q.to, { ...client });
    return {};
  },
  async reinit(q, client) {
    const suite = client.impl.name ?? q.suite_name;
    const result = await reinitGroup(client.state, bytes(q.group_id), "mls10", suite, [], client.impl);
    client.state = result.newState;
    return { commit: hex(encodeMlsMessage(result.commit)) };
  },
  async succeed(q, client) {
    // Makes the group that a ReInit announced, or a branch; the client is in the new group then.
    const { publicPackage, privatePackage } = (await commands.key_package(q, client), client.package);
    const members = q.key_packages.map((text) => decode(text).keyPackage);
    const id = bytes(q.group_id);
    const result = q.branch
      ? await branchGroup(client.state, publicPackage, privatePackage, members, id, client.impl)
      : await reinitCreateNewGroup(
          client.state,
          publicPackage,
          privatePackage,
          members,
          id,
          client.impl.name ?? q.suite_name,
          [],
        );
    client.state = result.newState;
    return {
      welcome: message({ wireformat: "mls_welcome", welcome: result.welcome }),
      tree: hex(encode(ratchetTreeEncoder)(result.newState.ratchetTree)),
    };
  },
  async follow_successor(q, client) {
    const { publicPackage, privatePackage } = client.package;
    const welcome = decode(q.welcome).welcome;
    client.state = await (q.branch
      ? joinGroupFromBranch(client.state, welcome, publicPackage, privatePackage, undefined, client.impl)
      : joinGroupFromReinit(client.state, welcome, publicPackage, privatePackage, undefined));
    return {};
  },
  async rounds(q, client) {
    // Encrypt and decrypt many messages inside the process, for the benchmark.
    const reader = clients.get(q.reader);
    const plaintext = new Uint8Array(q.length);
    const messages = [];
    const encrypt = clocks();
    for (let i = 0; i < q.count; i += 1) {
      const sent = await createApplicationMessage(client.state, plaintext, client.impl);
      client.state = sent.newState;
      messages.push(encodeMlsMessage({ version: "mls10", wireformat: "mls_private_message", privateMessage: sent.privateMessage }));
    }
    const decrypt = clocks();
    for (const raw of messages) {
      const { privateMessage } = decodeMlsMessage(raw, 0)[0];
      const opened = await processPrivateMessage(reader.state, privateMessage, emptyPskIndex, reader.impl);
      reader.state = opened.newState;
    }
    return { encrypt: elapsed(encrypt, decrypt), decrypt: elapsed(decrypt) };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  seconds = { wall: 0, processor: 0 };
  try {
    const question = JSON.parse(line);
    answer = await commands[question.command](question, clients.get(question.name));
    answer.seconds = seconds;
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
