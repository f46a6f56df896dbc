// A scorecard of collectors over time; one whose measures drift is flagged.
import { get } from "./api.js";
import { chart, paint } from "./charts.js";
import { empty, h, named, table } from "./dom.js";
import { number, percent } from "./format.js";

const MEASURES = /** @type {[string, string][]} */ ([["blurred_rate", "blurred"], ["exposure_rate", "too dark or bright"], ["duplicate_rate", "near duplicates"]]);
const DRIFT = 0.15;

/** @param {import("./main.js").Page} page */
export async function showCollectors({ main }) {
  const days = await get("collectors");
  if (!days.length) {
    main.append(empty("There are no videos in this place yet.", "vidset extract VIDEOS"));
    return;
  }
  /** @type {Map<string, any[]>} */
  const byCollector = new Map();
  for (const day of days) byCollector.set(day.collector, [...(byCollector.get(day.collector) ?? []), day]);
  const sum = (/** @type {any[]} */ rows, /** @type {string} */ name) => rows.reduce((total, row) => total + row[name], 0);
  const mean = (/** @type {any[]} */ rows, /** @type {string} */ name) => { const samples = sum(rows, "samples"); return samples ? rows.reduce((total, row) => total + (row[name] ?? 0) * row.samples, 0) / samples : null; };
  const rows = [...byCollector].map(([collector, of]) => [named(collector), number(sum(of, "videos")), number(sum(of, "failed")), number(sum(of, "samples")), number(sum(of, "kept")), ...MEASURES.map(([name]) => percent(mean(of, name))), drift(of, mean) ?? ""]);
  main.append(
    h("h1", {}, "Collectors"),
    table([["collector", false], ["videos", true], ["failed", true], ["samples", true], ["images", true], ["blurred", true], ["exposure", true], ["duplicates", true], ["what drifts", false]], rows, "Collectors"),
    h("p", { class: "dim" }, `A collector drifts if a share of its last quarter of days differs from its days before by ${DRIFT * 100} points or more.`),
  );
  for (const [collector, of] of byCollector) {
    if (of.length < 2) continue;
    const element = h("div", { class: "chart" });
    main.append(h("h2", {}, named(collector)), element);
    chart(element, {
      height: 160,
      scales: { y: { range: (/** @type {any} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(0.05, most)] } },
      axes: [{}, { size: 70, values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map((each) => percent(each)) }],
      series: [{ label: "day" }, ...MEASURES.map(([, text], at) => ({ label: text, stroke: paint(["link", "warn", "dim"][at]), width: 1.5, points: { show: true } }))],
    }, [of.map((day) => Date.parse(day.day) / 1000), ...MEASURES.map(([name]) => of.map((day) => day[name]))]);
  }
}

/** @param {any[]} days @param {(rows: any[], name: string) => number | null} mean */
function drift(days, mean) {
  if (days.length < 4) return null;
  const cut = Math.floor(days.length * 0.75);
  const found = MEASURES.filter(([name]) => Math.abs((mean(days.slice(cut), name) ?? 0) - (mean(days.slice(0, cut), name) ?? 0)) >= DRIFT);
  return found.length ? h("span", { class: "warn" }, found.map(([, text]) => text).join(", ")) : null;
}
