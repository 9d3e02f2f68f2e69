// The page: rows of people, the toolbar above them, the status line below.

import { Actions } from "./actions.js";
import { Cursor } from "./cursor.js";
import { find } from "./elements.js";
import { FrameView } from "./frame.js";
import { listenInFrame } from "./frame_keys.js";
import { help } from "./help.js";
import { listen } from "./keys.js";
import { kept, ordered } from "./orders.js";
import { begin, PageView } from "./page_view.js";
import { Review } from "./review.js";
import { Rows } from "./rows.js";
import { many } from "./words.js";

const LONG_ROW = 300;

class View extends PageView {
  constructor(review) {
    super(review, find("#people"));
    this.rows = new Rows(review, this.room, null);
    this.cursor = new Cursor(review, this.rows);
    this.rows.state = this.cursor;
    this.actions = new Actions(review, this.cursor, this.prompt, (...words) => this.say(...words));
    this.frameView = new FrameView(review, this.prompt);
    listenInFrame(this.frameView, { help, close: () => this.back() });
    this.whole = ordered(review.people, "doubt");
    this.toolbar();
    this.pointer();
    this.tabbed();
    listen(document.body, { cursor: this.cursor, actions: this.actions, view: this, open: this });
    review.addEventListener("change", () => this.changed());
    this.changed();
  }

  // Do something, then show what came of it; a refusal is said below.
  act(action) {
    return super.act(async () => {
      await action();
      this.paint();
    });
  }

  refused(error) {
    super.refused(error);
    this.paint();
  }

  paint() {
    this.rows.paint();
    this.rows.reveal();
    this.describe();
  }

  describe() {
    const { cursor, review } = this;
    const { data } = review;
    const place = cursor.here === undefined ? "" : `person ${cursor.number} · frame ${data.frame[cursor.here]} · ${data.time[cursor.here].toFixed(2)} s`;
    const chosen = cursor.chosen.size ? ` · ${cursor.chosen.size} chosen` : "";
    find("#where").textContent = `${[...this.counts(), place].join(" · ")}${chosen}`;
    find('[data-do="merge"]').disabled = cursor.marked === null || cursor.marked === cursor.number;
  }

  // The people were changed: the rows follow, and the cursor stays where it was.
  changed() {
    const { cursor } = this;
    const crop = cursor.here;
    const next = cursor.groups[cursor.column + 1]?.crops[0] ?? cursor.groups[cursor.column - 1]?.crops[0];
    const neighbour = Math.max(0, this.rows.order.indexOf(cursor.number));
    const { number } = cursor;
    this.whole = kept(this.whole, this.review.people, number);
    this.rows.set(this.filtered(), this.every);
    const stayed = crop !== undefined && this.review.people.get(number)?.crops.includes(crop);
    cursor.settle(stayed || !this.review.people.has(number) ? crop : next, neighbour);
    this.paint();
  }

  filtered() {
    const chosen = find("#filter").value;
    const { video } = this.review.data;
    const seen = ({ crops }) => chosen === "" || crops.some((crop) => video[crop] === Number(chosen));
    return this.whole.filter((number) => this.review.people.get(number).crops.length && seen(this.review.people.get(number)));
  }

  get every() {
    return Number(find("#every").value);
  }

  order() {
    this.whole = ordered(this.review.people, find("#order").value);
    this.changed();
  }

  coarser(by) {
    const every = find("#every");
    every.selectedIndex = Math.max(0, Math.min(every.options.length - 1, every.selectedIndex + by));
    this.changed();
  }

  async goToPerson() {
    const answer = await this.prompt.person("Go to person");
    if (answer === null) return;
    if (!this.rows.order.includes(answer.number)) return this.say(`Person ${answer.number} is not in these rows.`, true);
    this.cursor.place(answer.number, 0);
  }

  frame() {
    const { here, number } = this.cursor;
    if (here === undefined) throw new Error("Nobody is left in these rows.");
    return this.frameView.open(this.review.video(here), this.review.data.frame[here], number);
  }

  // Back from the frame, at the crop of the person chosen there that is nearest to it.
  back() {
    const { frameView, review, cursor } = this;
    frameView.dialog.close();
    const person = review.people.get(frameView.person);
    if (person?.crops.length && this.rows.order.includes(person.number)) {
      cursor.place(person.number, 0);
      cursor.column = cursor.nearest(review.data.videos.indexOf(frameView.source), frameView.frame / frameView.source.fps);
    }
    this.room.focus();
    this.paint();
  }

  help() {
    help();
  }

  async export() {
    const { folder, mot, left_out } = await this.review.write("/api/export");
    const written = `Written to ${folder}${mot.length ? `, with ${many(mot.length, "MOT file")}` : ""}`;
    const told = [written, ...left_out].map((words) => (words.endsWith("...") ? words : `${words}.`));
    this.say(told.join(" "), left_out.length > 0);
  }

  toolbar() {
    const { data, people } = this.review;
    find("#filter").append(new Option("all", ""), ...data.videos.map(({ name }, at) => new Option(name || "unnamed", at)));
    const longest = Math.max(...[...people.values()].map(({ crops }) => crops.length), 1);
    const every = find("#every");
    every.selectedIndex = [...every.options].findIndex(({ value }) => longest / Number(value) <= LONG_ROW);
    if (every.selectedIndex < 0) every.selectedIndex = every.options.length - 1;
    for (const name of ["#filter", "#every"]) this.list(find(name), () => this.changed());
    this.list(find("#order"), () => this.order());
    this.head({ frame: () => this.frame(), export: () => this.export(), help: () => this.help() }, (name) => this.actions[name]());
  }

  // What is chosen in a list by the pointer gives the keys back to the rows; by Tab one may go on through its options.
  list(element, chosen) {
    let pressed = false;
    element.addEventListener("pointerdown", () => (pressed = true));
    element.addEventListener("change", () => {
      chosen();
      if (pressed) this.room.focus({ preventScroll: true });
      pressed = false;
    });
  }

  // Tab leads from strip to strip, and takes the cursor along; the keys are those of all rows.
  tabbed() {
    this.room.addEventListener("focusin", ({ target }) => {
      const number = Number(target.closest(".person")?.dataset.number ?? NaN);
      if (!target.matches(".strip:focus-visible") || number === this.cursor.number) return;
      this.act(() => this.cursor.step(this.rows.order.indexOf(number) - this.rows.order.indexOf(this.cursor.number)));
    });
  }

  pointer() {
    this.room.addEventListener("click", (event) => {
      const row = event.target.closest(".person");
      if (!row) return;
      const number = Number(row.dataset.number);
      const crop = event.target.closest(".crop");
      this.act(() => {
        if (!crop) return event.target.closest(".facts") && this.touched(number);
        const held = event.ctrlKey || event.metaKey;
        this.cursor.place(number, Number(crop.dataset.column), { extend: event.shiftKey, keep: held });
        if (held || !event.shiftKey) this.cursor.toggle();
      });
    });
    this.room.addEventListener("dblclick", (event) => event.target.closest(".crop") && this.act(() => this.frame()));
  }

  touched(number) {
    if (this.cursor.number === number) this.actions.mark(number);
    else this.cursor.place(number, 0);
  }
}

await begin(() => Review.load(), View);
