// Thumbnails, fetched in packs of 64 and kept as bitmaps; those that were not seen for long go.
import { isOffline, sheets } from "./offline.js";

const MOST = 6000;
const PACK = 64;
const AT_ONCE = 4;
const AT_ONCE_FLYING = 1;

/** @type {Map<number, ImageBitmap | null>} */
const bitmaps = new Map();
/** @type {Set<number>} */
const asked = new Set();
/** @type {number[]} */
let waiting = [];
let running = 0;
let most = AT_ONCE;
let listener = () => {};

/** @param {() => void} call when new thumbnails are there */
export function onThumbnails(call) {
  listener = call;
}

/** Forget all: images have got other numbers. */
export function forget() {
  bitmaps.clear();
  asked.clear();
  waiting = [];
}

/**
 * The thumbnail of an image; undefined while it is on its way, null if it cannot be read.
 * @param {number} n
 */
export function thumbnail(n) {
  const found = bitmaps.get(n);
  if (found !== undefined) { bitmaps.delete(n); bitmaps.set(n, found); }  // It was seen last.
  return found;
}

/**
 * Ask for what is visible; what was asked for before and is not visible any more is dropped.
 * @param {Iterable<number>} visible
 * @param {boolean} [isFlying] whether it is gone in a moment: then drawing comes before loading
 */
export function want(visible, isFlying = false) {
  waiting = [...visible].filter((n) => !bitmaps.has(n) && !asked.has(n));
  most = isFlying ? AT_ONCE_FLYING : AT_ONCE;
  loadWaiting();
}

function loadWaiting() {
  while (running < most && waiting.length) load(waiting.splice(0, PACK));
}

/** @param {number[]} numbers */
async function load(numbers) {
  running += 1;
  for (const n of numbers) asked.add(n);
  try {
    if (isOffline) { await cut(numbers); return; }
    const answer = await fetch(`thumbnails?n=${numbers.join(",")}`);
    if (answer.ok) await unpack(await answer.arrayBuffer());
  } catch {
    // The server is away; the state line says so, and the next scroll asks again.
  } finally {
    for (const n of numbers) asked.delete(n);
    running -= 1;
    loadWaiting();
    listener();
  }
}

const ACROSS = 8;
const ON_SHEET = 64;

/**
 * Cut thumbnails out of the sheets that a folder has.
 * @param {number[]} numbers
 */
async function cut(numbers) {
  const all = await sheets();
  for (const place of new Set(numbers.map((n) => Math.floor(n / ON_SHEET)))) {
    const { cell: [wide, high], sizes } = all[place];
    const image = new Image();
    image.src = `sheets/${place}.webp`;
    const isThere = await image.decode().then(() => true, () => false);
    await Promise.all(numbers.filter((n) => Math.floor(n / ON_SHEET) === place).map(async (n) => {
      const at = n % ON_SHEET, [width, height] = sizes[at];
      keep(n, isThere && width ? await createImageBitmap(image, (at % ACROSS) * wide, Math.floor(at / ACROSS) * high, width, height) : null);
    }));
  }
}

/** @param {ArrayBuffer} pack */
async function unpack(pack) {
  const view = new DataView(pack);
  const made = [];
  for (let at = 0; at < pack.byteLength;) {
    const n = view.getUint32(at, true), size = view.getUint32(at + 4, true);
    const data = new Blob([new Uint8Array(pack, at + 8, size)], { type: "image/webp" });
    made.push(size ? createImageBitmap(data).then((bitmap) => keep(n, bitmap), () => keep(n, null)) : keep(n, null));
    at += 8 + size;
  }
  await Promise.all(made);
}

/** @param {number} n @param {ImageBitmap | null} bitmap */
function keep(n, bitmap) {
  bitmaps.set(n, bitmap);
  if (bitmaps.size > MOST) {
    const [oldest, gone] = bitmaps.entries().next().value ?? [n, null];
    bitmaps.delete(oldest);
    gone?.close();
  }
}
