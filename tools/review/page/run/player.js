// The video pane: any frame with its boxes; it plays in the video's own time as far as the frames come in.

import { frameOf, refusal } from "../api.js";
import { Boxes } from "../boxes.js";
import { find } from "../elements.js";
import { sentence } from "../words.js";

const AHEAD = 24;

export class Player {
  // deeds: those of Boxes; moved(): another frame is shown
  constructor(review, deeds) {
    Object.assign(this, { review, deeds, frame: 0, shown: 0, boxes: [], unused: [], person: null, chosen: null, playing: false, pictures: new Map() });
    this.picture = find("#picture");
    this.still = find("#still");
    this.drawing = new Boxes(find("#overlay"), (person) => review.colour(person), { ...deeds, label: (person) => review.label(person) });
    new ResizeObserver(() => this.fit()).observe(this.picture);
  }

  get box() {
    return this.chosen === null ? null : this.boxes[this.chosen];
  }

  image(frame) {
    const { pictures, review } = this;
    if (!pictures.has(frame)) {
      const image = Object.assign(new Image(), { fetchPriority: "high" });
      image.src = frameOf(review.video, frame, review.data.key);
      image.ready = image.decode();
      image.ready.catch(() => pictures.delete(frame));
      pictures.set(frame, image);
      if (pictures.size > 4 * AHEAD) pictures.delete(pictures.keys().next().value);
    }
    return pictures.get(frame);
  }

  ahead(frame, count) {
    const { step, unseen } = this.review.data;
    for (let on = 1; !unseen && on <= count && frame + on * step <= this.review.end; on++) this.image(frame + on * step);
    this.review.boxes(Math.min(frame + count * step, this.review.end)).catch(() => {});  // told where they are shown
  }

  async show(frame) {
    const { step, unseen } = this.review.data;
    this.frame = Math.max(0, Math.min(Math.round(frame / step) * step, this.review.end));
    const wanted = this.frame;
    this.deeds.moved();
    if (unseen) return this.problem(sentence(unseen));
    const image = this.image(wanted);
    try {
      const [found] = await Promise.all([this.review.boxes(wanted), image.ready]);
      if (wanted !== this.frame) return;
      this.draw(image, found);
      this.ahead(wanted, 3);
      find("#frame-problem").hidden = true;
    } catch (error) {
      const said = (await refusal(image.src)) ?? error.message ?? "The frame cannot be shown.";
      if (wanted !== this.frame) return;
      await this.problem(said);
      this.pause();
    }
    return undefined;
  }

  draw(image, { boxes, unused }) {
    const { still } = this;
    if (still.width !== image.naturalWidth || still.height !== image.naturalHeight) {
      [still.width, still.height] = [image.naturalWidth, image.naturalHeight];
      this.fit();
    }
    still.getContext("2d").drawImage(image, 0, 0);
    this.boxes = boxes;
    this.unused = unused;
    this.paint();
    this.picture.dataset.frame = this.shown = this.frame;
  }

  paint() {
    const at = this.boxes.findIndex(({ person }) => person === this.person);
    this.chosen = at < 0 ? null : at;
    this.drawing.set(this.boxes, this.chosen, this.playing ? [] : this.unused);
  }

  // After an edit: the same picture with the boxes as they are now.
  async refresh() {
    const { frame } = this;
    const found = await this.review.boxes(frame);
    if (frame !== this.frame) return;
    Object.assign(this, found);
    this.paint();
  }

  // The boxes without a picture, and why there is none.
  async problem(said) {
    Object.assign(find("#frame-problem"), { textContent: said, hidden: false });
    const { frame, still } = this;
    still.getContext("2d").clearRect(0, 0, still.width, still.height);
    const { boxes, unused } = await this.review.boxes(frame).catch(() => ({ boxes: [], unused: [] }));
    if (frame !== this.frame) return;
    Object.assign(this, { boxes, unused });
    this.fit();
    this.paint();
    this.picture.dataset.frame = this.shown = this.frame;
  }

  fit() {
    const { width, height } = this.review.data;
    this.drawing.fit(this.picture, this.still, width, height);
  }

  play() {
    this.playing = !this.playing;
    if (!this.playing) return this.deeds.moved();
    if (this.frame >= this.review.end) this.frame = 0;
    this.run(this.frame);
    return this.deeds.moved();
  }

  pause() {
    if (this.playing) this.hold();
  }

  // Stays at the picture that is seen: another one may be on its way already.
  hold() {
    this.playing = false;
    this.frame = this.shown;
    this.paint();
    this.deeds.moved();
  }

  // Frame after frame at its time; where the frames come in too slowly, the clock waits for them.
  async run(frame) {
    const { review } = this;
    const { step } = review.data;
    let [from, since] = [review.seconds(frame), performance.now()];
    while (this.playing && this.frame < review.end) {
      const due = review.frameAt(from + (performance.now() - since) / 1000);
      const next = Math.min(Math.max(due, this.frame + step), review.end);
      this.ahead(next - step, AHEAD);
      const before = performance.now();
      await this.show(next);
      if (performance.now() - before > 300) [from, since] = [review.seconds(this.frame), performance.now()];
      const wait = since + (review.seconds(this.frame + step) - from) * 1000 - performance.now();
      await new Promise((done) => (wait > 4 ? setTimeout(done, wait) : requestAnimationFrame(done)));
    }
    if (this.playing) this.play();
  }
}
