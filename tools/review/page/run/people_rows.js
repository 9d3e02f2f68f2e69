// A row a person: number and name, pictures along time with the surroundings, the timeline.

import { likenessOf } from "../api.js";
import { part } from "../elements.js";
import { many } from "../words.js";
import { PictureQueue } from "./picture_queue.js";
import { Timeline } from "./timeline.js";

const COLOURS = ["lane", "focus", "soft", "ink", "doubt"];

export class PeopleRows {
  // deeds: chosen(number, frame), frame being where the row was clicked, if it was in the lane
  constructor(review, element, view, deeds) {
    Object.assign(this, { review, element, view, deeds, rows: new Map(), order: [], lane: { width: 0 }, pictures: new PictureQueue() });
    element.addEventListener("click", (event) => this.clicked(event));
    new ResizeObserver(() => this.drawAll()).observe(element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.drawAll());
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const row = this.rows.get(Number(target.dataset.number));
        if (row) Object.assign(row, { visible: isIntersecting });
        if (row && isIntersecting && row.stale) this.draw(row);
      }
    }, { root: null, rootMargin: "200px" });
  }

  set() {
    const { people } = this.review;
    this.order = [...people.keys()];
    for (const [number, row] of this.rows) {
      if (people.has(number)) continue;
      this.seen.unobserve(row.element);
      row.element.remove();
      this.rows.delete(number);
    }
    for (const [number, person] of people) {
      if (!this.rows.has(number)) this.rows.set(number, this.made(number));
      this.update(this.rows.get(number), person);
    }
    const elements = this.order.map((number) => this.rows.get(number).element);
    const same = elements.length === this.element.children.length && elements.every((one, at) => one === this.element.children[at]);
    if (!same) this.element.replaceChildren(...elements);
    if (!elements.length) this.element.replaceChildren(part("p", "empty", { textContent: "Nobody is here. A box that is drawn on the video is somebody new." }));
  }

  made(number) {
    const element = part("section", "someone");
    element.dataset.number = number;
    const facts = part("button", "who", { type: "button", tabIndex: -1 });
    const lane = part("div", "lane");
    const faces = part("div", "faces");
    const timeline = new Timeline(this.review, this.view);
    lane.append(faces, timeline.canvas, part("i", "now"));
    element.append(facts, lane);
    this.seen.observe(element);
    return { element, facts, faces, lane, timeline, key: null, facesKey: null, visible: false, stale: true };
  }

  update(row, person) {
    row.person = person;
    const { number, name, back, text, boxes, seconds } = person;
    const facts = JSON.stringify([number, name, boxes, seconds]);
    if (row.key !== facts) {
      row.key = facts;
      const badge = part("span", "number", { textContent: number });
      badge.style.setProperty("--back", back);
      badge.style.setProperty("--text", text);
      const called = part("b", "name", { textContent: name, dir: "auto" });
      row.facts.replaceChildren(badge, called, part("span", "flag"), part("small", "", { textContent: `${seconds.toFixed(1)} s` }));
      row.facts.title = `${name || `person ${number}`}, ${many(boxes, "box")}`;
    }
    row.timeline.tell(person);
    row.stale = true;
    if (row.visible) this.draw(row);
  }

  draw(row) {
    row.stale = false;
    if (!this.lane.width) this.measure();
    row.timeline.set(row.person, this.lane);
    const key = JSON.stringify([row.person.likenesses, row.person.number, this.view.from, this.view.to]);
    if (row.facesKey === key) return;
    row.facesKey = key;
    row.faces.replaceChildren(...row.person.likenesses.map((likeness) => this.face(row.person, likeness)).filter(Boolean));
  }

  face({ number }, [column, frame, ...xyxy]) {
    const { from, to } = this.view;
    if (this.review.data.unseen || frame < from || frame > to) return null;
    const image = part("img", "face", { alt: "", decoding: "async", fetchPriority: "low", width: 60, height: 80 });
    this.pictures.add(image, likenessOf(number, frame, xyxy, this.review.data.key));
    image.dataset.frame = frame;
    image.title = `frame ${frame}`;
    image.style.left = `clamp(0px, ${(100 * (frame - from)) / (to - from)}% - 30px, 100% - 60px)`;
    image.classList.add(`every-${column % 4}`);
    return image;
  }

  // What all timelines are drawn by; asked for once, as each time may cost a layout of the page.
  measure() {
    const style = getComputedStyle(document.documentElement);
    const colours = Object.fromEntries(COLOURS.map((name) => [name, style.getPropertyValue(`--${name}`)]));
    this.lane = { width: this.element.querySelector(".timeline")?.clientWidth ?? 0, colours };
  }

  drawAll() {
    this.measure();
    for (const row of this.rows.values()) {
      row.stale = true;
      if (row.visible) this.draw(row);
    }
  }

  // Who is chosen, who is in the cast, and the time.
  paint(number, cast, frame) {
    const at = (frame - this.view.from) / (this.view.to - this.view.from);
    this.element.style.setProperty("--now", `${100 * at}%`);
    for (const [own, row] of this.rows) {
      row.element.classList.toggle("here", own === number);
      row.element.classList.toggle("cast", cast.has(own));
      row.facts.setAttribute("aria-pressed", own === number);
      row.facts.querySelector(".flag").textContent = cast.has(own) ? "cast" : "";
    }
  }

  // Whether they do apart from the page: else a moment that shows its person would take its own button out of sight.
  get scrolls() {
    return getComputedStyle(this.element).overflowY !== "visible";
  }

  reveal(number) {
    this.rows.get(number)?.element.scrollIntoView({ block: "nearest" });
  }

  clicked(event) {
    const row = event.target.closest(".someone");
    if (!row) return;
    const number = Number(row.dataset.number);
    const lane = event.target.closest(".lane");
    if (!lane) return this.deeds.chosen(number);
    const { left, width } = lane.getBoundingClientRect();
    const pressed = event.target.dataset.frame;
    const { from, to } = this.view;
    return this.deeds.chosen(number, pressed ? Number(pressed) : from + ((event.clientX - left) / width) * (to - from));
  }
}
