// Where the page stands: `#/section/id/part`, so that back, forward and bookmarks work.

const FIRST = "chats";

export function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [section = "", id = "", part = "", extra = ""] = path.split("/").map(decoded);
  return { section: section || FIRST, id, part, extra, query: new URLSearchParams(query) };
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return "";
  }
}

/** The address of a place, for links. */
export function href(...segments) {
  return `#/${segments.map(encodeURIComponent).join("/")}`;
}

export function go(...segments) {
  location.hash = href(...segments);
}

/** Go somewhere without leaving the present place in the history. */
export function replace(...segments) {
  history.replaceState(null, "", href(...segments));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
