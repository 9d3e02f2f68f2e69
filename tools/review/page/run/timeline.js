// One person along time: presence, gaps, boxes by hand, filled and offered ones, recoveries, doubtful moments.

import { DRAWN, FILLED } from "./run_review.js";

const HEIGHT = 22;
const ROOM = 6;

export class Timeline {
  constructor(review, view) {
    Object.assign(this, { review, view });
    this.canvas = Object.assign(document.createElement("canvas"), { className: "timeline" });
    this.canvas.setAttribute("role", "img");
  }

  // Says it in words, also where it is not in sight and is not drawn.
  tell(person) {
    this.person = person;
    const words = this.words();
    if (this.canvas.getAttribute("aria-label") !== words) this.canvas.setAttribute("aria-label", words);
  }

  // Draws where anything of it changed; lane: { width, colours } of all rows.
  set(person, lane) {
    const moments = this.review.moments.filter(({ people, looked, mended }) => people.includes(person.number) && !looked && !mended);
    const { spans, offers, returns, back } = person;
    const drawn = JSON.stringify([spans, offers, returns, back, moments, this.view, lane]);
    if (drawn === this.drawn || !lane.width) return;
    Object.assign(this, { person, moments, drawn });
    this.draw(lane);
  }

  words() {
    const stays = this.stays();
    const told = stays.slice(0, 8).map((ends) => `${ends.map((frame) => this.review.seconds(frame).toFixed(1)).join(" to ")} s`);
    return `There from ${told.join(", ")}${stays.length > 8 ? ` and ${stays.length - 8} times more` : ""}.`;
  }

  // Presence, whatever is known how.
  stays() {
    const stays = [];
    for (const [first, last] of this.person.spans) {
      const before = stays.at(-1);
      if (before && first - before[1] <= this.review.data.step) before[1] = last;
      else stays.push([first, last]);
    }
    return stays;
  }

  draw({ width, colours }) {
    const { canvas, person, view } = this;
    const dense = devicePixelRatio || 1;
    canvas.width = Math.round(width * dense);
    canvas.height = HEIGHT * dense;
    const pen = canvas.getContext("2d");
    pen.scale(dense, dense);
    const x = (frame) => ((frame - view.from) / (view.to - view.from)) * width;
    const bar = ([first, last], top, height, fill) => {
      if (last < view.from || first > view.to) return;
      pen.fillStyle = fill;
      pen.fillRect(x(first), top, Math.max(x(last + this.review.data.step) - x(first), 1.5), height);
    };
    bar([0, this.review.end], ROOM, HEIGHT - 2 * ROOM, colours.lane);
    for (const [first, last, kind] of person.spans) {
      const inset = kind === FILLED ? ROOM + 3 : ROOM;
      bar([first, last], inset, HEIGHT - 2 * inset, person.back);
      if (kind === DRAWN) bar([first, last], HEIGHT - ROOM + 1, 2, colours.focus);
    }
    pen.strokeStyle = person.back;
    pen.lineWidth = 1.5;
    for (const [first, last] of person.offers) pen.strokeRect(x(first), ROOM + 1, Math.max(x(last) - x(first), 3), HEIGHT - 2 * ROOM - 2);
    pen.strokeStyle = colours.soft;
    pen.setLineDash([2, 2]);
    for (const cut of this.review.data.cuts) this.line(pen, x(cut), 0, HEIGHT);
    pen.setLineDash([]);
    pen.fillStyle = colours.ink;
    for (const [frame] of person.returns) this.diamond(pen, x(frame), HEIGHT / 2, 3);
    pen.fillStyle = colours.doubt;
    for (const { frame, to } of this.moments) pen.fillRect(x(frame) - 1, 0, Math.max(x(to) - x(frame), 4), ROOM - 2);
  }

  line(pen, x, top, bottom) {
    pen.beginPath();
    pen.moveTo(x, top);
    pen.lineTo(x, bottom);
    pen.stroke();
  }

  diamond(pen, x, y, size) {
    pen.beginPath();
    pen.moveTo(x, y - size);
    pen.lineTo(x + size, y);
    pen.lineTo(x, y + size);
    pen.lineTo(x - size, y);
    pen.fill();
  }
}
