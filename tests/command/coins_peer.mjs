// Runs the buyer's half of Code Coin as the browser does, one question a line.
import { createInterface } from "node:readline";
import {
  checkedKeys, denominated, finish, keyOfCode, want,
} from "../../src/enigm/faces/command/static/vendor/coins.js";

let keys = [];
let pending = [];

const answers = {
  list: ({ list, seen }) => {
    const checked = checkedKeys(list, seen);
    ({ keys } = checked);
    return { head: checked.head, values: keys.map(({ value }) => value) };
  },
  want: ({ counts, now }) => {
    const asked = want(counts, keys, now);
    ({ pending } = asked);
    return { wanted: asked.wanted };
  },
  finish: ({ signed }) => ({ codes: finish(pending, signed, keys) }),
  split: ({ cents, now }) => ({ counts: denominated(cents, keys, now) }),
  value: ({ text }) => ({ value: keyOfCode(text, keys)?.value ?? null }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...given } = JSON.parse(line);
  try {
    console.log(JSON.stringify(answers[command](given)));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error) }));
  }
}
