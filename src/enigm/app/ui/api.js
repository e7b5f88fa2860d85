// The deeds of docs/app-api.md, one function each.
import { request } from "./session.js";

const get = (path) => request("GET", path);
const post = (path, body) => request("POST", path, body);
const name = encodeURIComponent;

export const state = () => get("/api/state");
export const register = (username, password, invite) =>
  post("/api/register", { username, password, invite: invite || null });
export const phraseToConfirm = () => get("/api/register");
export const confirmPhrase = (words) => post("/api/register/confirm", { words });
export const recover = (phrase, password) => post("/api/recover", { phrase, password });
export const link = (username, password) => post("/api/link", { username, password });
export const linkCode = async () => (await get("/api/link")).code;
export const unlock = (password) => post("/api/unlock", { password });
export const lock = () => post("/api/lock");

export const conversations = () => get("/api/conversations");
export const conversation = (id) => get(`/api/conversations/${name(id)}`);
export const messages = (id, before, limit) => {
  const query = new URLSearchParams({ limit: String(limit) });
  if (before) query.set("before", before);
  return get(`/api/conversations/${name(id)}/messages?${query}`);
};
export const send = (id, text) => post(`/api/conversations/${name(id)}/messages`, { text });
export const retry = (id, message) =>
  post(`/api/conversations/${name(id)}/messages/${name(message)}/retry`);
export const markRead = (id, upTo) => post(`/api/conversations/${name(id)}/read`, { up_to: upTo });
export const createGroup = (title, members) => post("/api/groups", { title, members });
export const rename = (id, title) => post(`/api/conversations/${name(id)}/title`, { title });
export const addMember = (id, account) => post(`/api/conversations/${name(id)}/members`, { account });
export const removeMember = (id, account) =>
  post(`/api/conversations/${name(id)}/members/remove`, { account });
export const leave = (id) => post(`/api/conversations/${name(id)}/leave`);

export const contacts = () => get("/api/contacts");
export const addContact = (who) => post("/api/contacts", who);
export const block = (account) => post(`/api/contacts/${name(account)}/block`);
export const unblock = (account) => post(`/api/contacts/${name(account)}/unblock`);
export const requests = () => get("/api/requests");
export const acceptRequest = (id) => post(`/api/requests/${name(id)}/accept`);
export const refuseRequest = (id) => post(`/api/requests/${name(id)}/refuse`);
export const invite = () => get("/api/invite");

export const sessions = async () => (await get("/api/sessions")).sessions;
export const endSession = (id) => post(`/api/sessions/${name(id)}/end`);
export const devices = async () => (await get("/api/devices")).devices;
export const approveDevice = (id) => post(`/api/devices/${name(id)}/approve`);
export const refuseDevice = (id) => post(`/api/devices/${name(id)}/refuse`);
export const revokeDevice = (id, pin) => post(`/api/devices/${name(id)}/revoke`, { pin });
export const safety = (account) => get(`/api/safety/${name(account)}`);
export const setVerified = (account, verified) => post(`/api/safety/${name(account)}`, { verified });

export const security = () => get("/api/security");
export const setSending = (on) => post("/api/security/sending", { on });

export const search = (words) => get(`/api/search?${new URLSearchParams({ q: words })}`);
export const deleteAccount = (password, pin) => post("/api/account/delete", { password, pin });
export const changePassword = (password, newPassword, pin) =>
  post("/api/account/password", { password, new_password: newPassword, pin });

export const pin = () => get("/api/pin");
export const setPin = (password, first) => post("/api/pin/set", { password, pin: first });
export const changePin = (now, newPin) => post("/api/pin/change", { pin: now, new_pin: newPin });
export const setDuressPin = (now, duressPin) => post("/api/pin/duress", { pin: now, duress_pin: duressPin || null });
export const removePin = (now) => post("/api/pin/remove", { pin: now });
export const resetPin = (phrase, newPin) => post("/api/pin/reset", { phrase, new_pin: newPin });
