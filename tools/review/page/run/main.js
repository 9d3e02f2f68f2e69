// The page of a run: the video, the doubtful moments, a row a person, and the edits.

import { find } from "../elements.js";
import { showKeys } from "../help.js";
import { begin, PageView } from "../page_view.js";
import { many } from "../words.js";
import { RunActions } from "./actions.js";
import { EDITS, KEYS, LONGER, SHORTER, SIGNS, listen } from "./keys.js";
import { MomentList } from "./moment_list.js";
import { PeopleRows } from "./people_rows.js";
import { Player } from "./player.js";
import { RunReview } from "./run_review.js";

const LEAST_SHOWN = 30;

// Marks of the cast are no edit until it is kept; the browser has them while the page is open, also after a reload.
// People who are gone keep theirs, since an undo may bring them back.
const castKey = (review) => `cast of ${review.data.folder}`;
const keptCast = (review) => new Set(JSON.parse(sessionStorage.getItem(castKey(review)) ?? "[]"));

class View extends PageView {
  constructor(review) {
    super(review, find("#room"));
    Object.assign(this, { number: null, castMarks: keptCast(review), mark: null, moment: null });
    this.window = { from: 0, to: Math.max(review.data.frames, 2) };
    this.actions = new RunActions(review, this);
    this.player = new Player(review, {
      moved: () => {
        if (this.player.playing) this.follow(this.frame);
        this.paint();
      },
      pressed: () => this.player.hold(),
      chosen: (box) => this.choose(box && box.person),
      changed: ({ person, frame }, xyxy) => this.act(() => this.actions.put(person, xyxy, frame)),
      drawn: (xyxy) => this.act(() => this.actions.drawn(xyxy)),
      spared: (xyxy) => this.act(() => this.actions.take(xyxy)),
    });
    this.rows = new PeopleRows(review, find("#people"), this.window, { chosen: (number, frame) => this.touched(() => this.clicked(number, frame)) });
    this.moments = new MomentList(review, find("#moment-list"), (moment) => this.touched(() => this.goToMoment(moment)));
    review.addEventListener("change", () => {
      if (!review.undone) this.unmarkFresh();
      this.changed();
    });
    this.buttons();
    listen(document.body, this, this.actions);
    this.changed();
    this.choose(this.rows.order[0] ?? null);
  }

  get frame() {
    return this.player.frame;
  }

  // Those of the people marked who are there.
  get cast() {
    return new Set([...this.castMarks].filter((number) => this.review.people.has(number)));
  }

  changed() {
    this.rows.set();
    this.moments.set();
    if (!this.review.people.has(this.number)) this.number = this.rows.order.find((number) => number > this.number) ?? this.rows.order.at(-1) ?? null;
    this.player.person = this.number;
    this.player.refresh().catch((error) => this.say(error.message, true));
    this.paint();
  }

  paint() {
    const { review, frame, number, player, cast } = this;
    const { frames } = review.data;
    this.rows.paint(number, cast, frame);
    this.moments.paint(this.moment?.key ?? null);
    find("#clock").textContent = `${review.seconds(frame).toFixed(2)} s · frame ${frame} of ${frames}`;
    find("#frame-mark").textContent = this.mark === null ? "" : `marked: ${this.mark}`;
    find("#play").textContent = player.playing ? "Pause" : "Play";
    const open = review.open().length;
    const facts = [...this.counts(), many(open, "doubtful moment")];
    if (cast.size) facts.push(`cast of ${cast.size}`);
    find("#where").textContent = facts.join(" · ");
    find("#moments-title").textContent = open ? `Doubtful moments (${open})` : "Doubtful moments";
  }

  // A click in the lists; the keyboard stays with the room, where Space plays.
  touched(action) {
    this.room.focus({ preventScroll: true });
    this.act(action);
  }

  choose(number, { reveal = true } = {}) {
    this.number = number;
    this.player.person = number;
    this.player.paint();
    if (reveal) this.rows.reveal(number);
    this.paint();
  }

  async clicked(number, frame) {
    this.choose(number);
    if (frame !== undefined) await this.seek(Math.round(frame));
  }

  step(by) {
    const { order } = this.rows;
    const at = Math.max(0, Math.min(order.indexOf(this.number) + by, order.length - 1));
    if (order.length) this.choose(order[at]);
  }

  async seek(frame) {
    this.player.pause();
    this.follow(frame);
    await this.player.show(frame);
  }

  // To the person's next beginning or end.
  edge(way) {
    const ends = (this.review.people.get(this.number)?.spans ?? []).flatMap(([first, last]) => [first, last]);
    const beyond = ends.filter((end) => (end - this.frame) * way > 0);
    if (beyond.length) return this.seek(way > 0 ? Math.min(...beyond) : Math.max(...beyond));
    return undefined;
  }

  async goTo() {
    this.player.pause();
    await this.prompt.text("Go to frame, or to m:ss", "", async (answer) => {
      if (!answer.trim()) return;
      const found = answer.trim().match(/^(?:(\d+):)?(\d+(?:\.\d*)?)$/);
      if (!found || (!found[1] && !/^\d+$/.test(found[2]))) throw new Error("Give a frame's number, or a time as m:ss.");
      const [, minutes, rest] = found;
      await this.seek(minutes ? this.review.frameAt(60 * Number(minutes) + Number(rest)) : Number(rest));
    });
  }

  async goToMoment(moment) {
    this.moment = moment;
    this.choose(moment.fix[0]?.person ?? moment.people[0], { reveal: this.rows.scrolls });
    await this.seek(moment.frame);
    this.say(moment.told);
  }

  async nextMoment(way) {
    const { review, moment } = this;
    const open = review.open();
    const from = moment?.frame ?? (way > 0 ? 0 : this.frame + 1);
    const next = review.openBeyond(moment, from, way) ?? (way > 0 ? open.find(({ key }) => key !== moment?.key) : undefined);
    if (next) return this.goToMoment(next);
    if (open.length) return this.say(way > 0 ? "No other doubtful moment is open." : `No doubtful moment before this ${moment ? "one" : "frame"}.`);
    if (review.moments.length) return this.say("Every doubtful moment was looked at.");
    return this.say(review.data.doubted ? "No doubtful moments are left." : "There are no doubtful moments in this run.");
  }

  setMark() {
    this.mark = this.mark === null ? this.frame : null;
    this.say(this.mark === null ? "No frame is marked." : `Frame ${this.mark} is marked.`);
    this.paint();
  }

  // The mark has served.
  unmark() {
    this.mark = null;
    this.paint();
  }

  toggleCast(number) {
    if (!this.castMarks.delete(number)) this.castMarks.add(number);
    this.say(`${this.actions.name(number)} ${this.castMarks.has(number) ? "is" : "is not"} one of the cast.`);
    this.keepMarks();
    this.step(1);
    this.paint();
  }

  // An edit's new person may have the number of one whose making was undone; that mark was not theirs.
  unmarkFresh() {
    for (const number of this.review.fresh) this.castMarks.delete(number);
    this.keepMarks();
  }

  keepMarks() {
    sessionStorage.setItem(castKey(this.review), JSON.stringify([...this.castMarks]));
  }

  // A shorter or longer part of the video in the rows, about this frame.
  zoom(by) {
    const { frames } = this.review.data;
    const long = Math.max(Math.min(LEAST_SHOWN, frames), Math.min(frames, (this.window.to - this.window.from) * by));
    this.look(this.frame - long / 2, long);
  }

  look(from, long) {
    const start = Math.max(0, Math.min(from, Math.max(this.review.data.frames, 2) - long));
    Object.assign(this.window, { from: start, to: start + long });
    this.rows.drawAll();
    this.paint();
  }

  follow(frame) {
    const { from, to } = this.window;
    if (frame < from || frame > to) this.look(frame - (to - from) / 2, to - from);
  }

  help() {
    showKeys(["Video and moments", KEYS], ["Edits", EDITS], ["Rows", SIGNS]);
  }

  buttons() {
    const deeds = {
      help: () => this.help(),
      next: () => this.nextMoment(1),
      previous: () => this.nextMoment(-1),
      goTo: () => this.goTo(),
      shorter: () => this.zoom(SHORTER),
      longer: () => this.zoom(LONGER),
      play: () => this.player.play(),
      mark: () => this.setMark(),
      back: () => this.seek(this.frame - this.review.data.step),
      on: () => this.seek(this.frame + this.review.data.step),
    };
    this.head(deeds, (name) => this.actions.start(name));
  }

  started() {
    return this.player.show(0);
  }
}

await begin(() => RunReview.load(), View);
