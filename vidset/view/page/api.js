// What the server is asked, or the folder where there is none. Answers that are errors become
// exceptions with its sentence.
import { ask, grouped, has, imageFile, isOffline, numbersOf, pictureFile, search } from "./offline.js";

/** @param {Response} answer */
async function checked(answer) {
  if (answer.ok) return answer;
  const text = await answer.text();
  let message = text.trim();
  try { message = JSON.parse(text).error ?? message; } catch { /* plain text */ }
  throw new Error(message || `the server answered ${answer.status}`);
}

/**
 * @param {string} path
 * @param {Record<string, any>} [query]
 * @returns {Promise<any>}
 */
export async function get(path, query) {
  if (isOffline) return ask(path, query);
  const rest = query ? `?${new URLSearchParams(query)}` : "";
  return (await checked(await fetch(`api/${path}${rest}`))).json();
}

/**
 * @param {string} path
 * @param {any} body
 */
async function post(path, body) {
  const headers = { "content-type": "application/json" };
  return checked(await fetch(`api/${path}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

/**
 * The numbers of the images that pass a filter, in order.
 * @param {any} filter
 * @returns {Promise<Uint32Array>}
 */
export async function query(filter) {
  if (isOffline) return search(filter);
  return new Uint32Array(await (await post("query", filter)).arrayBuffer());
}

/**
 * The numbers of the images that pass a filter, in order, and the group of each of those alike.
 * @param {any} filter
 * @returns {Promise<{numbers: Uint32Array, groups: Uint32Array}>}
 */
export async function queryGroups(filter) {
  if (isOffline) return grouped(filter);
  const both = new Uint32Array(await (await post("groups", filter)).arrayBuffer()), half = both.length / 2;
  return { numbers: both.subarray(0, half), groups: both.subarray(half) };
}

/**
 * The numbers of images that are known by their hashes.
 * @param {string[]} hashes
 * @returns {Promise<number[]>}
 */
export async function numbers(hashes) {
  if (isOffline) return numbersOf(hashes);
  return (await post("numbers", { column: "image_sha256", values: hashes })).json();
}

/**
 * Whether there can be an answer: a folder has some alone.
 * @param {string} path @param {Record<string, any>} query
 */
export async function can(path, query) {
  return isOffline ? has(path, query) : true;
}

/**
 * Where an image is.
 * @param {number} n
 */
export function imageUrl(n) {
  return isOffline ? imageFile(n) : `image/${n}`;
}

/**
 * Where a picture of a version is.
 * @param {string} sha256
 */
export function pictureUrl(sha256) {
  return isOffline ? pictureFile(sha256) : `version-image/${sha256}`;
}

/**
 * Put a tag on images, or take it off.
 * @param {string} tag
 * @param {number[]} images
 * @param {boolean} is_set
 */
export async function mark(tag, images, is_set) {
  return (await post("tags", { tag, images, is_set })).json();
}

/**
 * Where the picture of an image with an error is.
 * @param {string} sha256
 */
export function errorUrl(sha256) {
  return isOffline ? pictureFile(`error ${sha256}`) : `error-picture/${sha256}`;
}

/**
 * Keep a decision on an image with an error; gives all errors anew.
 * @param {{version: string, image_sha256: string, decision: any, before: any}} wanted
 */
export async function decide(wanted) {
  return (await post("decisions", wanted)).json();
}

/**
 * Call `changed` whenever the place has changed.
 * @param {(now: {revision: number, epoch: number, prepared: number}) => void} changed
 * @param {(isConnected: boolean) => void} connected
 */
export function follow(changed, connected) {
  if (isOffline) return;
  const source = new EventSource("api/changes");
  source.onmessage = (event) => { connected(true); changed(JSON.parse(event.data)); };
  source.onerror = () => connected(false);
}
