// Keys of the frame view, and the mode in which arrows adjust a box.

import { dragged } from "./geometry.js";
import { deedOf } from "./keyboard.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 10;
const KEY_OF = { back: "ArrowLeft", on: "ArrowRight", assign: "n", add: "a", remove: "x", mark: "k", between: "i", absent: "X", undo: "u", redo: "r" };
const OF_SLIDERS = new Set([...Object.keys(ARROWS), "PageUp", "PageDown", "Home", "End"]);

export function listenInFrame(view, { help, close }) {
  let [adjusting, begun] = [null, null];

  // What was adjusted and not kept is as it was where another box was chosen meanwhile, or another frame.
  async function settle() {
    if (adjusting === null || adjusting === view.box) return;
    adjusting = null;
    view.say("");
    await view.refresh();
  }

  function adjust(event) {
    const { person, xyxy, frame } = adjusting;
    const kept = event.key === "Enter" || event.key === "b";
    if (kept && adjusting !== begun) {
      adjusting = null;
      return view.put(person, xyxy, frame);
    }
    if (kept || event.key === "Escape") {
      adjusting = null;
      view.say("");
      return view.refresh();
    }
    const arrow = ARROWS[event.key];
    if (!arrow) return undefined;
    const [x, y] = arrow.map((way) => way * (event.ctrlKey || event.metaKey ? FAR : 1));
    adjusting = { ...adjusting, xyxy: dragged(xyxy, event.shiftKey ? "se" : "body", x, y) };
    view.boxes[view.chosen] = adjusting;
    return view.paint();
  }

  function leave() {
    adjusting = null;
    close();
  }

  function begin() {
    if (!view.box) return view.say("Choose a box first (↑ ↓ or click).", true);
    adjusting = begun = view.box;
    view.say("Arrows move the box, Shift changes its size, Ctrl goes by ten; Enter keeps it, Esc leaves it as it was.");
  }

  const far = ({ shiftKey }) => (shiftKey ? FAR : 1);
  const keys = {
    ArrowLeft: (event) => view.show(view.frame - far(event)),
    ArrowRight: (event) => view.show(view.frame + far(event)),
    PageUp: () => view.show(view.frame - FAR),
    PageDown: () => view.show(view.frame + FAR),
    Home: () => view.show(0),
    End: () => view.show(view.source.frames - 1),
    ArrowUp: () => view.step(-1),
    ArrowDown: () => view.step(1),
    Escape: () => leave(),
    b: () => begin(),
    n: () => view.assign(),
    a: () => view.add(),
    x: () => view.remove(),
    Delete: () => view.remove(),
    X: () => view.absent(),
    k: () => view.setMark(),
    i: () => view.between(),
    u: () => view.undo(),
    r: () => view.redo(),
    g: () => view.goTo(),
    "?": () => help(),
  };
  view.dialog.addEventListener("keydown", (event) => {
    if (event.altKey || (event.target === view.slider && OF_SLIDERS.has(event.key))) return;
    const action = deedOf(event, keys, (digit) => view.assign(digit));
    const adjusts = event.key in ARROWS || (event.key === "Enter" && !event.target.closest("button"));
    if (!action && !adjusts) return;
    event.preventDefault();
    view.act(async () => {
      await settle();
      return adjusting ? adjust(event) : action?.(event);
    });
  });
  // A button does what its key does; what is being adjusted by keys is left as it was.
  function press(key) {
    view.picture.focus();
    return view.act(async () => {
      if (adjusting) await view.refresh();
      adjusting = null;
      return keys[key]({});
    });
  }

  const direct = { help, close: leave };
  for (const button of view.dialog.querySelectorAll("[data-frame]")) {
    const deed = button.dataset.frame;
    button.addEventListener("click", direct[deed] ?? (() => press(KEY_OF[deed])));
  }
}
