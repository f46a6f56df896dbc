// One image as large as the window: its objects, zoom and pan, and all that is known of it.
import { get, imageUrl } from "./api.js";
import { colour, drawObjects, scored, writeLabels } from "./drawing.js";
import { h, named } from "./dom.js";
import { legend } from "./legend.js";
import { clock, moment, number } from "./format.js";

const MOST_ZOOM = 40;

/**
 * @param {Uint32Array | number[]} numbers @param {number} at @param {any} overview
 * @param {(last: number) => void} closed
 */
export function openImage(numbers, at, overview, closed) {
  const canvas = h("canvas", { tabindex: "0", role: "img", "aria-label": "The image" });
  const facts = h("div", { class: "facts", tabindex: "0", role: "region", "aria-label": "What is known of this image" });
  const place = h("span", { class: "dim", role: "status" });
  const button = (/** @type {string} */ text, /** @type {string} */ title, /** @type {() => void} */ act) => h("button", { type: "button", title, "aria-label": title, onclick: act }, text);
  const toggle = (/** @type {"labels" | "predictions"} */ what) => { shows[what] = !shows[what]; (what === "labels" ? labels : predictions).setAttribute("aria-pressed", String(shows[what])); draw(); };
  const labels = button("Labels", "Show or hide labels (l)", () => toggle("labels")), predictions = button("Predictions", "Show or hide predictions (p)", () => toggle("predictions"));
  for (const each of [labels, predictions]) each.setAttribute("aria-pressed", "true");
  const dialog = h("dialog", { "aria-label": "Image" }, h("div", { class: "one" },
    h("div", { class: "tools" }, button("‹", "Previous image (left arrow)", () => go(-1)), button("›", "Next image (right arrow)", () => go(1)), place, h("span", { style: { flex: "1" } }),
      button("−", "Smaller (minus)", () => zoom(1 / 1.5)), button("+", "Larger (plus)", () => zoom(1.5)), button("Fit", "Fit the window (0)", () => fit()), labels, predictions, button("Close", "Close (Escape)", () => dialog.close())),
    h("div", { class: "picture" }, canvas), facts));
  /** @type {HTMLImageElement | null} */
  let picture = null;
  /** @type {any} */
  let known = null;
  const shows = { labels: true, predictions: true };
  const view = { scale: 1, x: 0, y: 0 };

  async function load() {
    const n = numbers[at];
    place.textContent = `${number(at + 1)} of ${number(numbers.length)}`;
    const image = new Image();
    image.src = imageUrl(n);
    try {
      const [found] = await Promise.all([get("image", { n }), image.decode().catch(() => null)]);
      if (numbers[at] !== n) return;
      known = found;
      picture = image.naturalWidth ? image : null;
      facts.replaceChildren(...describe(known, picture !== null, overview));
      predictions.hidden = !known.predicted.length;
      canvas.setAttribute("aria-label", `${known.labels.join(", ") || "unlabeled"}, ${known.width} by ${known.height} pixels`);
      fit();
    } catch (error) {
      facts.replaceChildren(h("p", { class: "bad" }, /** @type {Error} */ (error).message));
    }
  }

  function fit() {
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!known || !width) return;
    canvas.width = width * devicePixelRatio;
    canvas.height = height * devicePixelRatio;
    view.scale = Math.min(width / known.width, height / known.height);
    view.x = (width - known.width * view.scale) / 2;
    view.y = (height - known.height * view.scale) / 2;
    draw();
  }

  function zoom(/** @type {number} */ factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
    const scale = Math.min(MOST_ZOOM, Math.max(0.02, view.scale * factor));
    view.x = x - ((x - view.x) * scale) / view.scale;
    view.y = y - ((y - view.y) * scale) / view.scale;
    view.scale = scale;
    draw();
  }

  function draw() {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (!known) return;
    context.translate(view.x, view.y);
    context.scale(view.scale, view.scale);
    context.imageSmoothingEnabled = view.scale < 4;
    if (picture) context.drawImage(picture, 0, 0, known.width, known.height);
    const line = 2 / view.scale, size = 13 / view.scale;
    if (shows.labels) drawObjects(context, known.objects, line);
    if (shows.predictions) drawObjects(context, known.predicted, line, true);
    const row = shows.labels ? writeLabels(context, known.objects, size) : 0;
    if (shows.predictions) writeLabels(context, known.predicted, size, true, row);
  }

  function go(/** @type {number} */ step) {
    const next = at + step;
    if (next < 0 || next >= numbers.length) return;
    at = next;
    load();
  }

  /** @type {Record<string, () => void>} */
  const keys = { ArrowLeft: () => go(-1), ArrowRight: () => go(1), "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: () => fit(), l: () => toggle("labels"), p: () => toggle("predictions") };
  dialog.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { if (event.key in keys && !event.ctrlKey) { event.preventDefault(); keys[event.key](); } });
  canvas.addEventListener("wheel", (/** @type {WheelEvent} */ event) => { event.preventDefault(); zoom(1.0015 ** -event.deltaY, event.offsetX, event.offsetY); }, { passive: false });
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => { if (event.buttons & 1) { view.x += event.movementX; view.y += event.movementY; draw(); } });
  dialog.addEventListener("close", () => { observer.disconnect(); dialog.remove(); closed(at); });
  const observer = new ResizeObserver(() => fit());
  document.body.append(dialog);
  dialog.showModal();
  observer.observe(canvas);
  canvas.focus();
  load();
}

/** @param {any} image @param {boolean} isThere @param {any} overview */
function describe(image, isThere, overview) {
  const video = `#/video?${new URLSearchParams({ uri: image.video_uri, generation: image.generation })}`;
  /** @type {[string, any][]} */
  const rows = [
    ["video", h("a", { href: video, onclick: (/** @type {Event} */ event) => { /** @type {HTMLElement} */ (event.target).closest("dialog")?.close(); } }, named(image.video_uri.split("/").pop()))],
    ["time", clock(image.pts_seconds)], ["collector", image.collector_id], ["split", image.split], ["state", image.state], ["annotator", image.annotator], ["labeled", moment(image.updated_at)],
    ["size", `${image.width} × ${image.height}`], ["sharpness", number(image.sharpness)], ["brightness", number(image.brightness)], ["SSIM", image.ssim === null ? "" : number(image.ssim)], ["local change", image.local_change === null ? "" : number(image.local_change)],
    ["cost", image.cost ? `${image.cost} ${overview.currency}` : ""], ["image", h("code", {}, image.image_id)],
  ];
  return [
    isThere ? "" : h("p", { class: "bad" }, "The image's file cannot be read."),
    h("p", {}, ...image.tags.map((/** @type {string} */ each) => h("span", { class: "chip" }, named(each)))),
    h("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...image.selections.flatMap(chosen),
    image.objects.length ? h("h2", {}, "Objects") : h("p", { class: "dim" }, image.state === "labeled" ? "A person saw that there is nothing in it." : "It has no labels yet."),
    h("ul", {}, ...image.objects.map((/** @type {any} */ each) => h("li", {}, h("span", { style: { color: colour(each.label) }, "aria-hidden": "true" }, "■ "), named(each.label), h("span", { class: "dim" }, ` ${each.type ?? ""} ${size(each)}`)))),
    ...predicted(image),
  ];
}

/**
 * Why a selection chose an image.
 * @param {any} selection
 * @returns {Node[]}
 */
function chosen(selection) {
  /** @type {[string, any][]} */
  const rows = [["rank", number(selection.rank)], ["strategy", selection.strategy], ["score", number(selection.score)], ["reason", named(selection.reason)], ["made", `${moment(selection.made_at)} by ${selection.actor}`]];
  return [h("h2", {}, "Selection ", h("code", {}, selection.selection)), h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))];
}

/**
 * What a model said of an image.
 * @param {any} image
 * @returns {Node[]}
 */
function predicted(image) {
  if (!image.run && !image.predicted.length) return [];
  /** @type {[string, any][]} */
  const rows = [["run", image.run ? named(image.run) : null], ["model", image.model], ["score", number(image.score)], ["uncertainty", number(image.uncertainty)]];
  return [
    h("h2", {}, "Predicted"),
    h("dl", {}, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    image.predicted.length ? "" : h("p", { class: "dim" }, "The model found nothing in it."),
    h("ul", { class: "predicted" }, ...image.predicted.map((/** @type {any} */ each) => h("li", {}, named(scored(each)), h("span", { class: "dim" }, ` ${each.type ?? ""} ${size(each)}`)))),
    image.predicted.length ? legend() : "",
  ].filter((each) => each instanceof Node);
}

/** @param {any} object */
function size(object) {
  return object.box ? `${Math.round(object.box.width)} × ${Math.round(object.box.height)}` : "";
}
