// A grid of thumbnails on one canvas, as smooth with 200,000 images as with 20. What is focused is
// also an option of a listbox, so that keyboards and screen readers have all of it.
import { drawObjects, scored } from "./drawing.js";
import { paint } from "./charts.js";
import { h } from "./dom.js";
import { onThumbnails, thumbnail, want } from "./pictures.js";

const GAP = 4;
const WAIT_MS = 1000;

export class Grid {
  /**
   * @param {{open: (place: number) => void, selected: () => void, describe: (n: number) => string, facts: (n: number) => any}} calls
   */
  constructor(calls) {
    this.calls = calls;
    /** @type {Uint32Array | number[]} */
    this.numbers = [];
    /** @type {Set<number>} */
    this.selection = new Set();
    this.focused = 0;
    this.anchor = 0;
    this.top = 0;
    this.cell = innerWidth > 2400 ? 300 : 150;
    this.drawsObjects = true;
    this.drawsPredictions = true;
    /** @type {Uint32Array | number[] | null} */
    this.groups = null;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div", { class: "height" });
    this.option = h("div", { id: "focused-image", role: "option", class: "hidden-text", "aria-selected": "false" });
    this.element = h("div", { class: "grid", tabindex: "0", role: "listbox", "aria-label": "Images", "aria-multiselectable": "true", "aria-activedescendant": "focused-image" }, this.canvas, this.spacer, this.option);
    this.element.addEventListener("scroll", () => this.draw(), { passive: true });
    this.element.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.element.addEventListener("click", (/** @type {MouseEvent} */ event) => this.click(event));
    this.element.addEventListener("dblclick", (/** @type {MouseEvent} */ event) => { const at = this.at(event); if (at >= 0) calls.open(at); });
    this.element.addEventListener("focus", () => this.draw());
    this.element.addEventListener("blur", () => this.draw());
    new ResizeObserver(() => this.layout()).observe(this.element);
    onThumbnails(() => this.draw());
  }

  /**
   * @param {Uint32Array | number[]} numbers
   * @param {Uint32Array | number[] | null} [groups] of each image, where those of one stand together
   */
  show(numbers, groups = null) {
    this.numbers = numbers;
    this.groups = groups;
    const there = new Set(numbers);
    this.selection = new Set([...this.selection].filter((n) => there.has(n)));
    this.focused = Math.max(0, Math.min(this.focused, numbers.length - 1));
    this.layout();
    this.say();
  }

  get columns() { return Math.max(1, Math.floor((this.element.clientWidth - GAP) / (this.cell + GAP))); }
  get rowHeight() { return Math.round(this.cell * 0.68) + GAP; }

  /** Wait for the first thumbnail, or for a moment where there is none. */
  async drawn() {
    const late = performance.now() + WAIT_MS;
    while (this.numbers.length && !Number(this.element.dataset.drawn) && performance.now() < late) {
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  layout() {
    const ratio = devicePixelRatio, width = this.element.clientWidth, height = this.element.clientHeight;
    if (!width || !height) return;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    const rows = Math.ceil(this.numbers.length / this.columns);
    this.spacer.style.height = `${Math.max(height, rows * this.rowHeight + GAP)}px`;
    this.draw();
  }

  draw() {
    if (this.isDue) return;
    this.isDue = true;
    requestAnimationFrame(() => { this.isDue = false; this.paint(); });
  }

  paint() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    const ratio = devicePixelRatio, columns = this.columns;
    const top = this.element.scrollTop, height = this.element.clientHeight;
    const first = Math.floor(top / this.rowHeight) * columns;
    const last = Math.min(this.numbers.length, (Math.floor((top + height) / this.rowHeight) + 1) * columns);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = paint("ground");
    context.fillRect(0, 0, this.element.clientWidth, height);
    const step = (this.element.clientWidth - GAP) / columns;
    const colours = { line: paint("line"), selected: paint("selected"), focus: paint("focus"), text: paint("text"), dim: paint("dim"), raised: paint("raised"), bad: paint("bad"), group: paint("link") };
    let drawn = 0;
    for (let at = first; at < last; at += 1) {
      drawn += thumbnail(this.numbers[at]) ? 1 : 0;
      const x = GAP + (at % columns) * step, y = Math.floor(at / columns) * this.rowHeight + GAP - top;
      this.paintCell(context, at, x, y, step - GAP, this.rowHeight - GAP, colours);
    }
    this.element.dataset.drawn = String(drawn);
    const isFlying = Math.abs(top - this.top) > height / 4;
    this.top = top;
    if (isFlying) this.draw();  // Nobody else says when it ends.
    // What comes next is asked for after what is seen; of what flies past, little can be seen.
    const ahead = isFlying ? last : Math.min(this.numbers.length, last + columns * 4);
    want(Array.from(this.numbers.slice(first, ahead)), isFlying);
  }

  /**
   * @param {CanvasRenderingContext2D} context @param {number} at
   * @param {number} x @param {number} y @param {number} width @param {number} height @param {any} colours
   */
  paintCell(context, at, x, y, width, height, colours) {
    const n = this.numbers[at], isSelected = this.selection.has(n);
    const group = this.groups ? groupAt(this.groups, at) : null;
    if (group) paintGroup(context, group, at, x, y, width, height, colours);
    context.fillStyle = isSelected ? colours.selected : colours.raised;
    context.fillRect(x, y, width, height);
    const picture = thumbnail(n);
    const inset = isSelected ? 5 : group ? 3 : 0;
    if (picture) {
      const scale = Math.min((width - 2 * inset) / picture.width, (height - 2 * inset) / picture.height);
      const wide = picture.width * scale, high = picture.height * scale;
      const left = x + (width - wide) / 2, upper = y + (height - high) / 2;
      context.drawImage(picture, left, upper, wide, high);
      const facts = this.calls.facts(n);
      const drawn = this.drawsObjects ? facts?.objects ?? [] : [], predicted = this.drawsPredictions ? facts?.predicted ?? [] : [];
      if (drawn.length || predicted.length) {
        context.save();
        context.translate(left, upper);
        context.scale(wide / facts.width, high / facts.height);
        const line = (1.5 * facts.width) / wide;
        drawObjects(context, drawn, line);
        drawObjects(context, predicted, line, true);
        context.restore();
        if (predicted.length) note(context, scored(predicted[0]) + (predicted.length > 1 ? ` +${predicted.length - 1}` : ""), x + 4, y + height - 4, width - 8);
      }
      if (facts?.tags.length) {
        context.fillStyle = colours.focus;
        context.beginPath();
        context.arc(x + width - 9, y + 9, 5, 0, 2 * Math.PI);
        context.fill();
      }
    } else if (picture === null) {
      context.fillStyle = colours.bad;
      context.font = "12px system-ui";
      context.fillText("cannot be read", x + 8, y + height / 2);
    }
    if (group && group.from === at) note(context, `${group.to - group.from} alike`, x + 4, y + 18, width - 8);
    if (at === this.focused && document.activeElement === this.element) {
      context.strokeStyle = colours.focus;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, width - 2, height - 2);
    }
  }

  /** @param {MouseEvent} event */
  at(event) {
    const bounds = this.element.getBoundingClientRect();
    const step = (this.element.clientWidth - GAP) / this.columns;
    const column = Math.floor((event.clientX - bounds.left - GAP / 2) / step);
    const row = Math.floor((event.clientY - bounds.top + this.element.scrollTop) / this.rowHeight);
    const at = row * this.columns + column;
    return column >= 0 && column < this.columns && at < this.numbers.length ? at : -1;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const at = this.at(event);
    if (at < 0) return;
    if (event.shiftKey) this.selectTo(at);
    else if (event.ctrlKey || event.metaKey) this.toggle(at);
    else this.selection = new Set([this.numbers[at]]);
    if (!event.shiftKey) this.anchor = at;
    this.focused = at;
    this.changed();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const columns = this.columns, page = columns * Math.max(1, Math.floor(this.element.clientHeight / this.rowHeight) - 1);
    /** @type {Record<string, number>} */
    const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page, Home: -this.numbers.length, End: this.numbers.length };
    if (event.key in moves) {
      this.focused = Math.max(0, Math.min(this.numbers.length - 1, this.focused + moves[event.key]));
      if (event.shiftKey) this.selectTo(this.focused);
      else this.anchor = this.focused;
      this.reveal();
    } else if (event.key === " ") this.toggle(this.focused);
    else if (event.key === "Enter") this.calls.open(this.focused);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.selection = new Set(this.numbers);
    else if (event.key === "Escape") this.selection = new Set();
    else return;
    event.preventDefault();
    this.changed();
  }

  /** @param {number} at */
  toggle(at) {
    const n = this.numbers[at];
    if (!this.selection.delete(n)) this.selection.add(n);
  }

  /** @param {number} at */
  selectTo(at) {
    const [from, to] = [Math.min(this.anchor, at), Math.max(this.anchor, at)];
    this.selection = new Set(this.numbers.slice(from, to + 1));
  }

  reveal() {
    const y = Math.floor(this.focused / this.columns) * this.rowHeight;
    const top = this.element.scrollTop, height = this.element.clientHeight;
    if (y < top) this.element.scrollTop = y;
    else if (y + this.rowHeight + GAP > top + height) this.element.scrollTop = y + this.rowHeight + GAP - height;
  }

  changed() {
    this.say();
    this.draw();
    this.calls.selected();
  }

  /** Tell screen readers of the focused image. */
  say() {
    const n = this.numbers[this.focused];
    this.option.setAttribute("aria-selected", String(n !== undefined && this.selection.has(n)));
    const group = this.groups ? groupAt(this.groups, this.focused) : null;
    const alike = group ? ` One of ${group.to - group.from} that look alike.` : "";
    this.option.textContent = n === undefined ? "no image" : `Image ${this.focused + 1} of ${this.numbers.length}. ${this.calls.describe(n)}${alike}`;
  }
}

const MOST_OF_GROUP = 2000;

/**
 * The images from and to (exclusive) that are of one group with an image, unless it is alone.
 * @param {Uint32Array | number[]} groups @param {number} at
 */
function groupAt(groups, at) {
  let from = at, to = at + 1;
  while (from > 0 && at - from < MOST_OF_GROUP && groups[from - 1] === groups[at]) from -= 1;
  while (to < groups.length && to - at < MOST_OF_GROUP && groups[to] === groups[at]) to += 1;
  return to - from > 1 ? { from, to } : null;
}

/**
 * A band behind the images of a group, which goes on to the next one of it.
 * @param {CanvasRenderingContext2D} context @param {{from: number, to: number}} group @param {number} at
 * @param {number} x @param {number} y @param {number} width @param {number} height @param {any} colours
 */
function paintGroup(context, group, at, x, y, width, height, colours) {
  const before = at > group.from ? GAP : GAP / 2 - 1, after = at + 1 < group.to ? GAP : GAP / 2 - 1;
  context.fillStyle = colours.group;
  context.fillRect(x - before, y - GAP / 2, width + before + after, height + GAP);
}

/**
 * Words on a picture, as far as they fit.
 * @param {CanvasRenderingContext2D} context @param {string} text @param {number} x @param {number} y @param {number} most
 */
function note(context, text, x, y, most) {
  context.font = "600 12px system-ui, sans-serif";
  context.textBaseline = "alphabetic";
  let shown = text;
  while (shown.length > 4 && context.measureText(shown).width > most - 6) shown = `${shown.slice(0, -2)}…`;
  context.fillStyle = "rgb(0 0 0 / 70%)";
  context.fillRect(x, y - 14, context.measureText(shown).width + 6, 17);
  context.fillStyle = "#ffffff";
  context.fillText(shown, x + 3, y - 1);
}
