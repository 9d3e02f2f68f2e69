// A data set as the page knows it: the crops, and who they belong to.

import { History } from "./history.js";

export class Review extends History {
  static load() {
    return new Review().load();
  }

  prepare() {
    this.indexOf = new Map(this.data.images.map((image, index) => [image, index]));
  }

  known(person) {
    const crops = person.crops.map((image) => this.indexOf.get(image));
    return { ...person, crops, clashes: new Set(person.clashes.map((image) => this.indexOf.get(image))) };
  }

  label(number) {
    return String(number);
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
