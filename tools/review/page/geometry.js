// Boxes [left, top, right, bottom] in pixels of the video, and how dragging changes them.

const LEAST = 4;

export const EDGES = {
  nw: [1, 1, 0, 0], n: [0, 1, 0, 0], ne: [0, 1, 1, 0], e: [0, 0, 1, 0],
  se: [0, 0, 1, 1], s: [0, 0, 0, 1], sw: [1, 0, 0, 1], w: [1, 0, 0, 0],
  body: [1, 1, 1, 1],
};

// The box with the edges that `edge` names moved by (x, y); it keeps a least size.
export function dragged(xyxy, edge, x, y) {
  const [left, top, right, bottom] = EDGES[edge].map((moves, side) => xyxy[side] + moves * (side % 2 ? y : x));
  if (edge === "body") return [left, top, right, bottom];
  return [
    edge.includes("w") ? Math.min(left, right - LEAST) : left,
    edge.includes("n") ? Math.min(top, bottom - LEAST) : top,
    edge.includes("e") ? Math.max(right, left + LEAST) : right,
    edge.includes("s") ? Math.max(bottom, top + LEAST) : bottom,
  ];
}

// The edges that `edge` names, no farther out than the picture's. A box that is moved as a whole may reach beyond.
export function clipped(xyxy, edge, size) {
  if (edge === "body") return xyxy;
  return xyxy.map((value, side) => (EDGES[edge][side] ? within(value, size[side % 2]) : value));
}

export const within = (value, most) => Math.max(0, Math.min(value, most));

export function spanned([x0, y0], [x1, y1]) {
  return [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
}

export const isBox = ([left, top, right, bottom]) => right - left >= LEAST && bottom - top >= LEAST;

export const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);

export const rounded = (xyxy) => xyxy.map((value) => Math.round(value * 100) / 100);

export function handleAt([left, top, right, bottom], edge) {
  const [moveLeft, moveTop, moveRight, moveBottom] = EDGES[edge];
  const x = moveLeft ? left : moveRight ? right : (left + right) / 2;
  const y = moveTop ? top : moveBottom ? bottom : (top + bottom) / 2;
  return [x, y];
}
