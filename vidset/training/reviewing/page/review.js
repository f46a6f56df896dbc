// What is decided, and on which images.
const data = JSON.parse(document.getElementById("data").textContent);
const images = data.shown;
const categories = data.categories;
const relabels = data.task === "classification";
const storage = "vidset errors " + data.key;
const byId = (id) => document.getElementById(id);
const decisions = load();
const undone = []; // The decisions in their order, each with what was decided before.
let drawn = null; // The list whose tiles are in the grid.
const view = { order: "queue", show: "all", cell: null, at: 0, list: [], zoom: false };

// Text goes into the page as text only: labels and uris are whatever somebody wrote.
function make(name, options, ...children) {
  const { text, dataset, ...rest } = options || {};
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(rest)) node.setAttribute(key, value);
  Object.assign(node.dataset, dataset || {});
  if (text !== undefined) node.textContent = text;
  node.append(...children);
  return node;
}

function load() {
  try {
    const kept = JSON.parse(localStorage.getItem(storage) || "{}");
    const known = new Set(images.map((image) => image.image_sha256));
    return new Map(Object.entries(kept).filter(([sha]) => known.has(sha)));
  } catch {
    return new Map(); // Storage is switched off, or somebody else wrote there.
  }
}

function keep() {
  try {
    localStorage.setItem(storage, JSON.stringify(Object.fromEntries(decisions)));
    byId("save").title = "Key S. Decisions are also kept in this browser.";
  } catch {
    byId("save").title = "Key S. This browser keeps nothing: save before you leave.";
  }
}

const current = () => view.list[view.at];
const categoryOf = (decision) => categories.find((one) => one.name === decision.category);

function decide(category, label) {
  const image = current();
  if (!image) return;
  const remedy = category ? category.remedy : null;
  const decision = { action: "keep" };
  if (category) decision.category = category.name;
  if (remedy === "remove") decision.action = "remove";
  if (remedy === "relabel") {
    decision.action = "relabel";
    if (relabels) decision.label = label || otherLabel(image);
  }
  const before = decisions.get(image.image_sha256);
  if (before && before.note) decision.note = before.note;
  undone.push([image, before]);
  decisions.set(image.image_sha256, decision);
  keep();
  if (view.show === "open") list();
  else if (decision.action !== "relabel" || relabels) move(1); // Else there is a note to write.
  draw();
}

// What a relabel starts from: never the label that is in question.
function otherLabel(image) {
  if (image.suggested !== image.label) return image.suggested;
  const guess = image.guesses.find((one) => one.label !== image.label);
  return guess ? guess.label : data.classes.find((label) => label !== image.label);
}

// Takes back the last decision, wherever the selection is, and shows its image. After the page was
// opened again, it takes back that on the image which is selected.
function undo() {
  const here = current();
  if (!undone.length && !(here && decisions.has(here.image_sha256))) return;
  const [image, before] = undone.pop() || [here, undefined];
  if (before) decisions.set(image.image_sha256, before);
  else decisions.delete(image.image_sha256);
  keep();
  list();
  if (!view.list.includes(image)) {
    view.show = "all";
    view.cell = null;
    list();
  }
  view.at = view.list.indexOf(image);
  draw();
}

function note(image, text) {
  const decision = decisions.get(image.image_sha256);
  if (text.trim()) decision.note = text.trim();
  else delete decision.note;
  keep();
}

function move(by) {
  view.at = Math.max(0, Math.min(view.list.length - 1, view.at + by));
}

function list() {
  const isDone = (image) => decisions.has(image.image_sha256);
  const here = current();
  view.list = images
    .filter((image) => view.show === "all" || isDone(image) === (view.show === "done"))
    .filter((image) => !view.cell ||
      (image.label === view.cell[0] && image.predicted === view.cell[1]))
    .sort((one, other) => one[view.order] - other[view.order]);
  const place = view.list.indexOf(here);
  view.at = place >= 0 ? place : Math.min(view.at, Math.max(0, view.list.length - 1));
}

function save() {
  const fixes = images.filter((image) => decisions.has(image.image_sha256)).map((image) => ({
    image_sha256: image.image_sha256,
    image_uri: image.image_uri,
    ...decisions.get(image.image_sha256),
  }));
  const text = JSON.stringify({ version: data.version, fixes }, null, 1) + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  make("a", { href: url, download: "decisions.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
