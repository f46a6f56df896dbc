// What there is, what is wrong, and what to do next.
import { h, named, table } from "./dom.js";
import { number, plural, size, told } from "./format.js";

const SHOWN = 100;

/** @param {import("./main.js").Page} page */
export function showOverview({ main, overview }) {
  main.append(
    h("h1", {}, named(overview.place)),
    overview.warehouse ? h("p", { class: "dim name" }, `Tables of ${overview.warehouse}: ${overview.queries === 1 ? "1 query" : `${number(overview.queries)} queries`} so far, billed for ${size(overview.billed_bytes)}`) : "",
    overview.next ? nextStep(overview.next) : "",
    h("div", { class: "cards" }, ...cards(overview)),
    ...problems(overview),
    ...spent(overview),
  );
}

/** @param {string} command */
function nextStep(command) {
  return h("div", { class: "next" }, h("span", { class: "dim" }, "Next"), ...copied(command, "primary"));
}

/**
 * A command, and what copies it. Browsers give the clipboard to pages of this machine and of https
 * alone: elsewhere the command is selected.
 * @param {string} command @param {string} [kind]
 */
function copied(command, kind) {
  const code = h("code", {}, command);
  const copy = h("button", {
    type: "button", class: kind, "aria-label": `Copy ${command}`,
    onclick: async () => {
      getSelection()?.selectAllChildren(code);
      if (navigator.clipboard) await navigator.clipboard.writeText(command);
      copy.textContent = navigator.clipboard ? "Copied" : "Selected";
    },
  }, "Copy");
  return [code, copy];
}

/** @param {any} overview */
function cards(overview) {
  const sum = (/** @type {Record<string, number>} */ counts) => Object.values(counts ?? {}).reduce((a, b) => a + b, 0);
  const told_ = (/** @type {Record<string, number>} */ counts) => Object.entries(counts ?? {}).map(([name, n]) => `${number(n)} ${name}`).join(", ") || "none yet";
  const versions = overview.versions ?? [], runs = overview.runs ?? [];
  const newest = versions.at(-1), run = runs.at(-1);
  return [
    card("#/videos", sum(overview.videos), "video", told_(overview.videos)),
    h("a", { class: "card", href: "#/images" },
      h("div", { class: "number" }, number(overview.kept ?? 0)), h("div", {}, `${overview.kept === 1 ? "image" : "images"} of ${plural(overview.samples ?? 0, "sample")}`), reasons(overview)),
    card("#/images", sum(overview.annotations), "answer", told_(overview.annotations)),
    card("#/images", sum(overview.tasks), "task", told_(overview.tasks)),
    card("#/versions", versions.length, "version", newest ? `newest: ${newest.name ?? newest.id.slice(0, 12)}` : "none yet"),
    card("#/runs", runs.length, "run", run ? `${run.name}: ${run.score_name ?? run.state ?? ""} ${number(run.score)}` : "none yet"),
  ];
}

/** @param {string} href @param {number} count @param {string} what the noun for one @param {string} more */
function card(href, count, what, more) {
  return h("a", { class: "card", href }, h("div", { class: "number" }, number(count)), h("div", {}, count === 1 ? what : `${what}s`), h("div", { class: "dim name" }, more));
}

/** @param {any} overview */
function reasons(overview) {
  const parts = [["kept", overview.kept ?? 0], ...Object.entries(overview.dropped ?? {})];
  const text = parts.map(([name, n]) => `${number(n)} ${told(name)}${name === "near_duplicate" && n !== 1 ? "s" : ""}`).join(", ");
  const bar = h("div", { class: "bar", role: "img", "aria-label": text });
  for (const [name, n] of parts) bar.append(h("i", { class: `i-${name}`, style: { width: `${(100 * n) / Math.max(1, overview.samples)}%` } }));
  return h("div", {}, bar, h("div", { class: "dim" }, text));
}

/** @param {any} overview */
function problems(overview) {
  const all = [...(overview.problems ?? []), ...(overview.warnings ?? [])], troubles = overview.troubles ?? [];
  if (!all.length && !troubles.length) return [];
  const more = all.length - SHOWN;
  return [
    h("h2", {}, "What is wrong"),
    ...troubles.map(trouble),
    h("ul", {}, ...all.slice(0, SHOWN).map((each) => h("li", { class: "warn name" }, each))),
    more > 0 ? h("p", { class: "dim" }, `and ${number(more)} more`) : "",
  ];
}

/** @param {any} each */
function trouble(each) {
  const more = each.count - each.names.length;
  const names = each.kind === "unchecked" ? [] : each.names;
  return h("section", { class: "trouble", "data-kind": each.kind },
    h("p", { class: "warn name" }, each.what),
    names.length ? h("ul", {}, ...names.map((/** @type {string} */ name) => h("li", {}, named(name))), more > 0 && each.kind !== "drift" ? h("li", { class: "dim" }, `and ${number(more)} more`) : "") : "",
    each.command ? h("p", { class: "row" }, ...copied(each.command)) : "");
}

/** @param {any} overview */
function spent(overview) {
  if (!overview.spent?.some((/** @type {any} */ day) => day.cost)) return [];
  const rows = overview.spent.slice(-14).map((/** @type {any} */ day) => [day.day, day.vendor, number(day.tasks), number(day.cost)]);
  return [h("h2", {}, "What labeling cost"), table([["day", false], ["vendor", false], ["tasks", true], ["cost", true]], rows, "Cost of labeling by day")];
}
