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
