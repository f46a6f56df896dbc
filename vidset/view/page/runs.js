// Training runs side by side, and the confusion matrix that opens the images behind a cell.
import { get, numbers, pictureUrl } from "./api.js";
import { chart, paint } from "./charts.js";
import { empty, h, named, table } from "./dom.js";
import { moment, number, plural } from "./format.js";

/** @param {import("./main.js").Page} page */
export async function showRuns({ main, query }) {
  const runs = await get("runs");
  if (!runs.length) {
    main.append(empty("No model was trained in this place yet.", "vidset train"));
    return;
  }
  const chosen = runs.find((/** @type {any} */ each) => each.run === query.get("run")) ?? runs[0];
  const rows = runs.map((/** @type {any} */ each) => {
    const best = score(each);
    return [h("a", { href: `#/runs?${new URLSearchParams({ run: each.run })}`, "aria-current": each === chosen ? "true" : null }, named(each.run)), each.model, each.state, each.best_epoch ?? "", best ? `${best[0]} ${number(best[1])}` : "", moment(each.created_at)];
  });
  main.append(h("h1", {}, plural(runs.length, "run")), table([["run", false], ["model", false], ["state", false], ["best epoch", true], ["best score", true], ["begun", false]], rows, "Runs"), h("h2", {}, named(chosen.run)));
  curves(main, chosen);
  if (chosen.state === "done") await confusion(main, chosen, query.get("split") ?? chosen.splits[0]);
}

/** @param {any} run @returns {[string, number] | null} the first score of the split that chose the best epoch */
function score(run) {
  const scores = run.history[(run.best_epoch ?? 0) - 1]?.scores?.[run.splits?.[0]];
  const name = scores && Object.keys(scores)[0];
  return name ? [`${run.splits[0]} ${name}`, scores[name]] : null;
}

/** @param {HTMLElement} main @param {any} run */
function curves(main, run) {
  if (run.history.length < 2) return;
  const element = h("div", { class: "chart" });
  main.append(element);
  const name = Object.keys(run.history[0].scores?.[run.splits[0]] ?? {})[0];
  if (!name) return;
  const colours = ["kept", "link", "warn", "bad"];
  chart(element, {
    height: 200,
    scales: { x: { time: false } },
    series: [{ label: "epoch" }, ...run.splits.map((/** @type {string} */ split, /** @type {number} */ at) => ({ label: `${split} ${name}`, stroke: paint(colours[at % colours.length]), width: 1.5 }))],
  }, [run.history.map((/** @type {any} */ _, /** @type {number} */ at) => at + 1), ...run.splits.map((/** @type {string} */ split) => run.history.map((/** @type {any} */ each) => each.scores[split]?.[name] ?? null))]);
}

/** @param {HTMLElement} main @param {any} run @param {string} split */
async function confusion(main, run, split) {
  const found = await get("confusion", { run: run.run, split });
  const choice = h("select", { "aria-label": "Split", onchange: () => { location.hash = `#/runs?${new URLSearchParams({ run: run.run, split: choice.value })}`; } }, ...found.splits.map((/** @type {string} */ each) => h("option", { value: each, selected: each === split }, each)));
  const cells = new Map(found.cells.map((/** @type {any} */ each) => [JSON.stringify([each.truth, each.predicted]), each.images]));
  const behind = h("div", { class: "pictures" });
  const head = h("p", { role: "status" });
  const open = async (/** @type {string} */ truth, /** @type {string} */ predicted, /** @type {string[]} */ images) => {
    const unique = [...new Set(images)];
    head.textContent = `${plural(unique.length, "image")}: ${truth} answered as ${predicted}`;
    const there = new Set(await numbers(unique));
    behind.replaceChildren(...unique.slice(0, 120).map((sha256) => h("figure", {}, h("img", { src: pictureUrl(sha256), loading: "lazy", alt: `${truth} answered as ${predicted}` }))));
    if (there.size) {
      const filter = { values: { image_sha256: unique.slice(0, 1000) }, ranges: {}, condition: "", sort: "video", one_of_alike: false };
      head.append(" ", h("a", { href: `#/images?${new URLSearchParams({ filter: JSON.stringify(filter) })}` }, "open them in the grid"));
    }
  };
  const cell = (/** @type {string} */ truth, /** @type {string} */ predicted) => {
    const images = cells.get(JSON.stringify([truth, predicted])) ?? [];
    if (!images.length) return h("td", { class: truth === predicted ? "on" : "" }, "");
    return h("td", { class: truth === predicted ? "on" : "" }, h("button", { type: "button", "aria-label": `${truth} answered as ${predicted}: ${images.length}`, class: truth === predicted ? "kept" : "bad", onclick: () => open(truth, predicted, images) }, number(images.length)));
  };
  main.append(
    h("h2", {}, "What it answers"), h("div", { class: "row" }, choice),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, h("table", { class: "matrix" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "truth \\ answer"), ...found.labels.map((/** @type {string} */ label) => h("th", { scope: "col" }, named(label))))),
      h("tbody", {}, ...found.labels.map((/** @type {string} */ truth) => h("tr", {}, h("th", { scope: "row" }, named(truth)), ...found.labels.map((/** @type {string} */ predicted) => cell(truth, predicted))))))),
    head, behind,
  );
}
