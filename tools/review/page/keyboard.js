// Keys: a digit begins a number, others are in a table; with Ctrl held those of the history only.

const HISTORY = { z: "u", y: "r" };
const AGAIN = { z: "r" };  // with Shift

// What the pressed key does, or undefined. typed(digit) answers a digit.
export function deedOf(event, keys, typed) {
  if (event.altKey) return undefined;
  const held = event.ctrlKey || event.metaKey;
  if (/^\d$/.test(event.key) && !held) return () => typed(event.key);
  return keys[held ? (event.shiftKey ? AGAIN : HISTORY)[event.key.toLowerCase()] : event.key];
}
