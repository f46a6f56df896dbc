// Filters images without a server, as the server does (vidset/view/filters.py).

const NONE = "(none)";

/**
 * The images of `order` that pass.
 * @param {any} columns @param {number[]} order @param {(string | null)[]} hashes @param {any} filter
 * @returns {number[]}
 */
export function passing(columns, order, hashes, filter) {
  /** @type {((n: number) => boolean)[]} */
  const tests = [];
  for (const [name, wanted] of Object.entries(filter.values)) {
    if (name === "image_sha256") tests.push(oneOf(hashes, wanted));
    else if (columns.lists[name]) tests.push(listHas(columns.lists[name], wanted));
    else tests.push(hasValue(columns.values[name], wanted));
  }
  for (const [name, bounds] of Object.entries(filter.ranges)) tests.push(within(columns.numbers[name], bounds));
  const found = order.filter((n) => tests.every((test) => test(n)));
  return filter.one_of_alike ? firstOfEach(found, columns.alike) : found;
}

/** @param {(string | null)[]} values @param {string[]} wanted */
function oneOf(values, wanted) {
  const all = new Set(wanted);
  return (/** @type {number} */ n) => { const value = values[n]; return value !== null && all.has(value); };
}

/** @param {any} column @param {string[]} wanted */
function hasValue(column, wanted) {
  const places = placesOf(column.values, wanted);
  if (wanted.includes(NONE)) places.add(-1);
  return (/** @type {number} */ n) => places.has(column.at[n]);
}

/** @param {any} column @param {string[]} wanted */
function listHas(column, wanted) {
  const places = placesOf(column.values, wanted), orEmpty = wanted.includes(NONE);
  return (/** @type {number} */ n) => (orEmpty && !column.at[n].length) || column.at[n].some((/** @type {number} */ each) => places.has(each));
}

/** @param {string[]} values @param {string[]} wanted */
function placesOf(values, wanted) {
  const all = new Set(wanted);
  return new Set(values.flatMap((each, at) => (all.has(each) ? [at] : [])));
}

/** @param {(number | null)[]} column @param {any} bounds */
function within(column, bounds) {
  const [least, most] = bounds.map((/** @type {any} */ bound) => (typeof bound === "string" ? Date.parse(bound) : bound));
  return (/** @type {number} */ n) => {
    const value = column[n];
    if (least === null && most === null) return true;
    return value !== null && (least === null || value >= least) && (most === null || value <= most);
  };
}

/** @param {number[]} found @param {number[]} column */
function firstOfEach(found, column) {
  const seen = new Set();
  return found.filter((n) => !seen.has(column[n]) && seen.add(column[n]));
}
