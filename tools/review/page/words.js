// Counts and sentences in words.

export const many = (count, what) => `${count} ${what}${count === 1 ? "" : what.endsWith("x") ? "es" : "s"}`;

// A time in seconds as m:ss.s.
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

// With a capital letter at its beginning.
export const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// A name that is a number is in quotes, lest it be read as an id.
export const toldFromNumbers = (name) => (/\p{N}/u.test(name) && !/\p{L}/u.test(name) ? `“${name}”` : name);

const WIDE = 0x1100;

// As much of the words as fits into so many half-width letters, and how many that are.
export function shortened(words, most) {
  const letters = [...new Intl.Segmenter().segment(words)].map(({ segment }) => segment);
  const width = (own) => own.reduce((sum, letter) => sum + (letter.codePointAt(0) >= WIDE ? 2 : 1), 0);
  if (width(letters) <= most) return { text: words, width: width(letters) };
  while (width(letters) >= most) letters.pop();
  return { text: `${letters.join("").trimEnd()}…`, width: width(letters) + 1 };
}
