// Everything the page knows, in one place; views redraw when it changes.

function empty() {
  return {
    conversations: new Map(), // id → row of the list
    details: new Map(), // id → the conversation with its members
    messages: new Map(), // id → {lines, complete, loading}
    contacts: new Map(), // account → contact
    requests: new Map(), // id → request
    devices: new Map(), // id → device
    loaded: false,
  };
}

class Store extends EventTarget {
  // boot: starting, stranger (no session), ready; daemon: whether the news stream is up.
  state = { boot: "starting", app: null, daemon: true, toast: null, ...empty() };

  // Drafts stay in memory: a browser may write its session storage to the disk in the clear.
  drafts = new Map();

  change(patch) {
    Object.assign(this.state, patch);
    this.dispatchEvent(new Event("change"));
  }

  /** Forget everything that was shown: the vault is locked or the account is gone. */
  forget() {
    this.drafts.clear();
    this.change(empty());
  }

  put(table, key, value) {
    const next = new Map(this.state[table]);
    if (value === null) next.delete(key);
    else next.set(key, value);
    this.change({ [table]: next });
  }
}

export const store = new Store();

/** The conversations, newest first. */
export function conversationsByTime() {
  const at = (it) => it.last?.at ?? Number.MAX_SAFE_INTEGER;
  return [...store.state.conversations.values()].sort((a, b) => at(b) - at(a));
}

export function unreadTotal() {
  let total = 0;
  for (const it of store.state.conversations.values()) total += it.unread;
  return total;
}

export function contactsBy(state) {
  return [...store.state.contacts.values()]
    .filter((it) => it.state === state)
    .sort((a, b) => a.name.localeCompare(b.name));
}

let toastNumber = 0;

/** A short line at the foot of the page: what was done, or why it was not. */
export function say(text, kind = "plain") {
  toastNumber += 1;
  store.change({ toast: { text, kind, number: toastNumber } });
}
