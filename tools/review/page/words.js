// Counts in words.

export const many = (count, what) => `${count} ${what}${count === 1 ? "" : what.endsWith("x") ? "es" : "s"}`;
