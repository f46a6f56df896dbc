// The answers of a page that was written to a folder: each is a script, since a page from disk may
// load scripts and pictures, and nothing else.
import { passing } from "./filtering.js";

export const isOffline = document.documentElement.hasAttribute("data-export");

const CHUNK = 500;
const IN_FOLDER = 1000;
/** @type {Map<string, any>} */
const taken = new Map();
/** @type {Map<string, Promise<any>>} */
const loading = new Map();
/** @type {Record<string, string>} */
let pictures = {};

/** @type {any} */ (globalThis).vidsetTake = (/** @type {string} */ key, /** @type {string} */ text) => taken.set(key, JSON.parse(text));

/**
 * Run a script of `data/`, once; returns what it gave.
 * @param {string} file @param {string} key
 * @returns {Promise<any>}
 */
function load(file, key) {
  const known = loading.get(key);
  if (known) return known;
  const promise = new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `data/${file}`;
    script.onload = () => { script.remove(); done(taken.get(key)); };
    script.onerror = () => failed(new Error("a file of this folder is missing: it was not copied as a whole"));
    document.head.append(script);
  });
  loading.set(key, promise);
  return promise;
}

/** @param {any[]} parts */
async function answer(parts) {
  const index = await load("index.js", "index");
  const key = JSON.stringify(parts.map(String));
  if (!Object.hasOwn(index, key)) throw new Error("this is not in the folder");
  return load(index[key], key);
}

/**
 * Whether the folder has an answer.
 * @param {string} path @param {Record<string, any>} query
 */
export async function has(path, query) {
  return Object.hasOwn(await load("index.js", "index"), JSON.stringify(partsOf(path, query)));
}

/** @param {string} path @param {Record<string, any>} query */
function partsOf(path, query) {
  return [path, ...Object.keys(query).sort().map((name) => String(query[name]))];
}

/**
 * What a server would answer.
 * @param {string} path @param {Record<string, any>} [query]
 */
export async function ask(path, query = {}) {
  if (path === "image") return (await rows([Number(query.n)]))[0];
  if (path === "images") return rows(String(query.n).split(",").map(Number));
  if (path === "diff" || path === "confusion" || path === "errors") pictures = await answer(["pictures"]);
  return answer(partsOf(path, query));
}

/** @param {number[]} numbers */
async function rows(numbers) {
  return Promise.all(numbers.map(async (n) => (await answer(["chunk", Math.floor(n / CHUNK)]))[n % CHUNK]));
}

/**
 * The numbers of the images that pass a filter, in order.
 * @param {any} filter
 */
export async function search(filter) {
  const [columns, order, hashes] = await Promise.all([answer(["columns"]), answer(["order", filter.sort]), answer(["hashes"])]);
  return Uint32Array.from(passing(columns, order, hashes, filter));
}

/**
 * The same, with the group of each.
 * @param {any} filter
 */
export async function grouped(filter) {
  const [numbers, columns] = await Promise.all([search(filter), answer(["columns"])]);
  return { numbers, groups: numbers.map((n) => columns.alike[n]) };
}

/** @param {string[]} hashes of images */
export async function numbersOf(hashes) {
  const all = await answer(["hashes"]), wanted = new Set(hashes);
  return all.flatMap((/** @type {string} */ each, /** @type {number} */ n) => (wanted.has(each) ? [n] : []));
}

/** @param {number} n */
export function imageFile(n) {
  return `images/${Math.floor(n / IN_FOLDER)}/${n}.jpg`;
}

/** @param {string} sha256 */
export function pictureFile(sha256) {
  return Object.hasOwn(pictures, sha256) ? pictures[sha256] : "";
}

/** Where the thumbnails are: of each sheet the size of its cells, and those of its pictures. */
export async function sheets() {
  return answer(["sheets"]);
}
