// What can be done to the rows; each is one edit or a step through the history.

import { many } from "./words.js";

export class Actions {
  constructor(review, cursor, prompt, say) {
    Object.assign(this, { review, cursor, prompt, say });
  }

  // The crops an edit is about; there are none where nobody is left.
  get crops() {
    const { crops } = this.cursor;
    if (!crops.size) throw new Error("Nobody is left in these rows.");
    return crops;
  }

  async merge() {
    const { number, marked } = this.cursor;
    if (marked === null || marked === number) return this.say("Mark the person to merge with first (k), then go to the other one.", true);
    await this.review.edit({ do: "merge", people: [marked, number] });
    this.say(`Person ${number} is now part of ${marked}.`);
  }

  async split() {
    const { number, here } = this.cursor;
    const [from] = this.review.images(here === undefined ? this.crops : [here]);
    await this.review.edit({ do: "split", person: number, from });
    this.say(`From ${from} on it is person ${this.review.fresh.at(-1)}.`);
  }

  async drop() {
    const images = this.review.images(this.crops);
    this.cursor.chosen.clear();
    await this.review.edit({ do: "drop", images });
    this.say(`${many(images.length, "crop")} thrown out.`);
  }

  async move(person) {
    const images = this.review.images(this.crops);
    this.cursor.chosen.clear();
    await this.review.edit({ do: "move", images, person });
    this.say(`${many(images.length, "crop")} moved to person ${person === "new" ? this.review.fresh.at(-1) : person}.`);
  }

  fresh() {
    const { number } = this.cursor;
    const own = this.review.people.get(number)?.crops ?? [];
    if (own.length && own.every((crop) => this.crops.has(crop))) return this.say(`These are all crops of person ${number}; they would only get another number.`, true);
    return this.move("new");
  }

  async assign(typed = "") {
    const count = this.crops.size;
    const person = await this.prompt.person(`Move ${many(count, "crop")} to person`, typed);
    if (person !== null) await this.move(person.number);
  }

  async undo() {
    this.say(await this.review.undo());
  }

  async redo() {
    this.say(await this.review.redo());
  }

  mark(number = this.cursor.number) {
    if (number === null) return this.say("Nobody is left in these rows.", true);
    this.cursor.marked = this.cursor.marked === number ? null : number;
    this.say(this.cursor.marked === null ? "No person is marked." : `Person ${number} is marked; m on another row merges it into ${number}.`);
  }
}
