// One thing after the other: a key pressed while an edit is still being saved waits for it, and sees what it made.

export class Queue {
  constructor(failed) {
    Object.assign(this, { failed, waiting: [], running: false });
  }

  // Begins at once where nothing is under way.
  async run(action) {
    this.waiting.push(action);
    if (this.running) return;
    this.running = true;
    while (this.waiting.length) {
      try {
        await this.waiting.shift()();
      } catch (error) {
        await this.failed(error);
      }
    }
    this.running = false;
  }
}
