// Pictures a few at a time: a browser has six connections to a server, and edits must not wait for one.

const AT_ONCE = 4;

export class PictureQueue {
  waiting = [];
  loading = 0;

  // Loads when there is room and the picture is on the page; it may be put there right after.
  add(image, address) {
    this.waiting.push([image, address]);
    queueMicrotask(() => this.next());
  }

  next() {
    while (this.loading < AT_ONCE && this.waiting.length) {
      const [image, address] = this.waiting.shift();
      if (!image.isConnected) continue;
      this.loading++;
      image.onload = image.onerror = () => {
        this.loading--;
        this.next();
      };
      image.src = address;
    }
  }
}
