// Where the keyboard is, what is chosen, who is marked. `number` and `column` name a thumbnail, `chosen` holds crops.

const OTHER_VIDEO = 1e9;  // seconds: farther than anything in the same one

export class Cursor {
  constructor(review, rows) {
    Object.assign(this, { review, rows, number: null, column: 0, chosen: new Set(), anchor: null, marked: null });
  }

  get row() {
    return this.rows.rows.get(this.number);
  }

  get groups() {
    return this.row?.strip.groups ?? [];
  }

  // The crops an edit is about: those chosen, else the thumbnail under the cursor.
  get crops() {
    return this.chosen.size ? this.chosen : new Set(this.groups[this.column]?.crops);
  }

  get here() {
    return this.groups[this.column]?.crops[0];
  }

  place(number, column, { extend = false, keep = false } = {}) {
    const moved = number !== this.number;
    this.number = number;
    if (extend && !moved) this.anchor ??= this.column;
    else this.anchor = null;
    this.column = Math.max(0, Math.min(column, this.groups.length - 1));
    if (extend) this.range();
    else if (!keep) this.chosen.clear();
  }

  range() {
    const from = Math.min(this.anchor ?? this.column, this.column);
    const to = Math.max(this.anchor ?? this.column, this.column);
    this.chosen = new Set(this.groups.slice(from, to + 1).flatMap(({ crops }) => crops));
  }

  toggle() {
    const crops = this.groups[this.column]?.crops ?? [];
    const all = crops.every((crop) => this.chosen.has(crop));
    for (const crop of crops) all ? this.chosen.delete(crop) : this.chosen.add(crop);
  }

  choosePiece() {
    const { video, tracklet } = this.review.data;
    const { here } = this;
    const same = (crop) => video[crop] === video[here] && tracklet[crop] === tracklet[here];
    this.chosen = new Set((this.review.people.get(this.number)?.crops ?? []).filter(same));
  }

  chooseAll() {
    this.chosen = new Set(this.review.people.get(this.number)?.crops);
  }

  // To another row, at the thumbnail nearest in time.
  step(by) {
    const { order } = this.rows;
    const at = Math.max(0, Math.min(order.indexOf(this.number) + by, order.length - 1));
    if (order[at] === this.number || order[at] === undefined) return;
    const { here } = this;
    const { time, video } = this.review.data;
    this.place(order[at], 0);
    this.column = this.nearest(video[here], time[here] ?? 0);
  }

  // The thumbnail nearest to a time in a video, of another one only where there is none of this.
  nearest(video, time) {
    const { data } = this.review;
    const gap = ({ crops: [crop] }) => Math.abs(data.time[crop] - time) + (data.video[crop] === video ? 0 : OTHER_VIDEO);
    return this.groups.reduce((best, group, at) => (gap(group) < gap(this.groups[best]) ? at : best), 0);
  }

  goTo(crop) {
    for (const number of this.rows.order) {
      const column = this.rows.rows.get(number).strip.columnOf(crop);
      if (column >= 0) return this.place(number, column), true;
    }
    return false;
  }

  // After the people changed: stay with the crop that was here, else near the place.
  settle(crop, neighbour) {
    const { order } = this.rows;
    this.chosen = new Set([...this.chosen].filter((one) => this.owned(one)));
    if (!this.review.people.has(this.marked)) this.marked = null;
    if (crop !== undefined && this.goTo(crop)) return;
    if (!order.includes(this.number)) this.number = order[Math.min(neighbour, order.length - 1)] ?? null;
    this.column = Math.max(0, Math.min(this.column, this.groups.length - 1));
  }

  owned(crop) {
    return this.rows.order.some((number) => this.review.people.get(number).crops.includes(crop));
  }
}
