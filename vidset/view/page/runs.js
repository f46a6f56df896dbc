// Training runs side by side, and the confusion matrix that opens the images behind a cell.
import { can, get, numbers, pictureUrl } from "./api.js";
import { chart, paint, scoreRange } from "./charts.js";
import { empty, h, named, table } from "./dom.js";
import { moment, number, plural } from "./format.js";

const MOST_CURVES = 24;

/** @param {import("./main.js").Page} page */
export async function showRuns({ main, query, overview }) {
  const runs = await get("runs");
  if (!runs.length) {
    main.append(empty("No model was trained in this place yet.", "vidset train", overview));
    return;
  }
  const chosen = runs.find((/** @type {any} */ each) => each.run === query.get("run")) ?? runs[0];
  const rows = runs.map((/** @type {any} */ each) => {
    return [h("a", { href: `#/runs?${new URLSearchParams({ run: each.run })}`, "aria-current": each === chosen ? "true" : null }, named(each.run)), each.model, each.state, each.best_epoch ?? "", scoreOf(each), each.score ? whiskers(each.score.value, each.score.interval, [0, 1]) : "", moment(each.created_at)];
  });
  main.append(h("h1", {}, plural(runs.length, "run")), table([["run", false], ["model", false], ["state", false], ["best epoch", true], ["score (95 % interval)", false], ["from 0 to 1", false], ["begun", false]], rows, "Runs"));
  if (overview.has_differences) await comparison(main, runs, query);
  main.append(h("h2", {}, named(chosen.run)));
  curves(main, chosen);
  if (chosen.state !== "done" || !overview.has_differences) return;
  const split = query.get("split") ?? chosen.splits[0];
  await confusion(main, chosen, split);
  await precisions(main, chosen, split);
}

/** @param {any} run its score and interval; while it trains, its last epoch's score */
function scoreOf(run) {
  if (run.score) {
    const { split, measure, value, interval, images } = run.score;
    return `${split} ${measure} ${number(value)}${interval ? ` (${interval.map(number).join(" to ")}), ${plural(images, "image")}` : ""}`;
  }
  const scores = run.history.at(-1)?.scores?.[run.splits?.[0]];
  const name = scores && Object.keys(scores)[0];
  return name ? `epoch ${run.history.length} of ${run.epochs ?? "?"}: ${run.splits[0]} ${name} ${number(scores[name])}` : "";
}

/**
 * A value with its interval, on a scale.
 * @param {number} value @param {[number, number] | null} interval @param {[number, number]} scale
 */
function whiskers(value, interval, scale) {
  const at = (/** @type {number} */ each) => `${(100 * (Math.min(scale[1], Math.max(scale[0], each)) - scale[0])) / (scale[1] - scale[0])}%`;
  const words = interval ? `${number(value)}, between ${number(interval[0])} and ${number(interval[1])}` : number(value);
  const line = interval ? h("i", { style: { left: at(interval[0]), width: `calc(${at(interval[1])} - ${at(interval[0])})` } }) : "";
  return h("div", { class: "interval", role: "img", "aria-label": words, title: words }, scale[0] < 0 ? h("u", { style: { left: at(0) } }) : "", line, h("b", { style: { left: at(value) } }));
}

/**
 * Whether one version is better than another by more than the noise, from all runs of both.
 * @param {HTMLElement} main @param {any[]} runs @param {URLSearchParams} query
 */
async function comparison(main, runs, query) {
  /** @type {Map<string, string[]>} */
  const versions = new Map(), /** @type {Map<string, string>} */ models = new Map();
  for (const run of runs) {
    if (run.state !== "done") continue;
    versions.set(run.version, [...(versions.get(run.version) ?? []), run.run]);
    if (!models.has(run.version)) models.set(run.version, run.model);
  }
  if (versions.size < 2) return;
  // Runs of two models cannot be compared: it begins with the newest two that can, if there are any.
  const names = [...versions.keys()];
  const olderOf = (/** @type {string} */ version) => names.slice(names.indexOf(version) + 1).find((other) => models.get(other) === models.get(version));
  const newest = names.find(olderOf) ?? names[0];
  const chosen = [query.get("baseline") ?? olderOf(newest) ?? newest, query.get("candidate") ?? newest];
  const select = (/** @type {number} */ side, /** @type {string} */ label) => {
    const element = h("select", { "aria-label": label, onchange: () => { chosen[side] = element.value; show(); } }, ...[...versions].map(([version, names]) => h("option", { value: version, selected: version === chosen[side] }, `${version.slice(0, 12)}: ${names.join(", ")}`)));
    return element;
  };
  const result = h("div", { role: "status" });
  main.append(h("h2", {}, "Which version is better?"), h("div", { class: "row" }, select(1, "Candidate"), " against ", select(0, "Baseline")), result);
  async function show() {
    const [baseline, candidate] = chosen;
    if (baseline === candidate) { result.replaceChildren(h("p", { class: "dim" }, "Choose two versions.")); return; }
    try {
      if (!await can("compare", { baseline, candidate })) throw new Error("These two cannot be compared here.");
      const found = await get("compare", { baseline, candidate });
      const line = (/** @type {string} */ name, /** @type {any} */ of) => [name, number(of.baseline), number(of.candidate), of.interval ? `${points(of.difference)} (${of.interval.map(points).join(" to ")})` : points(of.difference), whiskers(of.difference, of.interval, [-0.5, 0.5])];
      result.replaceChildren(h("p", {}, h("strong", {}, found.verdict)),
        table([["", false], ["baseline", true], ["candidate", true], [`difference in points of ${found.measure} (95 % interval)`, false], ["from -50 to +50", false]], [line("best epoch", found.best_epoch), ...(found.last_five ? [line("mean of the last five epochs", found.last_five)] : [])], `Comparison on ${plural(found.images, "image")} of ${found.split}`));
    } catch (error) {
      result.replaceChildren(h("p", { class: "warn name" }, /** @type {Error} */ (error).message));
    }
  }
  await show();
}

/** @param {number} share */
function points(share) {
  return `${share > 0 ? "+" : ""}${(100 * share).toFixed(1)}`;
}

/**
 * Precision over recall of each label at every threshold, and AP by the objects' size.
 * @param {HTMLElement} main @param {any} run @param {string} split
 */
async function precisions(main, run, split) {
  const found = await get("curves", { run: run.run, split });
  if (!found.labels.length) return;
  main.append(h("h2", {}, "Precision and recall"));
  const drawn = found.labels.filter((/** @type {any} */ each) => each.points.length).slice(0, MOST_CURVES);
  if (drawn.length) {
    const element = h("div", { class: "chart" });
    main.append(element);
    const recalls = [...new Set(drawn.flatMap((/** @type {any} */ each) => each.points.map((/** @type {number[]} */ point) => point[0])))].sort((one, other) => one - other);
    const at = new Map(recalls.map((recall, place) => [recall, place]));
    const lines = drawn.map((/** @type {any} */ each) => {
      const line = new Array(recalls.length).fill(null);
      for (const [recall, precision] of each.points) line[/** @type {number} */ (at.get(recall))] = precision;
      return line;
    });
    chart(element, {
      height: 260,
      scales: { x: { time: false, range: [0, 1] }, y: { range: [0, 1.02] } },
      axes: [{ label: "recall" }, { label: "precision" }],
      series: [{ label: "recall" }, ...drawn.map((/** @type {any} */ each, /** @type {number} */ place) => ({ label: each.label, stroke: hue(place, drawn.length), width: 1.5, spanGaps: true, points: { show: each.points.length < 30 } }))],
    }, [recalls, ...lines]);
  }
  const isOfObjects = "boxes" in found.averages;
  const share = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? "" : number(value));
  const columns = /** @type {[string, boolean][]} */ ([["label", false], [isOfObjects ? "objects" : "images", true], ["precision", true], ["recall", true], ["F1", true], ...(isOfObjects ? [["AP", true], ["AP50", true], ["score from", true]] : [])]);
  main.append(table(columns, found.labels.map((/** @type {any} */ each) => [named(each.label), number(each.support), share(each.precision), share(each.recall), share(each.f1), ...(isOfObjects ? [share(each.ap), share(each.ap50), share(each.answer_score)] : [])]), "Scores of each label"));
  if (!isOfObjects) return;
  const sizes = Object.keys(found.averages.boxes.sizes);
  main.append(h("h2", {}, "AP by the objects' size"), table([["by", false], ["AP", true], ["AP50", true], ...sizes.map((/** @type {string} */ size) => /** @type {[string, boolean]} */ ([`AP, ${size}`, true]))], Object.entries(found.averages).map(([by, each]) => [by, share(each.ap), share(each.ap50), ...sizes.map((size) => share(each.sizes[size]))]), "AP by the objects' size"));
}

/**
 * One of several colours that are far from one another, on light and dark ground.
 * @param {number} place @param {number} of
 */
function hue(place, of) {
  return `hsl(${Math.round((360 * place) / of)} 65% 55%)`;
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
    scales: { x: { time: false }, y: { range: scoreRange } },
    axes: [{ incrs: [1, 2, 5, 10, 20, 50, 100] }, {}],
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
    if (found.has_errors && truth !== predicted) head.append(" ", h("a", { href: `#/errors?${new URLSearchParams({ truth, predicted })}` }, "decide on them"));
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
