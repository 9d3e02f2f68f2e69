// One person's thumbnails along time. Only those in sight are in the document; one may stand for several crops.

import { thumbnailOf } from "./api.js";

export const STEP = 70;
const MARGIN = 4;

// Crops are taken together by `every`, but never across two pieces of track or two videos.
export function grouped(crops, data, every) {
  const groups = [];
  let piece = null;
  for (const index of crops) {
    const now = `${data.video[index]} ${data.tracklet[index]}`;
    const last = groups.at(-1);
    if (now === piece && last.crops.length < every) last.crops.push(index);
    else groups.push({ crops: [index], starts: piece !== null && now !== piece });
    piece = now;
  }
  return groups;
}

export class Strip {
  constructor(review, number) {
    Object.assign(this, { review, number, groups: [], cells: new Map(), shown: false });
    this.element = Object.assign(document.createElement("div"), { className: "strip", role: "row", tabIndex: 0, ariaBusy: "true" });
    this.reel = Object.assign(document.createElement("div"), { className: "reel" });
    this.reel.setAttribute("role", "presentation");
    this.element.append(this.reel);
    this.element.addEventListener("scroll", () => this.refill(), { passive: true });
  }

  set(person, every) {
    this.person = person;
    this.groups = grouped(person.crops, this.review.data, every);
    this.reel.style.width = `${this.groups.length * STEP + 8}px`;
    this.clear();
  }

  clear() {
    this.cells.clear();
    this.reel.replaceChildren();
  }

  show(shown, state) {
    this.shown = shown;
    this.element.ariaBusy = String(!shown);  // while it is out of sight it has no cells
    if (state) this.state = state;
    if (shown) this.fill();
    else this.clear();
  }

  refill() {
    if (this.due || !this.shown) return;
    this.due = requestAnimationFrame(() => {
      this.due = null;
      if (this.shown) this.fill();
    });
  }

  fill() {
    const left = this.element.scrollLeft;
    const first = Math.max(0, Math.floor(left / STEP) - MARGIN);
    const last = Math.min(this.groups.length, Math.ceil((left + this.element.clientWidth) / STEP) + MARGIN);
    for (const [column, cell] of this.cells) {
      if (column >= first && column < last) continue;
      cell.remove();
      this.cells.delete(column);
    }
    for (let column = first; column < last; column++) {
      if (!this.cells.has(column)) this.cells.set(column, this.reel.appendChild(this.cell(column)));
      this.paint(column);
    }
  }

  cell(column) {
    const { data } = this.review;
    const { crops, starts } = this.groups[column];
    const index = crops[0];
    const doubt = Math.max(...crops.map((crop) => data.doubt[crop]));
    const cell = document.createElement("div");
    cell.className = "crop";
    cell.id = `crop-${index}`;
    cell.dataset.column = column;
    cell.style.left = `${column * STEP + 6}px`;
    cell.setAttribute("role", "gridcell");
    const more = crops.length > 1 ? `, ${crops.length} crops` : "";
    const doubted = doubt ? `, doubt ${doubt.toFixed(2)}` : "";
    const clash = crops.some((crop) => this.person.clashes.has(crop));
    const twice = clash ? ", twice in one frame" : "";
    const where = `frame ${data.frame[index]}, ${data.time[index].toFixed(2)} s`;
    cell.setAttribute("aria-label", `person ${this.number}, ${where}${more}${doubted}${twice}`);
    cell.title = `${data.images[index]} · ${where}${more}${doubted}${twice}`;
    cell.classList.toggle("piece", starts);
    cell.classList.toggle("clash", clash);
    const image = document.createElement("img");
    image.alt = "";
    image.decoding = "async";
    image.src = thumbnailOf(data.images[index], data.key);
    const meter = document.createElement("i");
    meter.style.width = `${Math.round(100 * doubt)}%`;
    const caption = document.createElement("small");
    caption.textContent = crops.length > 1 ? `${data.frame[index]} +${crops.length - 1}` : data.frame[index];
    cell.append(image, meter, caption);
    return cell;
  }

  paint(column) {
    const cell = this.cells.get(column);
    const chosen = this.groups[column].crops.every((crop) => this.state.chosen.has(crop));
    const here = this.state.number === this.number && this.state.column === column;
    cell.classList.toggle("chosen", chosen);
    cell.classList.toggle("here", here);
    cell.setAttribute("aria-selected", chosen);
  }

  // Bring a thumbnail into sight, with some of its neighbours.
  reveal(column) {
    const { scrollLeft, clientWidth } = this.element;
    const margin = Math.min(2 * STEP, clientWidth / 4);
    const left = column * STEP;
    if (left - margin < scrollLeft) this.element.scrollLeft = left - margin;
    else if (left + STEP + margin > scrollLeft + clientWidth) this.element.scrollLeft = left + STEP + margin - clientWidth;
    if (this.shown) this.fill();
  }

  columnOf(index) {
    return this.groups.findIndex(({ crops }) => crops.includes(index));
  }
}
