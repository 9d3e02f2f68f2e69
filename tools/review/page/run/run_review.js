// A run as the page knows it: people with their presence, doubtful moments, and everybody's boxes frame by frame.

import { get } from "../api.js";
import { History } from "../history.js";
import { toldFromNumbers } from "../words.js";

const CHUNK = 60;
const KINDS = ["crop", "drawn", "filled"];
export const [, DRAWN, FILLED] = KINDS.keys();

export class RunReview extends History {
  static load() {
    return new RunReview().load();
  }

  prepare() {
    this.chunks = new Map();
  }

  take(answer) {
    this.chunks.clear();
    this.moments = answer.moments;
    super.take(answer);
  }

  get video() {
    return this.data.video;
  }

  // The last frame that was tracked.
  get end() {
    return Math.floor((this.data.frames - 1) / this.data.step) * this.data.step;
  }

  // When a frame is.
  seconds(frame) {
    const { times, fps, step } = this.data;
    return times ? times[Math.min(Math.round(frame / step), times.length - 1)] : frame / fps;
  }

  // The last frame, tracked like all between, that is no later.
  frameAt(seconds) {
    const { times, fps, step } = this.data;
    const place = times ? times.findLastIndex((time) => time <= seconds + 1e-6) : Math.floor((seconds * fps) / step + 1e-6);
    return Math.max(0, Math.min(place * step, this.end));
  }

  // Boxes of a frame: of people { person, frame, xyxy, kind }, and of the detector alone.
  async boxes(frame) {
    const { chunks } = this;
    const at = Math.floor(frame / CHUNK);
    if (!chunks.has(at)) chunks.set(at, get("/api/boxes", { from: at * CHUNK, to: at * CHUNK + CHUNK - 1 }));
    const { boxes, unused } = await chunks.get(at).catch((error) => {
      chunks.delete(at);
      throw error;
    });
    const own = (boxes[frame] ?? []).map(([person, x0, y0, x1, y1, kind]) => ({ person, frame, xyxy: [x0, y0, x1, y1], kind: KINDS[kind] }));
    return { boxes: own, unused: unused[frame] ?? [] };
  }

  colour(number) {
    return this.people.get(number) ?? { back: "#888", text: "#000" };
  }

  label(number) {
    const name = this.people.get(number)?.name;
    return name ? `${number} ${toldFromNumbers(name)}` : String(number);
  }

  // The nearest frames before and after this one in which the person has a known box: null where there is none.
  around(number, frame) {
    let [before, after] = [null, null];
    for (const [first, last, kind] of this.people.get(number)?.spans ?? []) {
      if (kind === FILLED) continue;
      if (first < frame) before = Math.min(last, frame - this.data.step);
      if (last > frame && after === null) after = Math.max(first, frame + this.data.step);
    }
    return [before, after];
  }

  // Whether the person has a box there, known or filled in.
  shown(number, frame) {
    return (this.people.get(number)?.spans ?? []).some(([first, last]) => first <= frame && frame <= last);
  }

  // Whether the person has a known box there.
  present(number, frame) {
    return (this.people.get(number)?.spans ?? []).some(([first, last, kind]) => kind !== FILLED && first <= frame && frame <= last);
  }

  // Whether the person has a known box before one frame, or after another.
  beyond(number, first, last = this.end) {
    return (this.people.get(number)?.spans ?? []).some(([start, end, kind]) => kind !== FILLED && (start < first || end > last));
  }

  // In how many tracked frames from one on, up to another or the end, both people have a known box.
  together(one, other, from = 0, to = null) {
    const last = to ?? this.end;
    const stays = (number) => (this.people.get(number)?.spans ?? []).filter(([, , kind]) => kind !== FILLED);
    const shared = ([first, end], [start, stop]) => Math.min(end, stop, last) - Math.max(first, start, from);
    const counts = stays(one).flatMap((own) => stays(other).map((theirs) => Math.floor(shared(own, theirs) / this.data.step) + 1));
    return counts.reduce((sum, count) => sum + Math.max(count, 0), 0);
  }

  // Moments that are still to be looked at.
  open() {
    return this.moments.filter(({ looked, mended }) => !looked && !mended);
  }

  // The next (way 1) or previous (way -1) of them from a moment, or from a frame where there is none.
  openBeyond(moment, frame, way) {
    const own = this.moments.findIndex(({ key }) => key === moment?.key);
    const at = own < 0 ? this.moments.filter((one) => one.frame < frame).length - 0.5 : own;
    const beyond = this.open().filter((one) => (this.moments.indexOf(one) - at) * way > 0);
    return way > 0 ? beyond[0] : beyond.at(-1);
  }
}
