// One video: why each second became an image or did not, and what another threshold would keep.
import { get } from "./api.js";
import { chart, paint } from "./charts.js";
import { h, named } from "./dom.js";
import { clock, duration, number, plural, size, told } from "./format.js";
import { onThumbnails, thumbnail, want } from "./pictures.js";

// A browser that is asked for the very time of a frame may show the one before it.
const BESIDE = 0.001;
const COLUMNS = /** @type {Record<number, string>} */ ({ 1: "kept_at", 2: "kept_at_2", 5: "kept_at_5", 10: "kept_at_10" });

/** @param {import("./main.js").Page} page */
export async function showVideo({ main, query, overview }) {
  const [found, settings] = await Promise.all([get("video", { uri: query.get("uri") ?? "", generation: query.get("generation") ?? "" }), get("settings")]);
  const { video, samples, grid } = found;
  const count = samples.pts_seconds.length;
  const player = overview.shows_videos ? makePlayer(video) : null;
  main.append(
    h("h1", {}, named(video.name)),
    h("p", { class: "dim name" }, video.video_uri, h("br"), [video.codec, video.width && `${video.width} × ${video.height}`, duration(video.duration_seconds), video.collector_id].filter(Boolean).join(", ")),
    video.error ? h("p", { class: video.status === "failed" ? "bad" : "warn" }, `${video.status}: ${video.error}`) : "",
  );
  if (!count) return;

  const chosen = { place: nearest(grid, found.similarity_threshold ?? 0.9), stride: 1 };
  const isKnown = samples.kept_at.every((/** @type {any} */ mask) => mask !== null);
  const isKept = (/** @type {number} */ at) => {
    const mask = samples[COLUMNS[chosen.stride]][at];
    return mask === null ? samples.kept[at] : Math.floor(mask / 2 ** chosen.place) % 2 === 1;
  };

  const slider = h("input", { type: "range", min: "0", max: String(grid.length - 1), step: "1", value: String(chosen.place), id: "threshold", oninput: () => choose(Number(slider.value)) });
  const stride = h("select", { id: "stride", onchange: () => { chosen.stride = Number(stride.value); update(); } },
    ...found.strides.map((/** @type {number} */ each) => h("option", { value: String(each) }, found.period_seconds ? `every ${number(found.period_seconds * each)} s` : `× ${each}`)));
  const price = h("input", { type: "number", min: "0", step: "0.01", value: String(overview.price ?? 0.08), id: "price", oninput: () => update() });
  const counts = h("p", { id: "counts", role: "status" });
  const command = h("code");
  const curves = h("div", { class: "chart" });
  const strip = h("div", { class: "strip", tabindex: "0", role: "group", "aria-label": "Samples in the order of time" });
  main.append(
    isKnown
      ? h("div", { class: "row" }, h("label", { for: "threshold" }, "Threshold"), h("span", { style: { flex: "1 1 16rem" } }, slider), stride, h("label", { for: "price" }, `${overview.currency} an image`), price)
      : h("p", { class: "warn" }, "This video was extracted with another measure, or by an earlier vidset: other thresholds are not known."),
    counts, h("p", {}, command), curves, strip, player ?? "",
  );
  stride.setAttribute("aria-label", "Period");

  const sheet = found.sheet ? await openSheet(found.sheet, video, samples.kept) : null;
  const items = Array.from({ length: count }, (_, at) => sampleButton(samples, at, player, sheet?.cell(at)));
  if (sheet) strip.after(h("p", { class: "dim", id: "sheet" }, ...sheetWords(found.sheet, video.duration_seconds)));
  strip.append(...items.map((each) => each.button));
  const plot = drawCurves(curves, found, () => grid[chosen.place], (/** @type {number} */ ssim) => choose(nearest(grid, ssim)));

  /** @param {number} place */
  function choose(place) {
    chosen.place = place;
    slider.value = String(place);
    update();
  }

  function update() {
    let kept = 0;
    items.forEach(({ button }, at) => {
      const now = isKept(at);
      kept += now ? 1 : 0;
      button.classList.toggle("is-kept", now);
      button.classList.toggle("is-lost", !now && samples.kept[at]);
    });
    const all = settings.images[settings.strides.indexOf(chosen.stride)]?.[chosen.place];
    const cost = (/** @type {number} */ n) => `${(n * Number(price.value || 0)).toFixed(2)} ${overview.currency}`;
    slider.setAttribute("aria-valuetext", grid[chosen.place].toFixed(2));
    counts.replaceChildren(
      `Threshold ${grid[chosen.place].toFixed(2)}: this video gives `, h("strong", {}, plural(kept, "image")), ` (${cost(kept)})`,
      all === null || all === undefined ? "; for all videos it is not known." : "; all videos give ", all === null || all === undefined ? "" : h("strong", {}, plural(all, "image")), all === null || all === undefined ? "" : ` (${cost(all)}).`,
    );
    const every = found.period_seconds ? number(found.period_seconds * chosen.stride) : "1";
    const words = ["vidset", "extract", "...", "--every", every, "--similarity", String(grid[chosen.place])];
    // A line ends between words, and never within an option.
    command.replaceChildren(...words.flatMap((word, at) => [at ? " " : "", h("span", { class: "whole" }, word)]));
    plot.redraw(false);
  }

  const visible = () => {
    const step = items[0].button.offsetWidth + 2;
    const first = Math.max(0, Math.floor(strip.scrollLeft / step) - 4), last = first + Math.ceil(strip.clientWidth / step) + 8;
    const numbers = [];
    for (let at = first; at < Math.min(count, last); at += 1) if (samples.kept[at]) numbers.push(samples.n[at]);
    want(numbers);
    for (let at = first; at < Math.min(count, last); at += 1) items[at].draw();
  };
  strip.addEventListener("scroll", visible, { passive: true });
  onThumbnails(visible);
  visible();
  update();
}

/**
 * The picture with the thumbnails of dropped samples.
 * @param {any} told @param {any} video @param {boolean[]} kept
 */
async function openSheet(told, video, kept) {
  const picture = new Image();
  picture.src = told.file ?? `dropped?${new URLSearchParams({ uri: video.video_uri, generation: video.generation })}`;
  try { await picture.decode(); } catch { return null; }
  const width = picture.naturalWidth / told.across, height = picture.naturalHeight / told.rows;
  /** @type {number[]} */
  const places = [];
  let dropped = 0;
  for (const isKept of kept) { places.push(isKept ? -1 : dropped); dropped += isKept ? 0 : 1; }
  const cell = (/** @type {number} */ at) => {
    const place = places[at] / told.stride;
    if (places[at] < 0 || !Number.isInteger(place)) return null;
    return { picture, x: (place % told.across) * width, y: Math.floor(place / told.across) * height, width, height };
  };
  return { cell };
}

/** @param {any} told @param {number | null} seconds */
function sheetWords(told, seconds) {
  const hour = seconds ? `, ${size((told.size_bytes * 3600) / seconds)} an hour of video` : "";
  const part = told.stride > 1 ? ` Of ${told.stride} dropped samples one is shown.` : "";
  return [`Thumbnails of dropped samples take ${size(told.size_bytes)}${hour}; `, h("code", { class: "whole" }, "vidset extract --no-thumbnails"), ` keeps none.${part}`];
}

/** @param {any} samples @param {number} at @param {any} player @param {any} [cell] of a dropped sample */
function sampleButton(samples, at, player, cell) {
  const time = samples.pts_seconds[at];
  const ssim = samples.ssim[at] === null ? "" : `, SSIM ${number(samples.ssim[at])}`;
  const words = `${clock(time)}: ${told(samples.reason[at])}${ssim}`;
  const canvas = samples.kept[at] || cell ? h("canvas", { width: 184, height: 104, "aria-hidden": "true" }) : h("span", { class: "none", "aria-hidden": "true" }, told(samples.reason[at]));
  const button = h("button", { type: "button", title: words, "aria-label": words, onclick: () => { if (player) { player.currentTime = time + BESIDE; player.scrollIntoView({ block: "nearest" }); } } }, canvas, h("span", {}, cell ? `${clock(time)} ${told(samples.reason[at])}` : clock(time)));
  if (cell) button.classList.add("is-dropped");
  let isDrawn = false;
  const draw = () => {
    if (isDrawn) return;
    if (cell) {
      const scale = Math.min(184 / cell.width, 104 / cell.height), wide = cell.width * scale, high = cell.height * scale;
      canvas.getContext("2d")?.drawImage(cell.picture, cell.x, cell.y, cell.width, cell.height, (184 - wide) / 2, (104 - high) / 2, wide, high);
      isDrawn = true;
      return;
    }
    const picture = samples.kept[at] ? thumbnail(samples.n[at]) : null;
    if (!picture) return;
    const scale = Math.min(184 / picture.width, 104 / picture.height);
    canvas.getContext("2d")?.drawImage(picture, (184 - picture.width * scale) / 2, (104 - picture.height * scale) / 2, picture.width * scale, picture.height * scale);
    isDrawn = true;
  };
  return { button, draw };
}

/** @param {any} video */
function makePlayer(video) {
  const source = `source?${new URLSearchParams({ uri: video.video_uri, generation: video.generation })}`;
  const player = h("video", { src: source, controls: true, preload: "metadata", muted: true, "aria-label": "The source video" });
  player.addEventListener("error", () => player.replaceWith(h("p", { class: "dim" }, "This browser cannot play the source video, or it is not there any more.")));
  return player;
}

/**
 * SSIM and local change over time, with the threshold as a line to drag.
 * @param {HTMLElement} element @param {any} found @param {() => number} threshold @param {(ssim: number) => void} dragged
 */
function drawCurves(element, found, threshold, dragged) {
  const { samples } = found;
  const line = (/** @type {any} */ plot) => {
    const y = plot.valToPos(threshold(), "y", true);
    plot.ctx.save();
    plot.ctx.strokeStyle = paint("warn");
    plot.ctx.lineWidth = 2 * devicePixelRatio;
    plot.ctx.beginPath();
    plot.ctx.moveTo(plot.bbox.left, y);
    plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
    plot.ctx.stroke();
    plot.ctx.restore();
  };
  const plot = chart(
    element,
    {
      height: 220,
      scales: { x: { time: false }, y: { range: [Math.min(0.5, ...samples.ssim.filter((/** @type {any} */ each) => each !== null)), 1.01] }, change: { range: [0, 255] } },
      axes: [{ values: (/** @type {any} */ _, /** @type {number[]} */ ticks) => ticks.map(clock) }, {}, { side: 1, scale: "change", grid: { show: false } }],
      series: [
        { label: "time" },
        { label: "SSIM with the last kept sample", stroke: paint("kept"), width: 1.5, points: { show: samples.ssim.length < 200 } },
        { label: "local change (levels)", stroke: paint("link"), width: 1, scale: "change", points: { show: false } },
      ],
      hooks: { draw: [line] },
      cursor: { drag: { x: false, y: false } },
    },
    [samples.pts_seconds, samples.ssim, samples.local_change],
  );
  const over = plot.over;
  const drag = (/** @type {PointerEvent} */ event) => {
    if (event.buttons & 1) dragged(plot.posToVal(event.clientY - over.getBoundingClientRect().top, "y"));
  };
  over.style.touchAction = "none";
  over.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => { over.setPointerCapture(event.pointerId); drag(event); });
  over.addEventListener("pointermove", drag);
  return plot;
}

/** @param {number[]} grid @param {number} value */
function nearest(grid, value) {
  let best = 0;
  grid.forEach((each, at) => { if (Math.abs(each - value) < Math.abs(grid[best] - value)) best = at; });
  return best;
}
