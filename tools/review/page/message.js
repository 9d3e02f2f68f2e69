// What is said below: red where something was refused, and then only until the next deed.

export class Message {
  constructor(element) {
    this.element = element;
  }

  say(words, wrong = false) {
    this.element.textContent = words;
    this.element.classList.toggle("wrong", wrong);
  }

  calm() {
    if (this.element.classList.contains("wrong")) this.say("");
  }
}

const LATER = "said after a reload";

export function reloadSaying(words) {
  sessionStorage.setItem(LATER, words);
  location.reload();
}

// What was to be said after the reload; null where there was nothing, or it was said.
export function saidLater() {
  const words = sessionStorage.getItem(LATER);
  sessionStorage.removeItem(LATER);
  return words;
}
