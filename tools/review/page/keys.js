// Keys of the rows.

import { deedOf } from "./keyboard.js";

const PAGE = 5;

export function listen(element, { cursor, actions, view, open }) {
  const move = (by, { shiftKey }) => cursor.place(cursor.number, cursor.column + by, { extend: shiftKey });
  const keys = {
    ArrowLeft: (event) => move(-1, event),
    ArrowRight: (event) => move(1, event),
    Home: (event) => move(-Infinity, event),
    End: (event) => move(cursor.groups.length, event),
    ArrowUp: () => cursor.step(-1),
    ArrowDown: () => cursor.step(1),
    PageUp: () => cursor.step(-PAGE),
    PageDown: () => cursor.step(PAGE),
    " ": () => cursor.toggle(),
    Escape: () => cursor.chosen.clear(),
    t: () => cursor.choosePiece(),
    a: () => cursor.chooseAll(),
    k: () => actions.mark(),
    m: () => actions.merge(),
    s: () => actions.split(),
    x: () => actions.drop(),
    Delete: () => actions.drop(),
    n: () => actions.fresh(),
    u: () => actions.undo(),
    r: () => actions.redo(),
    g: () => view.goToPerson(),
    f: () => open.frame(),
    o: () => view.order(),
    "+": () => view.coarser(1),
    "-": () => view.coarser(-1),
    "?": () => open.help(),
  };
  element.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.target.closest("select") || document.querySelector("dialog[open]")) return;
    if (event.target.closest("button") && [" ", "Enter"].includes(event.key)) return;
    const action = deedOf(event, keys, (digit) => actions.assign(digit));
    if (!action) return;
    event.preventDefault();
    view.act(() => action(event));
  });
}
