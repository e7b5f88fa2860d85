// Keeps the store in step with the daemon: reads it all once, then follows the news stream.
import * as api from "./api.js";
import { endSession, streamProtocols } from "./session.js";
import { store } from "./store.js";
import { announce } from "./announce.js";
import { mergeMessages, refreshMessages, showMessage } from "./history.js";

const RETRY_MILLISECONDS_MIN = 400;
const RETRY_MILLISECONDS_MAX = 8000;
const SESSION_ENDED = "loopback.session";
let retryMilliseconds = RETRY_MILLISECONDS_MIN;

export async function start() {
  await connect();
}

/** Take a new state of the App, and read what it now lets us read. */
export async function takeState(state) {
  const before = store.state.app;
  store.change({ app: state, boot: "ready" });
  const isBack = state.connection === "online" && before?.connection !== "online";
  if (state.stage === "ready" && !store.state.loaded) await load();
  else if (state.stage === "ready" && isBack) void readDevices();
  if (state.stage !== "ready" && before?.stage === "ready") store.forget();
}

async function load() {
  const [conversations, contacts, requests, devices] = await Promise.all([
    api.conversations(),
    api.contacts(),
    api.requests(),
    // The service knows the devices: without it everything else is shown all the same.
    api.devices().catch(() => []),
  ]);
  store.change({
    conversations: byKey(conversations, "id"),
    contacts: byKey(contacts, "account"),
    requests: byKey(requests, "id"),
    devices: byKey(devices, "id"),
    details: new Map(),
    loaded: true,
  });
  await refreshMessages();
}

function byKey(rows, key) {
  return new Map(rows.map((row) => [row[key], row]));
}

async function connect() {
  try {
    // Read first: it tells a lost session from a lost daemon, which a WebSocket cannot.
    const state = await api.state();
    const stream = new WebSocket(`ws://${location.host}/api/events`, streamProtocols());
    stream.addEventListener("open", () => opened(state));
    stream.addEventListener("message", (event) => take(JSON.parse(event.data)));
    stream.addEventListener("close", () => lost());
  } catch (problem) {
    if (problem.code === SESSION_ENDED) stranger();
    else {
      store.change({ daemon: false });
      lost();
    }
  }
}

async function opened() {
  retryMilliseconds = RETRY_MILLISECONDS_MIN;
  // News may have passed while the stream was down: read it all again.
  store.change({ daemon: true, loaded: false });
  try {
    await takeState(await api.state());
  } catch {
    store.change({ boot: "ready" });
  }
}

function lost() {
  // A stream that was cut is mostly open again at once: only a daemon that does not answer is gone.
  if (store.state.boot === "stranger") return;
  setTimeout(connect, retryMilliseconds);
  retryMilliseconds = Math.min(retryMilliseconds * 2, RETRY_MILLISECONDS_MAX);
}

function stranger() {
  endSession();
  store.forget();
  store.change({ boot: "stranger", app: null });
}

const takers = {
  state: takeState,
  message: (value) => {
    if (mergeMessages(value.conversation, [value])) announce(value);
  },
  conversation: (value) => {
    const known = store.state.details.get(value.id);
    store.put("conversations", value.id, value);
    // The stream's row does not hold the members: read those again when they are shown.
    if (known && differs(known, value)) void loadDetails(value.id);
  },
  conversation_gone: (value) => {
    store.put("conversations", value.id, null);
    store.put("details", value.id, null);
  },
  contact: (value) => store.put("contacts", value.account, value),
  request: (value) => {
    store.put("requests", value.id, value);
    announce({ sender_name: value.name, text: "asks to talk to you", mine: false });
  },
  request_gone: (value) => store.put("requests", value.id, null),
  device: (value) => {
    store.put("devices", value.id, value);
    // The code to compare takes a moment to make: ask for it.
    if (value.state === "pending" && !value.code) void readDevices();
  },
};

function differs(known, row) {
  const same = known.members.length === row.members && known.title === row.title;
  return !same || known.state !== row.state;
}

function take({ type, value }) {
  takers[type]?.(value);
}

/** Read the devices, with the codes of those that wait. */
export async function readDevices() {
  const devices = await api.devices().catch(() => null);
  if (devices) store.change({ devices: byKey(devices, "id") });
}

/** Read a conversation's members. */
export async function loadDetails(id) {
  try {
    store.put("details", id, await api.conversation(id));
  } catch {
    store.put("details", id, null);
  }
}

/** Keep a conversation that a deed answered with; the stream's row, if it came first, is newer. */
export function keepConversation(details) {
  const row = store.state.conversations.get(details.id);
  store.put("details", details.id, details);
  if (!row) store.put("conversations", details.id, { ...details, members: details.members.length });
}

/** Send, and show it at once. */
export async function sendMessage(id, text) {
  showMessage(await api.send(id, text));
}

export async function retryMessage(id, message) {
  showMessage(await api.retry(id, message));
}
