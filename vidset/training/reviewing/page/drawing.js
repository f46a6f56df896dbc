// What is seen of it.
const percent = (part, whole) => (whole ? (100 * part / whole).toFixed(1) : "0.0") + " %";
const verdict = (decision) => decision.action === "relabel"
  ? `${decision.category}: ${decision.label}` : decision.category || "label is right";

function drawHeader() {
  const scores = data.scores;
  const how = data.folds
    ? `${data.folds.folds} folds of ${data.folds.epochs} epochs` : `best epoch ${data.epoch}`;
  byId("subject").textContent =
    `${data.model} · version ${data.version.slice(0, 12)} · ${data.splits.join(", ")} · ${how}`;
  const figures = [
    ["images", scores.images.toLocaleString("en")],
    ["answered wrong", data.wrong.toLocaleString("en")],
    relabels ? ["accuracy", percent(scores.right, scores.images)]
      : ["all objects right", percent(scores.exact, scores.images)],
    [relabels ? "labels likely wrong" : "with objects made up", data.flagged.toLocaleString("en")],
  ];
  byId("figures").replaceChildren(...figures.map(([name, value]) =>
    make("div", {}, make("dt", { text: name }), make("dd", { text: value }))));
}

function drawProgress() {
  const done = decisions.size;
  const bar = document.querySelector(".progress");
  bar.setAttribute("aria-valuemax", images.length);
  bar.setAttribute("aria-valuenow", done);
  bar.firstElementChild.style.width = images.length ? `${100 * done / images.length}%` : "0";
  byId("decided").textContent = `${done} of ${images.length} decided`;
  const counts = new Map();
  for (const decision of decisions.values()) {
    const name = decision.category || "";
    counts.set(name, (counts.get(name) || 0) + 1);
  }
  const rows = [...categories, { name: "", remedy: "" }].map((one) => {
    const number = counts.get(one.name) || 0;
    return make("tr", {},
      make("td", {}, make("span", { text: one.name || "label is right" }),
        make("small", { text: one.remedy })),
      make("td", { text: String(number) }), make("td", { text: percent(number, done) }));
  });
  byId("summary").replaceChildren(make("tbody", {}, ...rows));
}

function drawConfusion() {
  const confusion = data.scores.confusion;
  byId("confusion-section").hidden = !confusion;
  if (!confusion) return;
  const most = Math.max(1, ...confusion.matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const head = make("tr", {}, make("th", { text: "" }),
    ...confusion.labels.map((label) => make("th", { text: label, title: label, scope: "col" })));
  const rows = confusion.matrix.map((row, i) => make("tr", {},
    make("th", { text: confusion.labels[i], title: confusion.labels[i], scope: "row" }),
    ...row.map((number, j) => {
      const right = i === j;
      const share = right ? 0 : number / most;
      const chosen = view.cell && view.cell[0] === confusion.labels[i]
        && view.cell[1] === confusion.labels[j];
      const what = `${number} × ${confusion.labels[i]} answered ${confusion.labels[j]}`;
      const button = make("button", { type: "button", title: what, "aria-label": what,
        "aria-pressed": String(Boolean(chosen)), text: number || "" });
      button.disabled = right || !number;
      button.style.background = right
        ? "var(--good-soft)" : `rgb(var(--heat) / ${0.06 + 0.85 * share})`;
      button.addEventListener("click", () => {
        view.cell = chosen ? null : [confusion.labels[i], confusion.labels[j]];
        view.at = 0;
        list();
        draw();
      });
      return make("td", { class: share > 0.55 ? "many" : "" }, button);
    })));
  byId("confusion").replaceChildren(make("table", {},
    make("thead", {}, head), make("tbody", {}, ...rows)));
  byId("cell").replaceChildren();
  if (view.cell) {
    const clear = make("button", { type: "button", class: "link",
      text: `${view.cell[0]} → ${view.cell[1]} ✕` });
    clear.addEventListener("click", () => { view.cell = null; list(); draw(); });
    byId("cell").append(clear);
  } else {
    byId("cell").textContent = "rows: label, columns: answer";
  }
}

function names(image) {
  if (!relabels) return [make("b", { text: image.suggested })];
  if (image.label === image.suggested) return [make("span", { text: image.label })];
  return [make("s", { text: image.label }), make("i", { text: "→" }),
    make("b", { text: image.suggested })];
}

function drawGrid() {
  if (drawn !== view.list) {
    drawn = view.list;
    byId("grid").replaceChildren(...(drawn.length ? drawn.map(tileOf)
      : [make("p", { class: "empty", text: "Nothing here." })]));
  }
  drawn.forEach((image, place) => {
    const tile = byId("grid").children[place];
    const decision = decisions.get(image.image_sha256);
    tile.className = decision ? "tile decided" : "tile";
    tile.setAttribute("aria-current", String(place === view.at));
    tile.querySelector(".number").textContent = String(image[view.order]);
    tile.querySelector(".below").textContent = decision ? "✓ " + verdict(decision)
      : view.order === "queue" ? `score ${image.score.toFixed(4)}` : `loss ${image.loss.toFixed(2)}`;
  });
  const chosen = drawn.length && byId("grid").children[view.at];
  if (chosen) chosen.scrollIntoView({ block: "nearest" });
}

function tileOf(image, place) {
  const tile = make("button", { type: "button", title: image.image_uri, tabindex: "-1" },
    make("span", { class: "number" }),
    make("span", { class: "picture" },
      make("img", { src: image.thumbnail, alt: image.label, loading: "lazy" })),
    make("span", { class: "names" }, ...names(image)),
    make("span", { class: "below" }));
  tile.addEventListener("click", () => { view.at = place; draw(); });
  return tile;
}

function drawDetail() {
  const image = current();
  if (!image) {
    byId("detail").replaceChildren();
    return;
  }
  const decision = decisions.get(image.image_sha256);
  const box = (title, text, kind) => make("div", { class: kind },
    make("small", { text: title }), make("strong", { text }));
  const differs = image.label !== image.suggested;
  const parts = [
    drawPicture(image),
    ...drawLegend(),
    make("div", { class: "labels" },
      box(relabels ? "label" : "labeled", image.label, differs ? "given" : "same"),
      relabels ? box("suggested", image.suggested, differs ? "suggested" : "same")
        : box("found", image.predicted, "same")),
    make("p", { class: "reason", text: image.reason }),
  ];
  if (image.flags.length) {
    parts.push(make("div", { class: "flags" }, ...image.flags.map((text) => make("span", { text }))));
  }
  for (const guess of image.guesses) {
    parts.push(make("div", { class: "guess" }, make("span", { text: guess.label }),
      make("meter", { min: 0, max: 1, value: guess.probability }),
      make("span", { text: percent(guess.probability, 1) })));
  }
  const where = [image.image_uri, image.split];
  if (image.video_uri && image.pts_seconds !== null) {
    where.push(`${image.video_uri} at ${image.pts_seconds.toFixed(2)} s`);
  }
  parts.push(drawChoices(image, decision), make("p", { class: "place", text: where.join(" · ") }));
  byId("detail").replaceChildren(...parts);
}

function drawChoices(image, decision) {
  const choices = make("div", { class: "choices" });
  categories.forEach((category, place) => {
    const chosen = Boolean(decision) && categoryOf(decision) === category;
    const button = make("button", { type: "button", class: "choice", "aria-pressed": String(chosen) },
      make("kbd", { text: String(place + 1) }),
      make("span", { text: category.name }, make("small", { text: category.hint })),
      make("em", { text: category.remedy }));
    button.addEventListener("click", () => decide(category));
    choices.append(button);
    if (category.remedy === "relabel" && relabels) choices.append(drawLabels(image, category, decision));
    if (category.remedy === "relabel" && chosen) choices.append(drawNote(image, decision));
  });
  const right = make("button", { type: "button", class: "choice",
    "aria-pressed": String(Boolean(decision) && !decision.category) },
  make("kbd", { text: "0" }), make("span", { text: "label is right" }), make("em", { text: "keep" }));
  right.addEventListener("click", () => decide(null));
  choices.append(right);
  return choices;
}

function drawLabels(image, category, decision) {
  const select = make("select", { "aria-label": `Right label (${category.name})`, class: "label-select" });
  for (const label of data.classes) {
    if (label !== image.label) select.append(make("option", { value: label, text: label }));
  }
  const chosen = decision && decision.label && decision.category === category.name;
  select.value = chosen ? decision.label : otherLabel(image);
  select.addEventListener("change", () => decide(category, select.value));
  return make("label", { class: "right-label" }, make("small", { text: "right label" }), select);
}

function drawPicture(image) {
  const zoom = make("button", { type: "button", class: "picture", title: "Key Z",
    "aria-label": "Zoom", "aria-pressed": String(view.zoom) },
  make("img", { src: image.thumbnail, alt: image.label }));
  zoom.addEventListener("click", () => { view.zoom = !view.zoom; draw(); });
  return zoom;
}

function drawNote(image, decision) {
  const area = make("textarea", { rows: "2", class: "note", "aria-label": "Note",
    placeholder: relabels ? "Why" : "What is wrong? The annotators see it." });
  area.value = decision.note || "";
  area.addEventListener("input", () => note(image, area.value));
  return make("label", { class: "right-label" }, make("small", { text: "note" }), area);
}

function drawLegend() {
  if (relabels) return [];
  const kinds = [["found", "labeled and found"], ["missed", "labeled, not found"],
    ["extra", "found, not labeled"], ["outline", "outline"]];
  return [make("p", { class: "legend" }, ...kinds.map(([kind, text]) =>
    make("span", {}, make("i", { class: kind }), make("span", { text }))))];
}

function drawTabs() {
  for (const key of ["order", "show"]) {
    for (const button of document.querySelectorAll(`[data-${key}]`)) {
      button.setAttribute("aria-pressed", String(button.dataset[key] === view[key]));
    }
  }
}

function draw() {
  drawTabs();
  drawProgress();
  drawConfusion();
  drawGrid();
  drawDetail();
}
