// The overlay that lists the keys.

const ROWS = [
  ["↑ ↓ / PgUp PgDn", "another person / five rows on"],
  ["← → / Home End", "another crop / first and last"],
  ["Shift + ← →", "choose a range (also Shift + Home, End)"],
  ["Space", "choose or leave out this crop"],
  ["t / a", "choose this piece of track / all of the row"],
  ["Esc", "choose nothing"],
  ["k, then m", "mark a person; merge another row into the marked one"],
  ["s", "split: from this crop on it is a new person"],
  ["x or Del", "throw out the chosen crops"],
  ["n", "move the chosen crops to a new person"],
  ["0–9", "move the chosen crops to the person of that number"],
  ["g", "go to a person by number"],
  ["u / r", "undo / redo (also Ctrl + Z / Ctrl + Y, Ctrl + Shift + Z)"],
  ["f", "see the frame, correct boxes"],
  ["+ −", "one thumbnail for more or fewer crops"],
  ["o", "sort the rows again"],
];

const FRAME = [
  ["← →", "one frame back or on; with Shift ten"],
  ["Home End / g", "first and last frame / go to a frame"],
  ["↑ ↓", "choose the previous or next box"],
  ["drag", "draw a new box; an edge, corner or the number of the chosen one changes or moves it"],
  ["Alt or Shift + drag", "move a box"],
  ["b", "adjust the box by arrows, with Shift its size, with Ctrl by ten; Enter keeps it"],
  ["0–9, Enter", "in this frame it is that person"],
  ["0–9, Shift + Enter", "from here on it is that person"],
  ["0–9, m", "from the mark to here it is that person"],
  ["0–9, s", "swap the two people from here on"],
  ["n", "a new person, here or from here on"],
  ["a", "add a box where a person was seen last, by number"],
  ["x or Del", "the box goes; once more: the person is absent, no gap is filled"],
  ["k", "mark this frame"],
  ["i", "the person's boxes between the mark and here lie on a straight line"],
  ["Shift + X", "the person is absent from the mark to here"],
  ["u / r", "undo / redo"],
  ["Esc", "back to the rows"],
];

function list(title, keys) {
  const part = document.createElement("section");
  const terms = document.createElement("dl");
  for (const [key, meaning] of keys) {
    const term = document.createElement("dt");
    term.append(Object.assign(document.createElement("kbd"), { textContent: key }));
    terms.append(term, Object.assign(document.createElement("dd"), { textContent: meaning }));
  }
  part.append(Object.assign(document.createElement("h3"), { textContent: title }), terms);
  return part;
}

export function showKeys(...lists) {
  const dialog = document.querySelector("#help");
  dialog.querySelector("#help-keys").replaceChildren(...lists.map(([title, keys]) => list(title, keys)));
  dialog.showModal();
  dialog.scrollTop = 0;  // its button below has the focus
}

export const help = () => showKeys(["Rows", ROWS], ["Frame", FRAME]);
