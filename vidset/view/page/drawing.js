// Objects drawn over pictures: boxes, turned boxes, polygons with holes, masks. Colours go by label;
// what a model predicted is white and dashed.

export const PREDICTED = "#ffffff";
const COLOURS = ["#2ee06f", "#4f9dff", "#ff9d1f", "#d75cff", "#ff5c58", "#19d6f0", "#ffe11a", "#ff5fb4", "#a6f02e", "#8f7bff"];

/** @param {string} label */
export function colour(label) {
  let hash = 7;
  for (const letter of label) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0;
  return COLOURS[hash % COLOURS.length];
}

/**
 * Draw objects in pixels of the image; the context's transform maps them to the screen.
 * @param {CanvasRenderingContext2D} context
 * @param {any[]} objects as the annotation document has them
 * @param {number} width of lines, in pixels of the image
 * @param {boolean} [isPredicted]
 */
export function drawObjects(context, objects, width, isPredicted = false) {
  for (const each of objects) {
    const paint = isPredicted ? PREDICTED : colour(each.label);
    context.strokeStyle = paint;
    context.lineWidth = width;
    context.setLineDash(isPredicted ? [width * 4, width * 3] : []);
    if (each.box) drawBox(context, each.box);
    else if (each.rings || each.points) drawRings(context, each.rings ?? [{ points: each.points }], paint);
    else if (each.mask) drawMask(context, each.mask, paint);
  }
  context.setLineDash([]);
}

/** @param {CanvasRenderingContext2D} context @param {any} box */
function drawBox(context, box) {
  context.save();
  context.translate(box.x + box.width / 2, box.y + box.height / 2);
  context.rotate(((box.angle ?? 0) * Math.PI) / 180);
  outlined(context, () => context.strokeRect(-box.width / 2, -box.height / 2, box.width, box.height));
  context.restore();
}

/** @param {CanvasRenderingContext2D} context @param {any[]} rings @param {string} paint */
function drawRings(context, rings, paint) {
  context.beginPath();
  for (const ring of rings) {
    ring.points.forEach((/** @type {any} */ point, /** @type {number} */ at) => (at ? context.lineTo(point.x, point.y) : context.moveTo(point.x, point.y)));
    context.closePath();
  }
  context.save();
  context.globalAlpha = 0.25;
  context.fillStyle = paint;
  context.fill("evenodd");
  context.restore();
  outlined(context, () => context.stroke());
}

/**
 * Stroke on a dark edge, so that a line shows on any picture.
 * @param {CanvasRenderingContext2D} context @param {() => void} stroke
 */
function outlined(context, stroke) {
  const { strokeStyle, lineWidth } = context;
  context.strokeStyle = "rgb(0 0 0 / 55%)";
  context.lineWidth = 2 * lineWidth;
  stroke();
  context.strokeStyle = strokeStyle;
  context.lineWidth = lineWidth;
  stroke();
}

/**
 * Write the label of each object at its upper left corner, that of a prediction with its score at
 * its lower left one. Labels of whole images stand below each other at the image's corner.
 * @param {CanvasRenderingContext2D} context @param {any[]} objects @param {number} size of letters, in pixels of the image
 * @param {boolean} [isPredicted] @param {number} [row] where labels of the whole image begin
 * @returns {number} the row behind them
 */
export function writeLabels(context, objects, size, isPredicted = false, row = 0) {
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  for (const each of objects) {
    const corner = each.mask ? null : cornerOf(each, isPredicted);
    const x = corner?.x ?? size * 0.3;
    const y = corner ? Math.max(size * 1.2, corner.y + (isPredicted ? size * 1.2 : 0)) : (row += 1) * size * 1.35;
    const text = isPredicted ? scored(each) : each.label;
    context.fillStyle = "rgb(0 0 0 / 70%)";
    context.fillRect(x, y - size * 1.2, context.measureText(text).width + size * 0.5, size * 1.2);
    context.fillStyle = isPredicted ? PREDICTED : colour(each.label);
    context.fillText(text, x + size * 0.25, y - size * 0.1);
  }
  return row;
}

/** @param {any} object @param {boolean} isBelow */
function cornerOf(object, isBelow) {
  if (object.box) return { x: object.box.x, y: object.box.y + (isBelow ? object.box.height : 0) };
  const points = object.rings?.[0]?.points ?? object.points ?? [];
  if (!points.length || !isBelow) return points[0] ?? null;
  return points.reduce((/** @type {any} */ low, /** @type {any} */ each) => (each.y > low.y ? each : low));
}

/** @param {any} object that a model predicted */
export function scored(object) {
  return object.score === null || object.score === undefined ? object.label : `${object.label} ${object.score.toFixed(2)}`;
}

/**
 * A mask in COCO's RLE: runs down the columns, the first of what is outside.
 * @param {CanvasRenderingContext2D} context @param {any} mask @param {string} paint
 */
function drawMask(context, mask, paint) {
  const [height, width] = mask.size;
  const counts = typeof mask.counts === "string" ? readCounts(mask.counts) : mask.counts;
  context.save();
  context.globalAlpha = 0.35;
  context.fillStyle = paint;
  let at = 0, isInside = false;
  for (const count of counts) {
    for (let left = isInside ? count : 0, from = at; left > 0;) {
      const y = from % height, run = Math.min(left, height - y);
      const x = Math.floor(from / height);
      if (x < width) context.fillRect(x, y, 1, run);
      from += run;
      left -= run;
    }
    at += count;
    isInside = !isInside;
  }
  context.restore();
}

/**
 * COCO's compressed counts: numbers of 5 bits a letter, from the third on as differences
 * (pycocotools, common/maskApi.c, rleFrString).
 * @param {string} text
 */
export function readCounts(text) {
  /** @type {number[]} */
  const counts = [];
  for (let at = 0; at < text.length;) {
    let value = 0, shift = 0, more = true;
    while (more) {
      const letter = text.charCodeAt(at) - 48;
      value |= (letter & 31) << shift;
      more = (letter & 32) !== 0;
      at += 1;
      shift += 5;
      if (!more && letter & 16) value |= -1 << shift;
    }
    if (counts.length > 2) value += counts[counts.length - 2];
    counts.push(value);
  }
  return counts;
}
