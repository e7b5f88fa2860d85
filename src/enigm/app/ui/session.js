// The session with the daemon, and every request that carries it.

const KEY = "enigm.session";
let session = "";

/** What the daemon answered when it did not do what was asked (RFC 9457). */
export class Problem extends Error {
  constructor({ status = 0, code = "unknown", detail = "", retry_after_seconds = null }) {
    super(detail || "That did not work. Please try again.");
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retry_after_seconds;
  }
}

/** Trade the address's one-time token for a session; a reload uses the tab's own. */
export async function openSession() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token) {
    // Before anything else: the token must not stay in the history or the address bar.
    history.replaceState(null, "", location.pathname);
    try {
      session = (await request("POST", "/api/session", { token })).session;
      sessionStorage.setItem(KEY, session);
      return true;
    } catch {
      return false;
    }
  }
  session = sessionStorage.getItem(KEY) ?? "";
  return session !== "";
}

export function endSession() {
  session = "";
  sessionStorage.removeItem(KEY);
}

/** The WebSocket's subprotocols: the second is the session, which the daemon never echoes. */
export function streamProtocols() {
  return ["enigm.events", `enigm.session.${session}`];
}

/** Ask the daemon; resolves to the answer's JSON, rejects with a Problem. */
export async function request(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: headersFor(method),
      body: method === "POST" ? JSON.stringify(body ?? {}) : undefined,
    });
  } catch {
    throw new Problem({ code: "loopback.gone", detail: "Enigm is not running on this computer." });
  }
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw new Problem({ status: answer.status, ...value });
  return value;
}

function headersFor(method) {
  const headers = {};
  if (session) headers["X-Enigm-Session"] = session;
  if (method === "POST") headers["Content-Type"] = "application/json";
  return headers;
}
