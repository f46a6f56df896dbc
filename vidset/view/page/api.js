// What the server is asked. Answers that are errors become exceptions with its sentence.

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
  return new Uint32Array(await (await post("query", filter)).arrayBuffer());
}

/**
 * The numbers of images that are known by ids or hashes.
 * @param {"image_id" | "image_sha256"} column
 * @param {string[]} values
 * @returns {Promise<number[]>}
 */
export async function numbers(column, values) {
  return (await post("numbers", { column, values })).json();
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
 * Call `changed` whenever the place has changed.
 * @param {(now: {revision: number, epoch: number, prepared: number}) => void} changed
 * @param {(isConnected: boolean) => void} connected
 */
export function follow(changed, connected) {
  const source = new EventSource("api/changes");
  source.onmessage = (event) => { connected(true); changed(JSON.parse(event.data)); };
  source.onerror = () => connected(false);
}
