// The boxes of a frame as an SVG over the picture, and the pointer that drags and draws them.

import { area, clipped, dragged, handleAt, isBox, spanned, within } from "./geometry.js";
import { shortened } from "./words.js";

const CURSORS = { nw: "nwse", se: "nwse", ne: "nesw", sw: "nesw", n: "ns", s: "ns", e: "ew", w: "ew" };
const TOUCHED = matchMedia("(pointer: coarse)").matches;  // a finger needs large handles, so there is room for few
const HANDLE = TOUCHED ? 20 : 9;
const LABEL = 18;
const MOST = 150;  // pixels of the screen that a label's words have
const FONT = 14;
const pen = document.createElement("canvas").getContext("2d");
pen.font = `700 ${FONT}px system-ui, sans-serif`;
const fitting = new Map();

// The words as they fit into a label, and how wide they are, in pixels of the screen.
function fitted(words) {
  const width = (some) => pen.measureText(some).width;
  if (!fitting.has(words)) {
    const shown = shortened(words, MOST, width);
    fitting.set(words, { shown, width: width(shown) });
  }
  return fitting.get(words);
}

function shape(name, attributes, classes = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (classes) element.setAttribute("class", classes);
  return element;
}

const rectangle = ([left, top, right, bottom], classes) =>
  shape("rect", { x: left, y: top, width: right - left, height: bottom - top }, classes);

export class Boxes {
  // deeds: chosen(box or null), changed(box, xyxy), drawn(xyxy), box being the one pressed, whatever is shown by now;
  // pressed() before any; spared(xyxy) where there are spare boxes, label(person) where a box says more than the number
  constructor(svg, colourOf, deeds) {
    Object.assign(this, { svg, colourOf, deeds, boxes: [], chosen: null, spare: [], scale: 1, size: [0, 0] });
    svg.addEventListener("pointerdown", (event) => this.press(event));
  }

  // The picture `still` of so many video pixels, and the boxes over it: as large as `room` allows, in its middle.
  fit(room, still, width, height) {
    const { width: wide, height: high } = room.getBoundingClientRect();
    const scale = Math.min(wide / width, high / height);
    for (const { style } of [still, this.svg]) {
      style.width = `${width * scale}px`;
      style.height = `${height * scale}px`;
      style.left = `${(wide - width * scale) / 2}px`;
      style.top = `${(high - height * scale) / 2}px`;
    }
    Object.assign(this, { scale, size: [width, height] });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.draw();
  }

  set(boxes, chosen, spare = []) {
    Object.assign(this, { boxes, chosen, spare });
    this.draw();
  }

  draw() {
    const order = this.boxes.map((_, at) => at).sort((one, other) => area(this.boxes[other].xyxy) - area(this.boxes[one].xyxy));
    const parts = order.filter((at) => at !== this.chosen).map((at) => this.box(at));
    if (this.chosen !== null && this.boxes[this.chosen]) parts.push(this.box(this.chosen), ...this.handles(this.chosen));
    this.svg.replaceChildren(...parts, ...this.spare.map((xyxy) => this.spareBox(xyxy)));
  }

  box(at) {
    const { xyxy, person, kind } = this.boxes[at];
    const { back, text } = this.colourOf(person);
    const chosen = at === this.chosen ? " chosen" : "";
    const group = shape("g", {});
    const body = rectangle(xyxy, `body${kind === "filled" ? " filled" : ""}${chosen}`);
    body.setAttribute("stroke", back);
    body.dataset.at = at;
    const size = LABEL / this.scale;
    const words = this.deeds.label?.(person) ?? String(person);
    const { shown, width } = fitted(words);
    const wide = size * 0.55 + width / this.scale;
    const [left, foot] = this.tagPlace(xyxy, wide, size);
    const label = rectangle([left, foot - size, left + wide, foot], "");
    label.setAttribute("fill", back);
    Object.assign(label.dataset, { at, grip: "yes" });
    const number = shape("text", { x: left + wide / 2, y: foot - 0.24 * size, fill: text, "text-anchor": "middle" }, "tag");
    number.style.fontSize = `${FONT / this.scale}px`;
    number.textContent = shown;
    if (shown !== words) group.append(Object.assign(shape("title", {}), { textContent: words }));
    group.append(rectangle(xyxy, `halo${chosen}`), body, label, number);
    return group;
  }

  // Left and foot of a tag: upon the box, but nothing of it beyond the picture.
  tagPlace([left, top], wide, high) {
    const [width, height] = this.size;
    return [within(left, width - wide), Math.max(high, Math.min(top, height))];
  }

  // Only its + can be clicked, as most of it may lie within other boxes.
  spareBox(xyxy) {
    const size = LABEL / this.scale;
    const [left, foot] = this.tagPlace(xyxy, size, size);
    const group = shape("g", {});
    const tag = Object.assign(rectangle([left, foot - size, left + size, foot], "take"), { xyxy });
    const plus = shape("text", { x: left + size / 2, y: foot - 0.24 * size, "text-anchor": "middle" }, "tag");
    plus.style.fontSize = `${FONT / this.scale}px`;
    plus.textContent = "+";
    group.append(rectangle(xyxy, "spare"), tag, plus);
    return group;
  }

  handles(at) {
    const { xyxy } = this.boxes[at];
    const size = HANDLE / this.scale;
    const edges = Object.keys(CURSORS).filter((edge) => !TOUCHED || edge.length === 2);
    return edges.map((edge) => {
      const [x, y] = handleAt(xyxy, edge);
      const handle = shape("rect", { x: x - size / 2, y: y - size / 2, width: size, height: size }, "handle");
      Object.assign(handle.dataset, { at, edge });
      handle.style.cursor = `${CURSORS[edge]}-resize`;
      return handle;
    });
  }

  // In the picture, also where the pointer is beyond it.
  place(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [within(x, this.size[0]), within(y, this.size[1])];
  }

  press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.deeds.pressed?.();
    const { at, edge = "body", grip } = event.target.dataset;
    // A new box may lie within another one, which is moved by its label, or with Alt or Shift.
    const moves = at !== undefined && (edge !== "body" || grip || event.altKey || event.shiftKey);
    const { boxes } = this;
    if (!moves) return this.follow(event, (from, to) => this.sketch(from, to, event.target.xyxy, boxes[at]));
    if (Number(at) !== this.chosen) this.deeds.chosen(boxes[at]);
    const held = { boxes, at, box: boxes[at], edge };
    this.follow(event, (...way) => this.drag(held, ...way));
  }

  follow(event, step) {
    const from = this.place(event);
    const { boxes } = this;
    const before = [...boxes];
    const gesture = new AbortController();
    const listen = (name, action) => this.svg.addEventListener(name, action, { signal: gesture.signal });
    this.svg.setPointerCapture(event.pointerId);
    listen("pointermove", (moved) => step(from, this.place(moved), false));
    listen("pointerup", (moved) => {
      gesture.abort();
      step(from, this.place(moved), true);
      this.finish?.();
      this.finish = null;
    });
    // The browser took the gesture for another, such as a pinch: as if there had been none.
    listen("pointercancel", () => {
      gesture.abort();
      Object.assign(this, { finish: null, moved: false });
      boxes.splice(0, before.length, ...before);
      this.draw();
    });
  }

  drag({ boxes, at, box, edge }, [x0, y0], [x1, y1], done) {
    const [x, y] = [x1 - x0, y1 - y0];
    if (Math.hypot(x, y) * this.scale < 3 && !this.moved) return;
    this.moved = !done;
    const xyxy = clipped(dragged(box.xyxy, edge, x, y), edge, this.size);
    boxes[at] = { ...box, xyxy };
    this.draw();
    if (done) this.deeds.changed(box, xyxy);
  }

  sketch(from, to, spare, box = null) {
    const xyxy = spanned(from, to);
    this.svg.querySelector(".drawing")?.remove();
    this.svg.append(rectangle(xyxy, "drawing"));
    this.finish = () => {
      if (isBox(xyxy)) return this.deeds.drawn(xyxy);
      return spare ? this.deeds.spared(spare) : this.deeds.chosen(box);
    };
  }
}

