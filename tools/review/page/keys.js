// Keys of the rows.

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
  const history = { z: () => actions.undo(), y: () => actions.redo() };
  element.addEventListener("keydown", (event) => {
    const held = event.ctrlKey || event.metaKey;
    const typed = /^\d$/.test(event.key) && !held && !event.altKey;
    const action = typed ? () => actions.assign(event.key) : (held ? history : keys)[event.key];
    if (!action || event.altKey) return;
    event.preventDefault();
    view.act(() => action(event));
  });
}
