// Elements from data. Text is always set as text: no name can become markup.

/**
 * Make an element.
 * @param {string} tag
 * @param {Record<string, any>} [properties] `on...` are listeners, `class` and `aria-...` attributes.
 * @param {...(Node | string | number | null | undefined | (Node | string)[])} children
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (name in element && !name.includes("-") && typeof value !== "string") /** @type {any} */ (element)[name] = value;
    else if (name === "value") /** @type {any} */ (element).value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((each) => each !== null && each !== undefined).map((each) => (each instanceof Node ? each : String(each))));
  return element;
}

/**
 * A name that may be long, or written from right to left.
 * @param {string} text
 */
export function named(text) {
  return h("bdi", { class: "name", dir: "auto" }, text);
}

/**
 * A table whose number columns stand to the right.
 * @param {[string, boolean][]} columns each with whether it holds numbers
 * @param {(Node | string | number | null)[][]} rows
 * @param {string} caption said by screen readers
 */
export function table(columns, rows, caption) {
  const kind = (/** @type {number} */ at) => (columns[at][1] ? "n" : "");
  return h(
    "div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h(
      "table", {},
      h("thead", {}, h("tr", {}, ...columns.map(([name], at) => h("th", { class: kind(at), scope: "col" }, name)))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...row.map((cell, at) => h("td", { class: kind(at) }, cell))))),
    ),
  );
}

/**
 * What a page says when there is nothing to show yet.
 * @param {string} what
 * @param {string} [command] that would change it
 * @param {{reach: string}} [overview] with the words by which a command reaches the place
 */
export function empty(what, command, overview) {
  const words = command && `${command} ${overview?.reach ?? ""}`.trim();
  return h("div", { class: "empty" }, h("p", {}, what), words ? h("p", {}, h("code", {}, words)) : null);
}
