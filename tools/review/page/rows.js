// A row a person: the number on the left, the strip of crops on the right; filled only while it is in sight.

import { Strip } from "./strip.js";
import { clock, many } from "./words.js";

const NEAR = "400px";

const seconds = (time) => (time >= 60 ? clock(time) : `${time.toFixed(1)} s`);

const line = (text, className = "") => Object.assign(document.createElement("p"), { textContent: text, className, title: text });

function nobody() {
  const [row, cell] = ["row", "gridcell"].map((role) => Object.assign(document.createElement("div"), { role }));
  row.append(Object.assign(cell, { className: "empty", textContent: "No person is left here." }));
  return row;
}

export class Rows {
  constructor(review, element, state) {
    Object.assign(this, { review, element, state, rows: new Map(), order: [] });
    const seen = (entries) => {
      for (const { target, isIntersecting } of entries) {
        this.rows.get(Number(target.dataset.number))?.strip.show(isIntersecting, this.state);
      }
    };
    this.observer = new IntersectionObserver(seen, { root: element, rootMargin: NEAR });
  }

  // Show these people in this order, each thumbnail standing for `every` crops.
  set(order, every) {
    this.order = order;
    const wanted = new Set(order);
    for (const [number, row] of this.rows) if (!wanted.has(number)) this.forget(number, row);
    for (const number of order) {
      if (!this.rows.has(number)) this.rows.set(number, this.made(number));
      this.update(number, every);
    }
    const elements = order.map((number) => this.rows.get(number).element);
    const same = elements.length === this.element.children.length && elements.every((one, at) => this.element.children[at] === one);
    if (!same) this.element.replaceChildren(...elements);
    if (!order.length) this.element.append(nobody());
  }

  forget(number, row) {
    this.observer.unobserve(row.element);
    row.element.remove();
    this.rows.delete(number);
  }

  made(number) {
    const element = Object.assign(document.createElement("div"), { className: "person" });
    element.dataset.number = number;
    element.role = "rowgroup";
    const head = Object.assign(document.createElement("div"), { className: "facts", role: "row" });
    const facts = head.appendChild(Object.assign(document.createElement("div"), { role: "rowheader" }));
    const strip = new Strip(this.review, number);
    strip.state = this.state;
    element.append(head, strip.element);
    this.observer.observe(element);
    return { element, facts, strip, key: null };
  }

  update(number, every) {
    const row = this.rows.get(number);
    const person = this.review.people.get(number);
    const key = JSON.stringify([person.crops, [...person.clashes], person.drawn, every]);
    if (row.key !== key) {
      row.key = key;
      this.describe(row, person);
      row.strip.set(person, every);
      if (row.strip.shown) row.strip.fill();
    }
  }

  describe(row, person) {
    const { data } = this.review;
    const colour = this.review.colour(person.number);
    const badge = Object.assign(document.createElement("span"), { className: "number", textContent: person.number });
    badge.style.setProperty("--back", colour.back);
    badge.style.setProperty("--text", colour.text);
    const flag = Object.assign(document.createElement("span"), { className: "flag" });
    const videos = [...new Set(person.crops.map((crop) => data.videos[data.video[crop]].name))];
    const count = many(person.crops.length, "crop") + (person.drawn ? ` + ${many(person.drawn, "box")}` : "");
    const parts = [badge, flag, line(videos.join(", ")), line(count)];
    if (videos.length === 1) parts.push(line(`${seconds(data.time[person.crops[0]])} – ${seconds(data.time[person.crops.at(-1)])}`));
    if (person.clashes.size) parts.push(line(`${person.clashes.size} share a frame`, "wrong"));
    if (person.most) parts.push(...this.doubt(person));
    row.facts.replaceChildren(...parts);
    row.strip.element.setAttribute("aria-label", `person ${person.number}, ${count}, ${videos.join(", ")}`);
  }

  doubt(person) {
    const meter = Object.assign(document.createElement("div"), { className: "meter" });
    const filled = meter.appendChild(document.createElement("i"));
    filled.style.width = `${Math.round(100 * person.doubt)}%`;
    return [line(`doubt ${person.doubt.toFixed(2)}, max ${person.most.toFixed(2)}`), meter];
  }

  // Show where the cursor is, what is chosen and who is marked.
  paint() {
    for (const [number, row] of this.rows) {
      row.element.classList.toggle("here", number === this.state.number);
      row.element.classList.toggle("marked", number === this.state.marked);
      row.facts.querySelector(".flag").textContent = number === this.state.marked ? "marked" : "";
      if (row.strip.shown) row.strip.fill();
    }
    const here = this.rows.get(this.state.number)?.strip;
    const group = here?.groups[this.state.column];
    for (const element of [this.element, ...[...this.rows.values()].map(({ strip }) => strip.element)]) {
      if (group && [this.element, here.element].includes(element)) element.setAttribute("aria-activedescendant", `crop-${group.crops[0]}`);
      else element.removeAttribute("aria-activedescendant");
    }
  }

  reveal() {
    const row = this.rows.get(this.state.number);
    if (!row) return;
    const { top, bottom } = row.element.getBoundingClientRect();
    const frame = this.element.getBoundingClientRect();
    if (top < frame.top + 8) this.element.scrollTop -= frame.top + 8 - top;
    else if (bottom > frame.bottom - 8) this.element.scrollTop += bottom - frame.bottom + 8;
    row.strip.show(true, this.state);
    row.strip.reveal(this.state.column);
  }
}
