// A hint of how long a password would stand; the vault decides nothing by it.

const WORDS_STRONG_MIN = 4;
// Argon2id makes each guess dear; these lengths are for one who guesses for months.
const LEVELS = [
  [0, 0, "Four or more unrelated words are easy to keep and hard to guess."],
  [1, 0, "Too short: it would be guessed quickly."],
  [2, 40, "Weak: a few more characters, or another word, help a lot."],
  [3, 60, "Good. A longer one is better still."],
  [4, 80, "Strong. Nobody can reset it for you: keep it safe."],
];

/** Returns {level: 0 to 4, words}. */
export function strength(password) {
  if (password === "") return as(LEVELS[0]);
  const bits = guessBits(password);
  const reached = LEVELS.filter(([level, from]) => level > 0 && bits >= from).at(-1);
  return as(reached);
}

function as([level, , words]) {
  return { level, words };
}

function guessBits(password) {
  const words = new Set(password.split(/[\s._-]+/u).filter((word) => word.length > 2));
  const characters = new Set(password).size;
  // A repeated character adds little, so that "aaaaaaaaaaaa" stays weak.
  const byCharacters = Math.min(password.length, characters * 2) * bitsPerCharacter(password);
  return words.size >= WORDS_STRONG_MIN ? Math.max(byCharacters * 0.6, words.size * 14) : byCharacters * 0.6;
}

function bitsPerCharacter(password) {
  const classes = [/[a-z]/u, /[A-Z]/u, /\d/u, /[^a-zA-Z\d]/u].filter((it) => it.test(password));
  return 4 + classes.length;
}
