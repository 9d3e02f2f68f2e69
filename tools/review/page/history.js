// The edits: what the page asks the server to change, one after the other, and the people that come back.

import { get, post, Refused } from "./api.js";
import { reloadSaying } from "./message.js";

export class History extends EventTarget {
  async load() {
    this.data = await get("/api/data");
    this.waiting = Promise.resolve();
    this.prepare();
    this.take(await get("/api/people"));
    return this;
  }

  prepare() {}

  // A person of the answer, as the page knows them.
  known(person) {
    return person;
  }

  take(answer) {
    const before = new Set(this.people?.keys());
    Object.assign(this, { revision: answer.revision, edits: answer.edits, undone: answer.undone, last: answer.last });
    this.people = new Map(answer.people.map((person) => [person.number, this.known(person)]));
    this.fresh = [...this.people.keys()].filter((number) => !before.has(number));
    this.dispatchEvent(new Event("change"));
  }

  // The people as they are now. Where another review answers, maybe of other data, all of the page is loaded again.
  async catchUp({ key, message }) {
    if (key === this.data.key) return this.take(await get("/api/people"));
    reloadSaying(message);
    return new Promise(() => {});  // this page does nothing more
  }

  // What was edited elsewhere meanwhile, in another tab, say.
  look() {
    this.waiting = this.waiting.then(async () => {
      const answer = await get("/api/people");
      if (answer.key !== this.data.key) await this.catchUp({ key: answer.key, message: "Another review answers here now; the page was loaded again" });
      else if (answer.revision !== this.revision) {
        this.take(answer);
        this.dispatchEvent(new Event("elsewhere"));
      }
    }).catch(() => {});  // told with the next edit
  }

  // Changes wait for each other, so that each knows the revision the one before left.
  change(path, content = {}) {
    return this.asked(path, content, (answer) => this.take(answer));
  }

  asked(path, content, taken) {
    const done = this.waiting.then(async () => {
      try {
        taken(await post(path, { key: this.data.key, revision: this.revision, ...content }));
      } catch (error) {
        if (error instanceof Refused && error.stale) await this.catchUp(error);
        throw error;
      }
    });
    this.waiting = done.catch(() => {});
    return done;
  }

  // Writes files by the edits as this page knows them; what the server says of it.
  async write(path) {
    let written = null;
    await this.asked(path, {}, (answer) => (written = answer));
    return written;
  }

  edit(edit) {
    return this.change("/api/edit", { edit });
  }

  // One edit back, or on again; in words.
  async undo() {
    if (!this.edits) return "There is nothing to undo.";
    const { last } = this;
    await this.change("/api/undo");
    return `Undone: ${last}.`;
  }

  async redo() {
    if (!this.undone) return "There is nothing to redo.";
    await this.change("/api/redo");
    return `Done again: ${this.last}.`;
  }
}
