// Talking to the review's server. Every change names the review and the revision it was made on; the response holds all
// people again.

import { sentence } from "./words.js";

export class Refused extends Error {
  constructor(words) {
    super(sentence(words));
  }
}

// Why an address gave no picture, in the server's words, or that it does not answer; null where it has none.
export async function refusal(address) {
  try {
    const { error } = await (await reached(address)).json();
    return sentence(error);
  } catch (error) {
    return error instanceof Refused ? error.message : null;
  }
}

async function answer(response) {
  const content = await response.json().catch(() => ({ error: `the server answers ${response.status}` }));
  if (!response.ok) throw Object.assign(new Refused(content.error), { stale: response.status === 409, key: content.key });
  return content;
}

async function reached(...request) {
  try {
    return await fetch(...request);
  } catch {
    throw new Refused("the review's server does not answer; was it stopped?");
  }
}

export async function get(path, query = {}) {
  const words = new URLSearchParams(query).toString();
  return answer(await reached(words ? `${path}?${words}` : path));
}

export async function post(path, content) {
  const body = JSON.stringify(content);
  return answer(await reached(path, { method: "POST", headers: { "content-type": "application/json" }, body }));
}

// `key` is the review's own, lest the browser show a picture it kept of another data set.
export const thumbnailOf = (image, key) => `/thumbnails/${encodeURIComponent(image)}?v=${key}`;

export const frameOf = (video, frame, key) => `/frame?${new URLSearchParams({ video, frame, v: key })}`;

export const likenessOf = (person, frame, [x0, y0, x1, y1], key) => `/likeness?${new URLSearchParams({ person, frame, x0, y0, x1, y1, v: key })}`;
