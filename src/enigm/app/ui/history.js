// The messages of each conversation: read page by page upward, merged with what arrives.
import * as api from "./api.js";
import { store } from "./store.js";

export const PAGE = 50;
// A hit of the search may lie far back; beyond this many pages it is shown without its context.
const SEARCH_PAGES_MAX = 60;
const NONE = { lines: [], complete: false, loading: false, read: false };

export function historyOf(id) {
  return store.state.messages.get(id) ?? NONE;
}

function keep(id, patch) {
  store.put("messages", id, { ...historyOf(id), ...patch });
}

/** Read the newest page, once; later pages come by `readOlder`. */
export async function readNewest(id) {
  const known = historyOf(id);
  if (known.read || known.loading) return;
  keep(id, { loading: true });
  try {
    const lines = await api.messages(id, null, PAGE);
    // What arrived while the page was on its way comes after it.
    const live = historyOf(id).lines;
    keep(id, { loading: false, read: true, complete: lines.length < PAGE, lines: merged(lines, live) });
  } catch {
    keep(id, { loading: false, read: true, complete: true });
  }
}

/** Read the page above the oldest line; tells whether there was one. */
export async function readOlder(id) {
  const known = historyOf(id);
  if (known.loading || known.complete || known.lines.length === 0) return false;
  keep(id, { loading: true });
  const lines = await api.messages(id, known.lines[0].id, PAGE).catch(() => []);
  keep(id, { loading: false, complete: lines.length < PAGE, lines: [...lines, ...historyOf(id).lines] });
  return lines.length > 0;
}

/** Read upward until a message is there. */
export async function readUntil(id, message) {
  await readNewest(id);
  for (let page = 0; page < SEARCH_PAGES_MAX; page += 1) {
    if (historyOf(id).lines.some((line) => line.id === message)) return true;
    if (!(await readOlder(id))) return false;
  }
  return false;
}

/** After the stream was down: read the newest page of every conversation that was open. */
export async function refreshMessages() {
  const open = [...store.state.messages.keys()];
  await Promise.all(open.map((id) => refresh(id)));
}

async function refresh(id) {
  const lines = await api.messages(id, null, PAGE).catch(() => null);
  if (lines === null) return;
  const known = historyOf(id).lines;
  const meets = known.some((line) => line.id === lines[0]?.id);
  // A gap wider than a page: begin again from the newest rather than show a hole.
  const next = meets ? merged(known, lines) : lines;
  keep(id, { lines: next, complete: meets ? historyOf(id).complete : lines.length < PAGE, read: true });
}

export function showMessage(message) {
  mergeMessages(message.conversation, [message]);
}

/** Merge lines into a conversation; tells whether any of them is new. */
export function mergeMessages(id, lines) {
  const known = historyOf(id);
  // Nothing of this chat was asked for yet: opening it reads this line with the others.
  if (!known.read && !known.loading) return true;
  const isNew = lines.some((line) => !known.lines.some((it) => it.id === line.id));
  keep(id, { lines: merged(known.lines, lines) });
  return isNew;
}

function merged(known, lines) {
  const changed = new Map(lines.map((line) => [line.id, line]));
  const kept = known.map((line) => changed.get(line.id) ?? line);
  const ids = new Set(known.map((line) => line.id));
  return [...kept, ...lines.filter((line) => !ids.has(line.id))];
}
