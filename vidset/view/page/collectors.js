// A scorecard of collectors over time; one whose measures drift is flagged.
import { get } from "./api.js";
import { chart, paint } from "./charts.js";
import { empty, h, named, table } from "./dom.js";
import { number, percent } from "./format.js";

const MEASURES = /** @type {[string, string][]} */ ([["blurred_rate", "blurred"], ["exposure_rate", "too dark or bright"], ["duplicate_rate", "near duplicates"]]);
const DAYS = [1, 2, 4, 7, 14, 28, 91, 182, 365].map((days) => 86_400 * days);

/** @param {import("./main.js").Page} page */
export async function showCollectors({ main, overview }) {
  const days = await get("collectors");
  if (!days.length) {
    main.append(empty("There are no videos in this place yet.", "vidset extract VIDEOS", overview));
    return;
  }
  /** @type {Map<string, any[]>} */
  const byCollector = new Map();
  for (const day of days) byCollector.set(day.collector, [...(byCollector.get(day.collector) ?? []), day]);
  const sum = (/** @type {any[]} */ rows, /** @type {string} */ name) => rows.reduce((total, row) => total + row[name], 0);
  const mean = (/** @type {any[]} */ rows, /** @type {string} */ name) => { const samples = sum(rows, "samples"); return samples ? rows.reduce((total, row) => total + (row[name] ?? 0) * row.samples, 0) / samples : null; };
  const rows = [...byCollector].map(([collector, of]) => [named(collector), number(sum(of, "videos")), number(sum(of, "failed")), number(sum(of, "samples")), number(sum(of, "kept")), ...MEASURES.map(([name]) => percent(mean(of, name))), drifting(overview.drifts ?? [], collector)]);
  main.append(
    h("h1", {}, "Collectors"),
    table([["collector", false], ["videos", true], ["failed", true], ["samples", true], ["images", true], ["blurred", true], ["exposure", true], ["duplicates", true], ["what drifts", false]], rows, "Collectors"),
    h("p", { class: "dim" }, `A collector drifts if a share of its last quarter of days differs from its days before by ${100 * overview.drift} points or more.`),
  );
  for (const [collector, of] of byCollector) {
    if (of.length < 2) continue;
    const element = h("div", { class: "chart" });
    main.append(h("h2", {}, named(collector)), element);
    chart(element, {
      height: 160,
      padding: [null, 40, null, null],
      scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(0.05, most)] } },
      axes: [{ incrs: DAYS, space: 90, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((each) => new Date(1000 * each).toISOString().slice(0, 10)) }, { size: 70, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((each) => percent(each)) }],
      series: [{ label: "day" }, ...MEASURES.map(([, text], at) => ({ label: text, stroke: paint(["link", "warn", "dim"][at]), width: 1.5, points: { show: true } }))],
    }, [of.map((day) => Date.parse(day.day) / 1000), ...MEASURES.map(([name]) => of.map((day) => day[name]))]);
  }
}

/** @param {any[]} drifts @param {string} collector */
function drifting(drifts, collector) {
  const found = drifts.filter((each) => each.collector === collector);
  return h("span", { class: "warn" }, ...found.map((each) => h("div", { style: { whiteSpace: "nowrap" } }, `${each.measure}: ${percent(each.before)} → ${percent(each.now)}`)));
}
