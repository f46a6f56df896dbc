// The grid of images, with filters, an order, tags and a condition in SQL.
import { get, mark, query, queryGroups } from "./api.js";
import { empty, h, named } from "./dom.js";
import { moment, number, plural } from "./format.js";
import { Grid } from "./grid.js";
import { openImage } from "./image.js";
import { legend } from "./legend.js";
import { isOffline } from "./offline.js";

const GROUPS = [["label", "Label"], ["predicted", "Predicted label"], ["run", "Predicted by"], ["tag", "Tag"], ["selection", "Selection"], ["state", "State"], ["split", "Split"], ["collector_id", "Collector"], ["video_uri", "Video"], ["annotator", "Annotator"]];
const RANGES = [["brightness", "Brightness"], ["sharpness", "Sharpness"], ["object_count", "Objects"], ["pts_seconds", "Seconds in the video"], ["score", "Score of the prediction"], ["uncertainty", "Uncertainty of the prediction"], ["selection_score", "Score of the selection"]];
const TIMES = [["uploaded_at", "Time of recording"], ["updated_at", "Time of labeling"]];
/** @type {Record<string, string>} */
const ORDERS = { video: "by video and time", newest: "newest first", sharpest: "sharpest first", blurred: "most blurred first", bright: "brightest first", dark: "darkest first", objects: "most objects first", labeled: "last labeled first", alike: "alike together", rank: "most wanted first", unsure: "least sure first" };

/** @param {URLSearchParams} address */
function filterOf(address) {
  const given = address.get("filter");
  return given ? JSON.parse(given) : { values: {}, ranges: {}, condition: "", sort: "video", one_of_alike: false };
}

/** @param {any} filter */
async function find(filter) {
  return filter.sort === "alike" ? queryGroups(filter) : { numbers: await query(filter), groups: null };
}

/** Ask for the images of an address, for `showImages`. @param {URLSearchParams} address */
export async function beginImages(address) {
  return find(filterOf(address));
}

/** @param {import("./main.js").Page} page */
export async function showImages({ main, query: address, overview, begun }) {
  const filter = filterOf(address);
  /** @type {Map<number, any>} */
  let facts = new Map();
  /** @type {Set<number>} */
  const asked = new Set();

  const status = h("span", { role: "status", id: "found" });
  const chosen = h("span", { class: "dim", role: "status" });
  const problem = h("p", { class: "bad name", role: "alert" });
  const facets = h("section", { class: "facets", "aria-label": "Filters" });
  const grid = new Grid({
    open: (at) => openImage(grid.numbers, at, overview, (last) => { grid.focused = last; grid.reveal(); grid.changed(); grid.element.focus(); }),
    selected: () => { chosen.textContent = grid.selection.size ? `${number(grid.selection.size)} selected` : ""; },
    describe: (n) => { const known = facts.get(n); return known ? `${known.labels.join(", ") || known.state}${known.tags.length ? `, tagged ${known.tags.join(", ")}` : ""}` : ""; },
    facts: (n) => { if (!facts.has(n)) ask(n); return facts.get(n) ?? null; },
  });

  // Labels and objects are asked for what is seen, some moments at a time.
  /** @type {number[]} */
  let waiting = [];
  let timer = 0;
  function ask(/** @type {number} */ n) {
    if (asked.has(n)) return;
    asked.add(n);
    waiting.push(n);
    timer ||= window.setTimeout(async () => {
      const now = waiting.splice(0);
      timer = 0;
      for (let at = 0; at < now.length; at += 200) {
        for (const each of await get("images", { n: now.slice(at, at + 200).join(",") })) facts.set(each.n, each);
      }
      grid.draw();
      grid.say();
    }, 60);
  }
  const forgetFacts = () => { facts = new Map(); asked.clear(); };

  let turn = 0;
  async function search(/** @type {Promise<any> | null} */ found = null) {
    const mine = (turn += 1);
    history.replaceState(null, "", `#/images?${new URLSearchParams({ filter: JSON.stringify(filter) })}`);
    try {
      const { numbers, groups } = await (found ?? find(filter));
      if (mine !== turn) return;
      problem.textContent = "";
      status.textContent = plural(numbers.length, "image");
      grid.show(numbers, groups);
    } catch (error) {
      if (mine === turn) problem.textContent = /** @type {Error} */ (error).message;
    }
  }

  /** Images of a selection are shown as it ranks them, and all others in the order of videos. */
  function searchSelected() {
    const was = filter.sort;
    if (filter.values.selection && was === "video") filter.sort = "rank";
    if (!filter.values.selection && was === "rank") filter.sort = "video";
    if (filter.sort !== was) /** @type {HTMLSelectElement} */ (facets.querySelector("select[aria-label=Order]")).value = filter.sort;
    search();
  }

  async function fillFacets() {
    const counts = await get("facets");
    ofModels.hidden = lines.hidden = !counts.run?.some((/** @type {any} */ each) => each.value !== "(none)");
    const isOpen = new Set([...facets.querySelectorAll("details[open]")].map((each) => /** @type {HTMLElement} */ (each).dataset.name));
    facets.replaceChildren(
      filter.values.image_sha256 ? h("p", {}, `Only ${plural(filter.values.image_sha256.length, "image")} that another page has opened.`) : "",
      order(filter, search),
      ...GROUPS.filter(([name]) => counts[name]?.length > 1 || counts[name]?.some((/** @type {any} */ each) => each.value !== "(none)"))
        .map(([name, title]) => group(name, title, counts[name], filter, name === "selection" ? searchSelected : search, isOpen.has(name) || (!isOpen.size && (name === "label" || name === "tag")))),
      ...RANGES.filter(([name]) => counts.ranges.includes(name) || name in filter.ranges).map(([name, title]) => range(name, title, filter, search)),
      ...TIMES.filter(([name]) => counts.ranges.includes(name) || name in filter.ranges).map(([name, title]) => range(name, title, filter, search, "datetime-local")),
      isOffline ? "" : condition(filter, search),
      h("p", {}, h("button", { type: "button", onclick: () => { location.hash = `#/images?all=${Date.now()}`; } }, "Clear all filters")),
    );
  }

  const size = h("input", { type: "range", min: "80", max: "480", value: String(grid.cell), "aria-label": "Size of thumbnails", style: { width: "7rem" }, oninput: () => { grid.cell = Number(size.value); grid.layout(); } });
  const objects = h("input", { type: "checkbox", checked: true, id: "objects", onchange: () => { grid.drawsObjects = objects.checked; grid.draw(); } });
  const predictions = h("input", { type: "checkbox", checked: true, id: "predictions", onchange: () => { grid.drawsPredictions = predictions.checked; grid.draw(); } });
  grid.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { const box = { l: objects, p: predictions }[event.key]; if (box && !event.ctrlKey && !event.metaKey) box.click(); });
  const ofModels = h("span", { hidden: true }, h("label", { for: "predictions" }, predictions, " predictions")), lines = h("div", { hidden: true }, legend());
  const filters = h("details", { class: "filters", open: innerWidth > 760 }, h("summary", {}, "Filters"), facets);
  main.append(h("div", { class: "images" }, filters, h("section", { class: "light-table", "aria-label": "Images" },
    h("div", { class: "tools" }, status, chosen, h("span", { style: { flex: "1" } }), isOffline ? "" : tagging(grid, overview, async () => { forgetFacts(); await Promise.all([fillFacets(), search()]); }, problem), h("label", { for: "objects" }, objects, " labels"), ofModels, size),
    lines, problem, grid.element)));
  await search(begun);
  await grid.drawn();  // What is seen comes first: counting for the filters takes longer.
  await fillFacets();
  if (!grid.numbers.length && !overview.kept) main.replaceChildren(empty("There are no images in this place yet.", "vidset extract VIDEOS", overview));
  return async () => { forgetFacts(); await Promise.all([fillFacets(), search()]); };
}

/** @param {any} filter @param {() => void} search */
function order(filter, search) {
  const select = h("select", { "aria-label": "Order", onchange: () => { filter.sort = select.value; search(); } }, ...Object.entries(ORDERS).map(([value, text]) => h("option", { value, selected: value === filter.sort }, text)));
  const alike = h("input", { type: "checkbox", checked: filter.one_of_alike, onchange: () => { filter.one_of_alike = alike.checked; search(); } });
  return h("div", { class: "order" }, select, h("label", {}, alike, " only one of images that look alike"));
}

/**
 * @param {string} name @param {string} title @param {any[]} counts @param {any} filter
 * @param {() => void} search @param {boolean} isOpen
 */
function group(name, title, counts, filter, search, isOpen) {
  const chosen = new Set(filter.values[name] ?? []);
  const items = counts.map((each) => {
    const box = h("input", { type: "checkbox", checked: chosen.has(each.value), onchange: () => {
      if (box.checked) chosen.add(each.value);
      else chosen.delete(each.value);
      if (chosen.size) filter.values[name] = [...chosen];
      else delete filter.values[name];
      search();
    } });
    const shown = name === "video_uri" ? each.value.split("/").pop() : each.value;
    const title = each.made_at ? `made ${moment(each.made_at)} by ${each.actor}` : each.value;
    return h("li", { title }, h("label", {}, box, named(shown), h("span", { class: "count" }, number(each.images))));
  });
  return h("details", { open: isOpen || chosen.size > 0, "data-name": name }, h("summary", {}, title), h("ul", {}, ...items));
}

/**
 * @param {string} name @param {string} title @param {any} filter @param {() => void} search
 * @param {"number" | "datetime-local"} [type] times are of UTC
 */
function range(name, title, filter, search, type = "number") {
  const bounds = filter.ranges[name] ?? [null, null], isTime = type !== "number";
  const field = (/** @type {number} */ at, /** @type {string} */ word) => h("input", { type, step: "any", value: isTime ? (bounds[at] ?? "").slice(0, 16) : bounds[at] ?? "", placeholder: word, "aria-label": `${title}, ${word}`, style: { width: isTime ? "100%" : "47%" }, onchange: (/** @type {any} */ event) => {
    bounds[at] = event.target.value === "" ? null : isTime ? `${event.target.value}Z` : Number(event.target.value);
    if (bounds[0] === null && bounds[1] === null) delete filter.ranges[name];
    else filter.ranges[name] = bounds;
    search();
  } });
  return h("details", { open: name in filter.ranges, "data-name": name }, h("summary", {}, title), h("div", { class: "row" }, field(0, isTime ? "from" : "at least"), field(1, isTime ? "to" : "at most")), name === "uploaded_at" ? h("p", { class: "dim" }, "UTC. When the store got the video; for a file, when it was last changed.") : "");
}

/** @param {any} filter @param {() => void} search */
function condition(filter, search) {
  const area = h("textarea", { rows: 3, spellcheck: "false", placeholder: "brightness < 60 AND len(labels) > 1", "aria-label": "Condition in SQL", class: "mono" });
  area.value = filter.condition;
  const apply = () => { filter.condition = area.value.trim(); search(); };
  area.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) apply(); });
  return h("details", { open: Boolean(filter.condition), "data-name": "condition" }, h("summary", {}, "Condition in SQL"), area, h("button", { type: "button", onclick: apply }, "Apply"),
    h("p", { class: "dim" }, "Columns: image_id, video_uri, collector_id, pts_seconds, ssim, local_change, sharpness, brightness, width, height, state, annotator, labels, object_count, split, tags, selections, rank, selection_score, run, predicted_labels, score, uncertainty, uploaded_at, updated_at."));
}

/** @param {Grid} grid @param {any} overview @param {() => Promise<void>} done @param {HTMLElement} problem */
function tagging(grid, overview, done, problem) {
  const name = h("input", { type: "text", list: "tag-names", placeholder: "tag", maxlength: "60", "aria-label": "Tag", style: { width: "9rem" } });
  name.value = overview.suggested_tags[0];
  const act = async (/** @type {boolean} */ isSet) => {
    problem.textContent = "";
    if (!grid.selection.size) { problem.textContent = "Select images first: click, shift-click, or space and ctrl-A with the keyboard."; return; }
    try {
      await mark(name.value, [...grid.selection], isSet);
      await done();
    } catch (error) {
      problem.textContent = `The tag was not kept: ${/** @type {Error} */ (error).message}`;
    }
  };
  grid.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { if (event.key === "t" && !event.ctrlKey) act(true); if (event.key === "T") act(false); });
  return h("span", { class: "row", style: { margin: "0" } }, name, h("datalist", { id: "tag-names" }, ...overview.suggested_tags.map((/** @type {string} */ each) => h("option", { value: each }))),
    h("button", { type: "button", title: "t", onclick: () => act(true) }, "Tag"), h("button", { type: "button", title: "shift-T", onclick: () => act(false) }, "Untag"));
}
