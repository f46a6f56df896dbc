// Dataset versions: images by label and split, where boxes are, and what two versions differ in.
import { can, get, pictureUrl } from "./api.js";
import { colour } from "./drawing.js";
import { empty, h, named, table } from "./dom.js";
import { moment, number, plural } from "./format.js";

const NAMES = /** @type {Record<string, string>} */ ({ added: "added", removed: "removed", relabeled: "with other labels", moved: "in another split", made: "made anew from the same image", unmade: "not made any more", replaced: "with other bytes", restated: "with other rights" });

/** @param {import("./main.js").Page} page */
export async function showVersions({ main, query, overview }) {
  const versions = await get("versions");
  if (!versions.length) {
    main.append(empty("There are no dataset versions yet.", "vidset dataset create -n v0", overview));
    return;
  }
  const called = (/** @type {any} */ each) => each.names[0] ?? each.version.slice(0, 12);
  const chosen = versions.find((/** @type {any} */ each) => each.version === query.get("version")) ?? versions[0];
  const before = versions.find((/** @type {any} */ each) => each.version === query.get("before")) ?? versions.find((/** @type {any} */ each) => chosen.parents.includes(each.version));
  const link = (/** @type {any} */ each) => h("a", { href: `#/versions?${new URLSearchParams({ version: each.version })}`, "aria-current": each === chosen ? "true" : null }, named(called(each)));
  main.append(
    h("h1", {}, plural(versions.length, "version")),
    table([["version", false], ["images", true], ["created", false], ["message", false]], versions.map((/** @type {any} */ each) => [link(each), number(each.images), moment(each.created_at), named(each.message)]), "Versions"),
  );
  const found = await get("version", { name: chosen.version });
  main.append(h("h2", {}, named(called(chosen))), splits(found), ...boxes(found));
  const others = overview.has_differences ? await comparable(versions, chosen) : [];
  if (others.length) main.append(h("h2", {}, "What has changed"), picker(others, called, chosen, before), h("div", { id: "diff" }));
  if (others.includes(before)) await showDiff(/** @type {HTMLElement} */ (main.querySelector("#diff")), before, chosen);
}

/** @param {any} found */
function splits(found) {
  const names = Object.keys(found.splits);
  const rows = Object.entries(found.labels).map(([label, counts]) => [named(label), ...names.map((name) => number(/** @type {any} */ (counts)[name] ?? 0))]);
  return table([["label", false], ...names.map((name) => /** @type {[string, boolean]} */ ([`${name} (${number(found.splits[name])})`, true]))], rows, "Images by label and split");
}

/** @param {any} found */
function boxes(found) {
  if (!found.boxes.length) return [];
  const scatter = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ title, /** @type {boolean} */ isRoot) => {
    const canvas = h("canvas", { width: 640, height: 360, role: "img", "aria-label": title, style: { width: "100%", maxWidth: "40rem", background: "#13151a", borderRadius: "6px" } });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.globalAlpha = Math.max(0.08, Math.min(0.8, 400 / found.boxes.length));
    for (const box of found.boxes) {
      context.fillStyle = colour(box[0]);
      const [across, down] = isRoot ? [Math.sqrt(box[x]), 1 - Math.sqrt(box[y])] : [box[x], box[y]];
      context.beginPath();
      context.arc(across * 640, down * 360, 3, 0, 2 * Math.PI);
      context.fill();
    }
    return h("figure", { style: { margin: "0" } }, canvas, h("figcaption", { class: "dim" }, title));
  };
  const labels = [...new Set(found.boxes.map((/** @type {any[]} */ box) => box[0]))].slice(0, 20);
  return [
    h("h2", {}, "Objects"),
    h("p", {}, ...labels.map((label) => h("span", { class: "chip" }, h("span", { style: { color: colour(label) }, "aria-hidden": "true" }, "■ "), named(label)))),
    h("div", { class: "row", style: { alignItems: "flex-start" } }, scatter(1, 2, "Where the middle of each object is in its image", false), scatter(3, 4, "Width (across) and height (up) as shares of the image, on a square-root scale", true)),
  ];
}

/** @param {any[]} versions @param {any} chosen */
async function comparable(versions, chosen) {
  const answers = await Promise.all(versions.map((each) => can("diff", { before: each.version, after: chosen.version })));
  return versions.filter((each, at) => each !== chosen && answers[at]);
}

/** @param {any[]} versions @param {(each: any) => string} called @param {any} chosen @param {any} before */
function picker(versions, called, chosen, before) {
  const select = h("select", { "aria-label": "Compare with", onchange: () => { location.hash = `#/versions?${new URLSearchParams({ version: chosen.version, before: select.value })}`; } },
    h("option", { value: "" }, "choose a version"),
    ...versions.map((each) => h("option", { value: each.version, selected: each === before }, called(each))));
  return h("div", { class: "row" }, "from ", select, ` to ${called(chosen)}`);
}

/** @param {HTMLElement} element @param {any} before @param {any} after */
async function showDiff(element, before, after) {
  const found = await get("diff", { before: before.version, after: after.version });
  element.append(h("p", {}, `${plural(found.counts.unchanged, "image")} unchanged.`));
  for (const [kind, images] of Object.entries(found.images)) {
    element.append(h("h3", {}, `${plural(found.counts[kind], "image")} ${NAMES[kind] ?? kind}`), h("div", { class: "pictures" }, ...images.slice(0, 60).map(change)));
    if (found.counts[kind] > 60) element.append(h("p", { class: "dim" }, `and ${number(found.counts[kind] - 60)} more: vidset dataset diff lists them.`));
  }
}

/** @param {any} pair */
function change(pair) {
  const row = pair.after, was = pair.before;
  const said = (/** @type {any} */ each) => each.labels.join(", ") || "nothing";
  const words = was && said(was) !== said(row) ? `${said(was)} → ${said(row)}` : was && was.split !== row.split ? `${was.split} → ${row.split}` : said(row);
  return h("figure", {}, h("img", { src: pictureUrl(row.image_sha256), loading: "lazy", alt: words }), h("figcaption", { title: row.image_uri }, named(words)));
}
