// Counts and sentences in words.

export const many = (count, what) => `${count} ${what}${count === 1 ? "" : what.endsWith("x") ? "es" : "s"}`;

// A time in seconds as m:ss.s.
export const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;

// With a capital letter at its beginning.
export const sentence = (words) => words.charAt(0).toUpperCase() + words.slice(1);

// A name that is a number is in quotes, lest it be read as an id.
export const toldFromNumbers = (name) => (/\p{N}/u.test(name) && !/\p{L}/u.test(name) ? `“${name}”` : name);

// As much of the words as is `most` wide by `width`, with an ellipsis where that is not all of them.
export function shortened(words, most, width) {
  if (width(words) <= most) return words;
  const letters = [...new Intl.Segmenter().segment(words)].map(({ segment }) => segment);
  const cut = () => `${letters.join("").trimEnd()}…`;
  while (letters.length && width(cut()) > most) letters.pop();
  return cut();
}
