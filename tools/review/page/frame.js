// One frame of the video with all people's boxes: stepping through time, and what can be done to a box.

import { frameOf, get, refusal } from "./api.js";
import { Boxes } from "./boxes.js";
import { find } from "./elements.js";
import { rounded } from "./geometry.js";
import { Message } from "./message.js";
import { Queue } from "./queue.js";

const AHEAD = 3;

export class FrameView {
  constructor(review, prompt) {
    Object.assign(this, { review, prompt, boxes: [], chosen: null, mark: null, person: null, last: new Map(), ahead: [] });
    this.queue = new Queue((error) => this.refused(error));
    this.message = new Message(find("#frame-message"));
    this.dialog = find("#frame");
    this.picture = find("#picture");
    this.still = find("#still");
    this.slider = find("#frame-slider");
    this.drawing = new Boxes(find("#overlay"), (person) => review.colour(person), {
      chosen: (box) => this.choose(box && this.boxes.indexOf(box)),
      changed: ({ person, frame }, xyxy) => this.act(() => this.put(person, xyxy, frame)),
      drawn: (xyxy) => this.act(() => this.name(xyxy)),
    });
    new ResizeObserver(() => this.fit()).observe(this.picture);
    this.slider.addEventListener("input", () => this.act(() => this.show(Number(this.slider.value))));
    review.addEventListener("elsewhere", () => this.dialog.open && this.act(() => this.refresh()));
    this.still.addEventListener("error", () => this.problem());
    this.still.addEventListener("load", () => this.fit());
  }

  get video() {
    return this.source.name;
  }

  get box() {
    return this.chosen === null ? null : this.boxes[this.chosen];
  }

  // Open at a frame of a video, with `person` chosen there.
  async open(source, frame, person) {
    if (!source.source) throw new Error(`The video ${source.name || "of this crop"} is not in sources.json, so it cannot be shown.`);
    Object.assign(this, { source, person, mark: null });
    this.last.clear();
    this.slider.max = source.frames - 1;
    find("#frame-problem").hidden = true;
    this.say("");
    if (!this.dialog.open) this.dialog.showModal();
    this.picture.focus();
    await this.show(frame);
  }

  act(action) {
    return this.queue.run(() => {
      this.message.calm();
      return action();
    });
  }

  async refused(error) {
    this.say(error.message, true);
    await this.refresh().catch(() => {});
  }

  say(words, wrong = false) {
    this.message.say(words, wrong);
  }

  async show(frame) {
    const last = this.source.frames - 1;
    const wanted = Math.max(0, Math.min(frame, last));
    const forward = wanted >= (this.frame ?? 0) ? 1 : -1;
    this.frame = wanted;
    this.slider.value = wanted;
    find("#frame-problem").hidden = true;
    this.still.src = frameOf(this.video, wanted, this.review.data.key);
    this.ahead = Array.from({ length: AHEAD }, (_, step) => wanted + forward * (step + 1))
      .filter((index) => index >= 0 && index <= last)
      .map((index) => Object.assign(new Image(), { src: frameOf(this.video, index, this.review.data.key) }));
    await this.refresh();
  }

  async refresh() {
    const { frame } = this;
    const { boxes } = await get("/api/boxes", { video: this.video, frame });
    if (frame !== this.frame) return;
    this.boxes = boxes.map((box) => ({ ...box, frame }));
    for (const box of boxes) this.last.set(box.person, box.xyxy);
    const at = boxes.findIndex(({ person }) => person === this.person);
    this.chosen = at < 0 ? null : at;
    this.paint();
  }

  paint() {
    this.drawing.set(this.boxes, this.chosen);
    find("#frame-title").textContent = `${this.video} · frame ${this.frame} of ${this.source.frames} · ${(this.frame / this.source.fps).toFixed(2)} s`;
    find("#frame-mark").textContent = this.mark === null ? "" : `marked: ${this.mark}`;
    find("#frame-people").replaceChildren(...this.boxes.map((box, at) => this.chip(box, at)));
    find('[data-frame="undo"]').disabled = !this.review.edits;
    find('[data-frame="redo"]').disabled = !this.review.undone;
    this.dialog.dataset.frame = this.frame;
  }

  chip({ person, kind }, at) {
    const { back, text } = this.review.colour(person);
    const chip = Object.assign(document.createElement("button"), { textContent: person, title: `person ${person}, ${kind}` });
    chip.style.setProperty("--back", back);
    chip.style.setProperty("--text", text);
    chip.tabIndex = -1;
    chip.classList.toggle("filled", kind === "filled");
    chip.setAttribute("aria-pressed", at === this.chosen);
    chip.setAttribute("aria-label", `person ${person}, ${kind}`);
    chip.addEventListener("click", () => (this.choose(at), this.picture.focus()));
    return chip;
  }

  fit() {
    if (!this.dialog.open) return;
    const width = this.source.width || this.still.naturalWidth || 1;
    const height = this.source.height || this.still.naturalHeight || 1;
    this.drawing.fit(this.picture, this.still, width, height);
  }

  async problem() {
    const { src } = this.still;
    const said = (await refusal(src)) ?? "The frame cannot be shown.";
    if (src === this.still.src) Object.assign(find("#frame-problem"), { textContent: said, hidden: false });
  }

  async goTo() {
    const answer = await this.prompt.number("Go to frame");
    if (answer !== null) await this.show(answer.number);
  }

  choose(at) {
    this.chosen = at in this.boxes ? at : null;
    this.person = this.box?.person ?? null;
    this.paint();
  }

  step(by) {
    if (!this.boxes.length) return;
    const at = this.chosen === null ? (by > 0 ? 0 : this.boxes.length - 1) : this.chosen + by;
    this.choose((at + this.boxes.length) % this.boxes.length);
  }

  async edit(edit, said) {
    await this.review.edit({ video: this.video, ...edit });
    await this.shown(said);
  }

  async put(person, xyxy, frame = this.frame) {
    await this.review.edit({ do: "box", video: this.video, frame, person, xyxy: rounded(xyxy) });
    await this.turnTo(person);
    this.say(`Box of person ${this.person} set.`);
  }

  // Look at this person from now on; "new" is the one that has just been made.
  turnTo(person) {
    this.person = person === "new" ? this.review.fresh.at(-1) : person;
    return this.refresh();
  }

  // A drawn box asks whose it is.
  async name(xyxy) {
    const choices = [{ key: "Enter", label: "This person", how: "put" }, { key: "n", label: "New person", how: "put", free: true }];
    const answer = await this.prompt.person("This box is person", "", choices);
    if (answer === null) return this.paint();
    await this.put(answer.number, xyxy);
  }

  // The chosen box gets another person's number: in this frame, from here on, or between the mark and here.
  async assign(typed = "") {
    const { box, frame } = this;
    if (!box) return this.say("Choose a box first (↑ ↓ or click).", true);
    const choices = [
      { key: "Enter", label: "This frame", how: "here" },
      { key: "Shift+Enter", label: "From here on", how: "on" },
      { key: "s", label: "Swap from here on", how: "swap" },
      { key: "n", label: "New person, this frame", how: "here", free: true },
      { key: "N", label: "New person from here on", how: "on", free: true },
    ];
    const marked = this.mark === null ? [] : this.range();
    if (marked.length) choices.splice(2, 0, { key: "m", label: `Frames ${marked.join(" to ")}`, how: "marked" });
    const answer = await this.prompt.person(`Person ${box.person} here is really person`, typed, choices);
    if (answer === null) return;
    const { number, how } = answer;
    if (how === "here" && box.kind === "filled") {
      await this.review.edit({ do: "unbox", video: this.video, frame, person: box.person });
      return this.put(number, box.xyxy);
    }
    const [from_frame, to_frame] = { here: [frame, frame], marked }[how] ?? [frame, null];
    const range = { from_frame, to_frame };
    const when = { here: "in this frame", marked: `from ${from_frame} to ${to_frame}` }[how] ?? "from here on";
    if (how === "swap") await this.review.edit({ do: "swap", video: this.video, people: [box.person, number], ...range });
    else await this.review.edit({ do: "give", video: this.video, person: box.person, to: number, ...range });
    await this.turnTo(number);
    return this.say(how === "swap" ? `${box.person} and ${number} swapped from frame ${frame} on.` : `${box.person} is ${this.person} ${when}.`);
  }

  async add() {
    const answer = await this.prompt.person("Add a box of person");
    if (answer === null) return;
    const { width, height } = this.source;
    const middle = [0.45 * width, 0.3 * height, 0.55 * width, 0.7 * height];
    await this.put(answer.number, this.last.get(answer.number) ?? middle);
  }

  async remove() {
    const { box, frame } = this;
    if (!box) return this.say("Choose a box first (↑ ↓ or click).", true);
    const twice = this.boxes.filter(({ person }) => person === box.person).length > 1;
    if (twice && box.image) return this.edit({ do: "drop", images: [box.image] }, `Crop ${box.image} thrown out.`);
    const said = box.kind === "filled" ? "is absent here" : "has no box here any more";
    await this.edit({ do: "unbox", frame, person: box.person }, `Person ${box.person} ${said}.`);
  }

  setMark() {
    this.mark = this.mark === this.frame ? null : this.frame;
    this.paint();
  }

  range() {
    if (this.mark === null || this.person === null) throw new Error("Mark a frame first (k), and choose a box.");
    return [Math.min(this.mark, this.frame), Math.max(this.mark, this.frame)];
  }

  between() {
    const [from_frame, to_frame] = this.range();
    const said = `Boxes of person ${this.person} between ${from_frame} and ${to_frame} lie on a line.`;
    return this.edit({ do: "between", person: this.person, from_frame, to_frame }, said);
  }

  absent() {
    const [frame, to_frame] = this.range();
    return this.edit({ do: "unbox", person: this.person, frame, to_frame }, `Person ${this.person} is absent from ${frame} to ${to_frame}.`);
  }

  async undo() {
    await this.shown(await this.review.undo());
  }

  async redo() {
    await this.shown(await this.review.redo());
  }

  async shown(words) {
    await this.refresh();
    this.say(words);
  }
}
