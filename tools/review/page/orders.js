// In which order the rows stand. An order is made when it is asked for; edits afterwards disturb it as little as they can.

const KEYS = {
  doubt: (person) => [-person.clashes.size, -person.doubt, -person.most, person.number],
  number: (person) => [person.number],
  time: (person) => [person.crops[0] ?? Infinity, person.number],
  count: (person) => [-person.crops.length, person.number],
};

function compared(one, other) {
  const at = one.findIndex((value, place) => value !== other[place]);
  return at < 0 ? 0 : one[at] - other[at];
}

export function ordered(people, by) {
  const keyed = [...people.values()].map((person) => [KEYS[by](person), person.number]);
  return keyed.sort(([one], [other]) => compared(one, other)).map(([, number]) => number);
}

// Those who are left stay in place; new people come behind `after`.
export function kept(order, people, after) {
  const left = order.filter((number) => people.has(number));
  const known = new Set(left);
  const fresh = [...people.keys()].filter((number) => !known.has(number));
  const at = left.indexOf(after);
  left.splice(at < 0 ? left.length : at + 1, 0, ...fresh);
  return left;
}
