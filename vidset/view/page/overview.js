// What there is, what is wrong, and what to do next.
import { h, named, table } from "./dom.js";
import { number, plural, told } from "./format.js";

/** @param {import("./main.js").Page} page */
export function showOverview({ main, overview }) {
  main.append(
    h("h1", {}, named(overview.place)),
    overview.next ? nextStep(overview.next) : "",
    h("div", { class: "cards" }, ...cards(overview)),
    ...problems(overview),
    ...spent(overview),
  );
}

/** @param {string} command */
function nextStep(command) {
  const copy = h("button", {
    type: "button", class: "primary",
    onclick: async () => { await navigator.clipboard.writeText(command); copy.textContent = "Copied"; },
  }, "Copy");
  return h("div", { class: "next" }, h("span", { class: "dim" }, "Next"), h("code", {}, command), copy);
}

/** @param {any} overview */
function cards(overview) {
  const sum = (/** @type {Record<string, number>} */ counts) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
  const told_ = (/** @type {Record<string, number>} */ counts) => Object.entries(counts ?? {}).map(([name, n]) => `${number(n)} ${name}`).join(", ") || "none yet";
  const versions = overview.versions ?? [], runs = overview.runs ?? [];
  const newest = versions.at(-1), run = runs.at(-1);
  return [
    card("#/videos", sum(overview.videos), "videos", told_(overview.videos)),
    h("a", { class: "card", href: "#/images" },
      h("div", { class: "number" }, number(overview.kept ?? 0)), h("div", {}, `images of ${plural(overview.samples ?? 0, "sample")}`), reasons(overview)),
    card("#/images", sum(overview.annotations), "answers", told_(overview.annotations)),
    card("#/images", sum(overview.tasks), "tasks", told_(overview.tasks)),
    card("#/versions", versions.length, versions.length === 1 ? "version" : "versions", newest ? `newest: ${newest.name ?? newest.id.slice(0, 12)}` : "none yet"),
    card("#/runs", runs.length, runs.length === 1 ? "run" : "runs", run ? `${run.name}: ${run.score_name ?? run.state ?? ""} ${number(run.score)}` : "none yet"),
  ];
}

/** @param {string} href @param {number} count @param {string} what @param {string} more */
function card(href, count, what, more) {
  return h("a", { class: "card", href }, h("div", { class: "number" }, number(count)), h("div", {}, what), h("div", { class: "dim name" }, more));
}

/** @param {any} overview */
function reasons(overview) {
  const parts = [["kept", overview.kept ?? 0], ...Object.entries(overview.dropped ?? {})];
  const text = parts.map(([name, n]) => `${number(n)} ${told(name)}`).join(", ");
  const bar = h("div", { class: "bar", role: "img", "aria-label": text });
  for (const [name, n] of parts) bar.append(h("i", { class: `i-${name}`, style: { width: `${(100 * n) / Math.max(1, overview.samples)}%` } }));
  return h("div", {}, bar, h("div", { class: "dim" }, text));
}

/** @param {any} overview */
function problems(overview) {
  const all = [...(overview.problems ?? []), ...(overview.warnings ?? [])];
  if (!all.length) return [];
  return [h("h2", {}, "What is wrong"), h("ul", {}, ...all.slice(0, 100).map((each) => h("li", { class: "warn name" }, each))), all.length > 100 ? h("p", { class: "dim" }, `and ${all.length - 100} more`) : ""];
}

/** @param {any} overview */
function spent(overview) {
  if (!overview.spent?.some((/** @type {any} */ day) => day.cost)) return [];
  const rows = overview.spent.slice(-14).map((/** @type {any} */ day) => [day.day, day.vendor, number(day.tasks), number(day.cost)]);
  return [h("h2", {}, "What labeling cost"), table([["day", false], ["vendor", false], ["tasks", true], ["cost", true]], rows, "Cost of labeling by day")];
}
