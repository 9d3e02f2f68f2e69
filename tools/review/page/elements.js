// Elements of the page: finding them, and making them.

export const find = (selector) => document.querySelector(selector);

export const part = (name, className, more = {}) => Object.assign(document.createElement(name), { className, ...more });
