// Keys of a run's page, and what the help says of them.

import { deedOf } from "../keyboard.js";

export const KEYS = [
  ["Space", "play or pause"],
  ["← → / Shift", "one frame back or on / ten"],
  ["Home End / g", "first and last frame / go to a frame, or to m:ss"],
  ["↑ ↓", "another person"],
  [", .", "the person's previous or next beginning or end"],
  ["d / Shift + D", "next / previous doubtful moment"],
  ["y", "do what the doubtful moment proposes, and on to the next"],
  ["l", "looked at, and on to the next (again: not)"],
  ["+ −", "a shorter or longer part of the video in the rows"],
  ["u / r", "undo / redo (also Ctrl + Z / Ctrl + Y, Ctrl + Shift + Z)"],
  ["e", "write the corrected tracks"],
];

export const EDITS = [
  ["m", "the chosen person is really another one, all along"],
  ["0–9, Enter", "from here on it is that person"],
  ["0–9, s", "swap the two from here on (also w)"],
  ["0–9, m", "between the mark and here it is that person"],
  ["k", "mark this frame, until an edit uses the mark (again: no mark)"],
  ["s", "split: from here on it is a new person"],
  ["n", "name"],
  ["c / Shift + C", "one of the cast / keep only the cast"],
  ["Delete", "the whole person goes"],
  ["a / Shift + A", "take the detector's boxes for this gap / for all gaps"],
  ["i", "straight lines across this gap, or between the mark and here"],
  ["x", "the box in this frame goes; once more: absent, no gap is filled"],
  ["Shift + X", "absent between the mark and here"],
  ["click on a +", "that box of the detector and those that continue it: the chosen person's where they have none, else somebody new"],
  ["drag", "draw a box: the chosen person's where they have none; edges and corners change the chosen box"],
  ["Alt or Shift + drag", "move a box (also by its number)"],
];

export const SIGNS = [
  ["wide bar", "there; with a line below: by hand"],
  ["narrow bar", "filled in between two boxes"],
  ["empty bar", "boxes that the detector has for this gap (a)"],
  ["◆", "found again"],
  ["amber line", "a doubtful moment that is open"],
  ["dashed line", "a camera cut"],
];

export const [SHORTER, LONGER] = [0.5, 2];  // of the video in the rows
const FAR = 10;

export function listen(element, view, actions) {
  const far = ({ shiftKey }) => (shiftKey ? FAR : 1) * view.review.data.step;
  const edit = (name, ...more) => () => actions.start(name, ...more);
  const keys = {
    " ": () => view.player.play(),
    ArrowLeft: (event) => view.seek(view.frame - far(event)),
    ArrowRight: (event) => view.seek(view.frame + far(event)),
    Home: () => view.seek(0),
    End: () => view.seek(view.review.end),
    g: () => view.goTo(),
    ArrowUp: () => view.step(-1),
    ArrowDown: () => view.step(1),
    ",": () => view.edge(-1),
    ".": () => view.edge(1),
    d: () => view.nextMoment(1),
    D: () => view.nextMoment(-1),
    y: edit("mend"),
    l: edit("looked"),
    m: edit("merge"),
    s: edit("split"),
    w: edit("swap"),
    n: edit("rename"),
    c: edit("cast"),
    C: edit("keep"),
    Delete: edit("remove"),
    a: edit("accept"),
    A: edit("acceptAll"),
    i: edit("line"),
    x: edit("unbox"),
    X: edit("absent"),
    k: () => view.setMark(),
    u: edit("undo"),
    r: edit("redo"),
    e: edit("save"),
    "+": () => view.zoom(SHORTER),
    "-": () => view.zoom(LONGER),
    "?": () => view.help(),
  };
  element.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    if (event.target.closest("button, select, input") && [" ", "Enter"].includes(event.key)) return;
    const action = deedOf(event, keys, (digit) => actions.start("assign", digit));
    if (!action) return;
    event.preventDefault();
    view.act(() => action(event));
  });
}
