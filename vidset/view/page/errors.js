// The errors of a model: a queue to decide on by keyboard. What a person decides is kept in the
// place, where `vidset review` and `vidset dataset fix` take it from.
import { decide, errorUrl, get } from "./api.js";
import { empty, h, named } from "./dom.js";
import { clock, number, percent, plural } from "./format.js";
import { isOffline } from "./offline.js";

/** @param {import("./main.js").Page} page */
export async function showErrors({ main, query, overview }) {
  let found = await get("errors");
  if (!found.shown) {
    main.append(empty("No errors were looked for in this place yet.", "vidset errors", overview));
    return;
  }
  const relabels = found.task === "classification";
  const view = { order: "queue", show: "all", cell: cellOf(query), at: 0 };
  /** @type {any[]} */
  let list = [];
  /** @type {[any, any][]} each image that was decided on, with what was decided before */
  const undone = [];
  const progress = h("p", { role: "status", id: "decided" });
  const problem = h("p", { class: "bad name", role: "alert" });
  const counts = h("dl", { class: "counts" });
  const queue = h("div", { class: "pictures queue", tabindex: "0", role: "listbox", "aria-label": "Images to decide on" });
  const detail = h("section", { class: "decision", "aria-label": "The image and the decision" });

  const choice = (/** @type {"order" | "show"} */ name, /** @type {string} */ label, /** @type {[string, string][]} */ options) => {
    const select = h("select", { "aria-label": label, onchange: () => { view[name] = select.value; fill(); } }, ...options.map(([value, text]) => h("option", { value }, text)));
    return select;
  };
  main.append(
    h("h1", {}, "Errors of ", named(found.model)),
    h("p", { class: "dim" }, `${plural(found.scores.images, "image")} of ${found.splits.join(", ")}, version ${found.version.slice(0, 12)}, ${found.folds ? `${found.folds.folds} folds` : `best epoch ${found.epoch}`}: `,
      `${number(found.wrong)} answered wrong, ${relabels ? `${plural(found.flagged, "label")} ${found.flagged === 1 ? "is" : "are"} likely wrong` : `${number(found.flagged)} flagged`}.`),
    h("div", { class: "row" },
      choice("order", "Order", [["queue", relabels ? "likely wrong labels first" : "surest mistakes first"], ["hardness", "hardest first"]]),
      choice("show", "Which", [["all", "all"], ["open", "undecided"], ["done", "decided"]]),
      view.cell ? h("a", { href: "#/errors" }, named(`${view.cell[0]} answered as ${view.cell[1]} ✕`)) : "", progress),
    problem, h("div", { class: "review" }, queue, h("div", {}, detail, h("h2", {}, "Decided so far"), counts,
      isOffline ? "" : h("p", { class: "dim" }, "When you are done: ", h("code", {}, found.next)))),
  );

  function fill() {
    const here = list[view.at];
    list = found.shown
      .filter((/** @type {any} */ each) => view.show === "all" || Boolean(found.decisions[each.image_sha256]) === (view.show === "done"))
      .filter((/** @type {any} */ each) => !view.cell || (each.label === view.cell[0] && each.predicted === view.cell[1]))
      .sort((/** @type {any} */ one, /** @type {any} */ other) => one[view.order] - other[view.order]);
    view.at = Math.max(0, list.indexOf(here) >= 0 ? list.indexOf(here) : Math.min(view.at, list.length - 1));
    queue.replaceChildren(...(list.length ? list.map(tile) : [h("p", { class: "dim" }, "Nothing here.")]));
    draw();
  }

  /** @param {any} image @param {number} at */
  function tile(image, at) {
    const words = relabels && image.suggested !== image.label ? `${image.label} → ${image.suggested}` : relabels ? image.label : image.suggested;
    return h("figure", { role: "option", id: `error-${at}`, onclick: () => { view.at = at; queue.focus(); draw(); } },
      h("img", { src: errorUrl(image.image_sha256), loading: "lazy", alt: "" }), h("figcaption", {}, named(words), h("span", { class: "verdict dim" })));
  }

  function draw() {
    list.forEach((image, at) => {
      const element = queue.children[at], decision = found.decisions[image.image_sha256];
      element.setAttribute("aria-selected", String(at === view.at));
      element.querySelector(".verdict").textContent = decision ? `✓ ${verdict(decision)}` : "";
    });
    queue.setAttribute("aria-activedescendant", `error-${view.at}`);
    queue.children[view.at]?.scrollIntoView({ block: "nearest" });
    const done = Object.keys(found.decisions).length;
    progress.textContent = `${number(done)} of ${number(found.shown.length)} decided`;
    counts.replaceChildren(...[...found.counts.categories, { name: "label is right", remedy: "keep", ...found.counts.right }].flatMap((each) => [h("dt", {}, named(each.name), " ", h("small", {}, each.remedy)), h("dd", {}, `${number(each.images)} (${each.percent} %)`)]));
    drawDetail();
  }

  function drawDetail() {
    const image = list[view.at];
    if (!image) { detail.replaceChildren(); return; }
    const decision = found.decisions[image.image_sha256];
    const where = [image.image_uri, image.split, image.video_uri && image.pts_seconds !== null ? `${image.video_uri} at ${clock(image.pts_seconds)}` : ""].filter(Boolean).join(", ");
    detail.replaceChildren(
      h("img", { src: errorUrl(image.image_sha256), alt: `${image.label}, answered as ${image.predicted}`, class: "large" }),
      h("dl", {}, ...[["label", named(image.label)], [relabels ? "suggested" : "found", named(relabels ? image.suggested : image.predicted)], ["why", named(image.reason)]].flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("p", {}, ...image.flags.map((/** @type {string} */ each) => h("span", { class: "chip" }, named(each)))),
      ...image.guesses.map((/** @type {any} */ guess) => h("div", { class: "guess" }, named(guess.label), h("meter", { min: 0, max: 1, value: String(guess.probability), "aria-label": guess.label }), h("span", {}, percent(guess.probability)))),
      isOffline ? (decision ? h("p", {}, h("strong", {}, named(verdict(decision)))) : "") : choices(image, decision),
      h("p", { class: "dim name" }, where),
    );
  }

  /** @param {any} image @param {any} decision */
  function choices(image, decision) {
    const label = h("select", { "aria-label": "Right label" }, ...found.classes.filter((/** @type {string} */ each) => each !== image.label).map((/** @type {string} */ each) => h("option", { value: each, selected: each === (decision?.label ?? image.suggested) }, each)));
    label.addEventListener("change", () => { const wrong = found.categories.find((/** @type {any} */ each) => each.remedy === "relabel"); if (wrong) choose(wrong, label.value); });
    const note = h("textarea", { rows: 2, "aria-label": "Note", placeholder: relabels ? "Why" : "What is wrong? The annotators see it.", onchange: () => { if (decision) keep(image, { ...told(decision), ...(note.value.trim() ? { note: note.value.trim() } : { note: undefined }) }); } });
    note.value = decision?.note ?? "";
    const button = (/** @type {number} */ key, /** @type {any} */ category) => h("button", { type: "button", "aria-pressed": String(Boolean(decision) && (decision.category ?? null) === (category?.name ?? null)), title: category?.hint ?? null, onclick: () => choose(category) },
      h("kbd", {}, String(key)), " ", named(category?.name ?? "label is right"), " ", h("small", {}, category?.remedy ?? "keep"));
    return h("div", { class: "choices" }, ...found.categories.map((/** @type {any} */ each, /** @type {number} */ at) => button(at + 1, each)), button(0, null),
      relabels ? h("label", {}, "right label ", label) : "", decision ? note : "");
  }

  /** @param {any} category null: the label is right @param {string} [label] */
  function choose(category, label) {
    const image = list[view.at];
    if (!image) return;
    const remedy = category?.remedy;
    /** @type {any} */
    const decision = { action: remedy === "remove" || remedy === "relabel" ? remedy : "keep", category: category?.name };
    if (remedy === "relabel" && relabels) decision.label = label ?? (image.suggested !== image.label ? image.suggested : found.classes.find((/** @type {string} */ each) => each !== image.label));
    const note = found.decisions[image.image_sha256]?.note;
    keep(image, { ...decision, note }, !label && !(remedy === "relabel" && !relabels));
  }

  /** @param {any} image @param {any} decision @param {boolean} [goesOn] */
  async function keep(image, decision, goesOn = false) {
    const before = found.decisions[image.image_sha256] ?? null;
    try {
      found = await decide({ version: found.version, image_sha256: image.image_sha256, decision, before });
      undone.push([image, before]);
      problem.textContent = found.aside ? `Earlier decisions, which do not belong to these images, are kept in errors/${found.aside}.` : "";
      if (goesOn && view.show !== "open") view.at = Math.min(list.length - 1, view.at + 1);
    } catch (error) {
      problem.textContent = `The decision was not kept: ${/** @type {Error} */ (error).message}`;
      found = await get("errors");
    }
    if (view.show === "all") draw(); else fill();
  }

  /** Take the last decision back, and show its image. */
  async function undo() {
    const [image, before] = undone.pop() ?? [null, null];
    if (!image) return;
    await keep(image, before && told(before));
    undone.pop();
    view.at = Math.max(0, list.indexOf(image));
    draw();
  }

  /** @type {Record<string, () => void>} */
  const keys = { ArrowRight: () => move(1), ArrowDown: () => move(columns()), ArrowLeft: () => move(-1), ArrowUp: () => move(-columns()), Home: () => move(-list.length), End: () => move(list.length), u: undo, Backspace: undo };
  const move = (/** @type {number} */ by) => { view.at = Math.max(0, Math.min(list.length - 1, view.at + by)); draw(); };
  const columns = () => getComputedStyle(queue).gridTemplateColumns.split(" ").length;
  queue.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const digit = /^[0-9]$/.test(event.key) && !isOffline ? Number(event.key) : -1;
    if (digit === 0) choose(null);
    else if (found.categories[digit - 1]) choose(found.categories[digit - 1]);
    else if (event.key in keys && (!isOffline || event.key.length > 1)) keys[event.key]();
    else return;
    event.preventDefault();
  });
  fill();
  return async () => {
    const now = await get("errors");
    const isSame = now.version === found.version && now.shown?.length === found.shown.length;
    found = now.shown ? now : found;
    if (isSame && view.show === "all") draw(); else fill();
  };
}

/** @param {any} decision as the place keeps it: what the page sends is without the image */
function told(decision) {
  const { action, category, label, note } = decision;
  return { action, category, label, note };
}

/** @param {any} decision */
function verdict(decision) {
  return decision.label ? `${decision.category ?? "relabel"}: ${decision.label}` : decision.category ?? "label is right";
}

/** @param {URLSearchParams} query */
function cellOf(query) {
  return query.has("truth") ? [query.get("truth"), query.get("predicted")] : null;
}
