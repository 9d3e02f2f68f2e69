// What can be done to a run; each is one edit or a step through the history.

import { rounded } from "../geometry.js";
import { many, toldFromNumbers } from "../words.js";

export class RunActions {
  constructor(review, view) {
    Object.assign(this, { review, view, before: [], after: [] });  // who was chosen before edits, and after those undone
  }

  get here() {
    const { number } = this.view;
    if (!this.review.people.size) throw new Error("Nobody is here; draw a box on the video first.");
    if (number === null) throw new Error("Choose a person first (↑ ↓ or click).");
    return number;
  }

  // A deed that a key or a button names: about the picture that is seen, so playing stops there.
  start(name, ...more) {
    this.view.player.pause();
    return this[name](...more);
  }

  get video() {
    return this.review.video;
  }

  say(...words) {
    this.view.say(...words);
  }

  name(number) {
    return this.review.label(number === "new" ? this.review.fresh.at(-1) : number);
  }

  async edit(edit, said) {
    await this.changed(this.review.edit(edit));
    this.say(typeof said === "function" ? said() : said);
  }

  async changed(edit) {
    const { number } = this.view;
    await edit;
    this.before.push(number);
    this.after = [];
  }

  async merge() {
    const person = this.here;
    const answer = await this.view.prompt.person(`Person ${this.name(person)} is really person`);
    if (answer) await this.mergeInto(person, answer.number);
  }

  async mergeInto(person, number) {
    const both = this.told(number, this.review.together(person, number));
    await this.edit({ do: "merge", people: [number, person] }, `Person ${person} is now part of ${this.name(number)}.${both}`);
    this.view.choose(number);
  }

  // What is said where both were there, and one box of the two goes.
  told(number, frames) {
    return frames ? ` Both were there in ${many(frames, "frame")}, where one box of ${number} is gone: u undoes it, a number and s swaps them.` : "";
  }

  async rename() {
    const person = this.here;
    const before = this.review.people.get(person).name;
    await this.view.prompt.text(`Name of person ${person}`, before, async (name) => {
      if (name.trim() === before) return this.say("That is so already; nothing was changed.");
      await this.edit({ do: "rename", person, name }, () => (name.trim() ? `Person ${person} is called ${toldFromNumbers(name.trim())}.` : `Person ${person} has no name.`));
    });
  }

  cast() {
    this.view.toggleCast(this.here);
  }

  async keep() {
    const people = [...this.view.cast];
    if (!people.length) return this.say("Mark the cast first (c on each of them).", true);
    const gone = this.review.people.size - people.length;
    await this.edit({ do: "keep", people }, `${many(gone, "other")} dropped; the cast of ${people.length} stays.`);
  }

  async remove() {
    const person = this.here;
    await this.edit({ do: "delete", people: [person] }, `Person ${person} is gone.`);
  }

  async split() {
    const person = this.here;
    this.mayLeave(person, this.view.frame);
    const edit = { do: "give", video: this.video, person, to: "new", from_frame: this.view.frame };
    await this.edit(edit, () => `From here on it is person ${this.review.fresh.at(-1)}.`);
    this.view.choose(this.review.fresh.at(-1));
  }

  // Somebody new who is all of a person would be the same one with another number.
  mayLeave(person, first, last) {
    if (!this.review.beyond(person, first, last)) throw new Error(`${this.name(person)} is nowhere else, so there is nothing to split off.`);
  }

  async swap(number) {
    const person = this.here;
    const answer = await this.view.prompt.person(`From here on, swap ${this.name(person)} with person`);
    if (answer) await this.swapWith(person, answer.number);
  }

  swapWith(person, number) {
    const { frame } = this.view;
    const edit = { do: "swap", video: this.video, people: [person, number], from_frame: frame };
    return this.edit(edit, `${this.name(person)} and ${this.name(number)} swapped from frame ${frame} on.`);
  }

  // A digit: the person is really somebody else, all along, from here on, or between the mark and here.
  async assign(typed = "") {
    const person = this.here;
    const { frame, mark } = this.view;
    const choices = [
      { key: "Enter", label: "From here on", how: "on" },
      { key: "Shift+Enter", label: "All along", how: "all" },
      { key: "s", label: "Swap from here on", how: "swap" },
      { key: "n", label: "New person from here on", how: "on", free: true },
    ];
    if (mark !== null) {
      const ends = this.range().join(" to ");
      choices.push({ key: "m", label: `Frames ${ends}`, how: "marked" }, { key: "N", label: `New person, ${ends}`, how: "marked", free: true });
    }
    const answer = await this.view.prompt.person(`Person ${this.name(person)} is really person`, typed, choices);
    if (!answer) return undefined;
    const { number, how } = answer;
    if (how === "all") return this.mergeInto(person, number);
    if (how === "swap") return this.swapWith(person, number);
    const [from_frame, to_frame] = how === "marked" ? this.range() : [frame, null];
    if (number === "new") this.mayLeave(person, from_frame, to_frame ?? undefined);
    const when = how === "marked" ? `from ${from_frame} to ${to_frame}` : "from here on";
    const both = this.told(number, this.review.together(person, number, from_frame, to_frame));
    await this.edit({ do: "give", video: this.video, person, to: number, from_frame, to_frame }, () => `${this.name(person)} is ${this.name(number)} ${when}.${both}`);
    if (how === "marked") this.view.unmark();
    return this.view.choose(number === "new" ? this.review.fresh.at(-1) : number);
  }

  range() {
    const { mark, frame } = this.view;
    if (mark === null) throw new Error("Mark a frame first (k).");
    return [Math.min(mark, frame), Math.max(mark, frame)];
  }

  // Boxes offered: at this frame, or else those nearest to it.
  async accept(all = false) {
    const person = this.here;
    const { frame } = this.view;
    const { offers } = this.review.people.get(person);
    if (!offers.length) return this.say("The detector has no further boxes for this person.", true);
    const gap = ([first, last]) => Math.max(first - frame, frame - last, 0);
    const nearest = offers.reduce((best, offer) => (gap(offer) < gap(best) ? offer : best));
    const count = all ? offers.reduce((sum, [, , boxes]) => sum + boxes, 0) : nearest[2];
    await this.changed(this.review.change("/api/offer", { person, frame: all ? null : nearest[0] }));
    this.say(`${many(count, "box")} of the detector taken.`);
    if (!all) await this.view.seek(nearest[1]);
  }

  acceptAll() {
    return this.accept(true);
  }

  // A spare box of the detector, with those that continue it: the chosen person's where they have none, else somebody new.
  async take(xyxy) {
    const { number, frame } = this.view;
    const person = number !== null && !this.review.present(number, frame) ? number : "new";
    await this.changed(this.review.change("/api/offer", { person, frame, xyxy }));
    const whose = person === "new" ? this.review.fresh.at(-1) : person;
    this.view.choose(whose);
    this.say(`The detector's boxes are person ${this.name(whose)}'s.`);
  }

  // Straight lines across the gap here, or between the mark and here.
  async line() {
    const person = this.here;
    const { frame, mark } = this.view;
    if (mark === null && this.review.present(person, frame)) return this.say("There is no gap here.", true);
    const [from_frame, to_frame] = mark === null ? this.review.around(person, frame) : this.range();
    if (from_frame === null || to_frame === null) return this.say("This gap has no box at one of its ends.", true);
    await this.edit({ do: "between", video: this.video, person, from_frame, to_frame }, `Boxes between ${from_frame} and ${to_frame} lie on straight lines.`);
    this.view.unmark();
  }

  unbox() {
    const person = this.here;
    const { frame } = this.view;
    if (!this.review.shown(person, frame)) return this.say(`${this.name(person)} has no box in this frame.`, true);
    const said = () =>
      this.review.shown(person, frame)
        ? `The box of ${this.name(person)} is gone; a straight line fills its place. Once more: absent here.`
        : `No box of ${this.name(person)} in this frame.`;
    return this.edit({ do: "unbox", video: this.video, frame, person }, said);
  }

  async absent() {
    const [frame, to_frame] = this.range();
    await this.edit({ do: "unbox", video: this.video, person: this.here, frame, to_frame }, `${this.name(this.here)} is absent from ${frame} to ${to_frame}.`);
    this.view.unmark();
  }

  put(person, xyxy, frame = this.view.frame) {
    return this.edit({ do: "box", video: this.video, frame, person, xyxy: rounded(xyxy) }, () => `Box of person ${this.name(person)} set.`);
  }

  // A drawn box is the chosen person's where they have none here, else it asks whose it is.
  async drawn(xyxy) {
    const { number, frame } = this.view;
    if (number !== null && !this.review.present(number, frame)) return this.put(number, xyxy);
    const choices = [{ key: "Enter", label: "This person", how: "put" }, { key: "n", label: "New person", how: "put", free: true }];
    const ask = () => this.view.prompt.person("This box is person", "", choices);
    const answer = this.review.people.size ? await ask() : { number: "new" };
    if (!answer) return this.view.player.paint();
    await this.put(answer.number, xyxy);
    return this.view.choose(answer.number === "new" ? this.review.fresh.at(-1) : answer.number);
  }

  // What the moment proposes.
  async mend() {
    const { moment } = this.view;
    if (!moment) return this.say("Go to a doubtful moment first (d).", true);
    const now = this.review.moments.find(({ key }) => key === moment.key);
    if (!now?.fix.length) return this.say("Nothing is proposed here; l marks it as looked at.", true);
    await this.edit({ do: "reassign", video: this.video, stretches: now.fix, moments: [now.key] }, "Put right as proposed.");
    return this.view.nextMoment(1);
  }

  async looked() {
    const { moment } = this.view;
    if (!moment) return this.say("Go to a doubtful moment first (d).", true);
    const looked = this.review.moments.find(({ key }) => key === moment.key)?.looked;
    await this.edit({ do: looked ? "unlook" : "look", moments: [moment.key] }, looked ? "Not looked at." : "Looked at.");
    return looked ? undefined : this.view.nextMoment(1);
  }

  // The person who was chosen before the edit is again, so that the next key is not about somebody else.
  async undo() {
    const any = this.review.edits > 0;
    const { number } = this.view;
    const said = await this.review.undo();
    if (any) this.chosenAgain(this.before, this.after, number);
    this.say(said);
  }

  async redo() {
    const any = this.review.undone > 0;
    const { number } = this.view;
    const said = await this.review.redo();
    if (any) this.chosenAgain(this.after, this.before, number);
    this.say(said);
  }

  chosenAgain(from, to, number) {
    const again = from.pop();
    to.push(number);
    if (this.review.people.has(again)) this.view.choose(again);
  }

  async save() {
    const { folder } = await this.review.write("/api/export");
    this.say(`Written to ${folder}. Video and report: followspot render.`);
  }

  async learn() {
    this.say("Cutting people out of the video …");
    const { folder, crops } = await this.review.write("/api/learn");
    this.say(`${many(crops, "crop")} written to ${folder}.`);
  }
}
