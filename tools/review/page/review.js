// The review as the page knows it: the crops, who they belong to, and the changes it asks the server to make.

import { get, post, Refused } from "./api.js";

export class Review extends EventTarget {
  static async load() {
    const review = new Review();
    review.data = await get("/api/data");
    review.indexOf = new Map(review.data.images.map((image, index) => [image, index]));
    review.waiting = Promise.resolve();
    review.take(await get("/api/people"));
    return review;
  }

  take(answer) {
    const before = new Set(this.people?.keys());
    Object.assign(this, { revision: answer.revision, edits: answer.edits, undone: answer.undone, last: answer.last });
    this.people = new Map(answer.people.map((person) => [person.number, this.known(person)]));
    this.fresh = [...this.people.keys()].filter((number) => !before.has(number));
    this.dispatchEvent(new Event("change"));
  }

  known(person) {
    const crops = person.crops.map((image) => this.indexOf.get(image));
    return { ...person, crops, clashes: new Set(person.clashes.map((image) => this.indexOf.get(image))) };
  }

  async reload() {
    this.take(await get("/api/people"));
  }

  // Changes wait for each other, so that each knows the revision the one before left.
  change(path, content = {}) {
    const done = this.waiting.then(async () => {
      try {
        this.take(await post(path, { revision: this.revision, ...content }));
      } catch (error) {
        if (error instanceof Refused && error.stale) await this.reload();
        throw error;
      }
    });
    this.waiting = done.catch(() => {});
    return done;
  }

  edit(edit) {
    return this.change("/api/edit", { edit });
  }

  colour(number) {
    return this.data.colours[number % this.data.colours.length];
  }

  video(index) {
    return this.data.videos[this.data.video[index]];
  }

  images(indices) {
    return [...indices].sort((a, b) => a - b).map((index) => this.data.images[index]);
  }
}
