// Times, names and colours as people read them.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const weekdayShort = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const DAY_MILLISECONDS = 86_400_000;
const AVATAR_HUES = 12;

const date = (seconds) => new Date(seconds * 1000);

function daysAgo(seconds) {
  const midnight = (it) => new Date(it.getFullYear(), it.getMonth(), it.getDate()).getTime();
  return Math.round((midnight(new Date()) - midnight(date(seconds))) / DAY_MILLISECONDS);
}

export const clock = (seconds) => time.format(date(seconds));
export const fullTime = (seconds) => whole.format(date(seconds));
export const isoTime = (seconds) => date(seconds).toISOString();
export const longDay = (seconds) => dayMonthYear.format(date(seconds));
export const dayKey = (seconds) => date(seconds).toDateString();

/** The heading above a day's messages. */
export function dayName(seconds) {
  const ago = daysAgo(seconds);
  if (ago <= 0) return "Today";
  if (ago === 1) return "Yesterday";
  return ago < 7 ? weekday.format(date(seconds)) : dayMonthYear.format(date(seconds));
}

/** The time in a list row: the clock today, then the day. */
export function shortTime(seconds) {
  const ago = daysAgo(seconds);
  if (ago <= 0) return clock(seconds);
  if (ago === 1) return "Yesterday";
  return ago < 7 ? weekdayShort.format(date(seconds)) : dayMonth.format(date(seconds));
}

/** One or two letters for an avatar. */
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.slice(0, 2).map((word) => [...word][0].toLocaleUpperCase());
  return letters.join("") || "?";
}

/** A colour that follows the fingerprint, not the name: an impostor's differs. */
export function hue(identifier) {
  // FNV-1a: spreads neighbours far apart.
  let sum = 2_166_136_261;
  for (const letter of identifier) sum = Math.imul(sum ^ letter.codePointAt(0), 16_777_619) >>> 0;
  return (sum >>> 8) % AVATAR_HUES;
}

/** A fingerprint in groups of four, as one reads it aloud. */
export function grouped(text) {
  return text.match(/.{1,4}/gu)?.join(" ") ?? "";
}

export function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

/** One to three emoji and nothing else are shown large. */
export function onlyEmoji(text) {
  return /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*\s?){1,3}$/u.test(text);
}
