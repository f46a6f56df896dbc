// uPlot in the page's colours.
import uPlot from "./vendor/uPlot.esm.js";

/** @param {string} name of a colour in page.css */
export function paint(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/**
 * The scale of scores: where all are equal, from 0 to 1.
 * @param {any} _ the uPlot @param {number} low @param {number} high
 */
export function scoreRange(_, low, high) {
  return low === high ? [Math.min(0, low), Math.max(1, high)] : uPlot.rangeNum(low, high, 0.1, true);
}

/**
 * A chart that fills its element's width.
 * @param {HTMLElement} element
 * @param {any} options uPlot's; axes get the page's colours
 * @param {any[]} data
 * @returns {any} the uPlot
 */
export function chart(element, options, data) {
  // A canvas does not follow the size of the page's text.
  const text = parseFloat(getComputedStyle(document.documentElement).fontSize), larger = text / 16;
  const font = `${Math.round(0.75 * text)}px system-ui, sans-serif`;
  const axis = { font, labelFont: `bold ${font}`, labelSize: Math.round(30 * larger), stroke: paint("dim"), grid: { stroke: paint("line"), width: 1 }, ticks: { stroke: paint("line"), width: 1 } };
  const made = new uPlot(
    {
      width: element.clientWidth - 18,
      legend: { live: false },
      tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(1000 * seconds), "UTC"),
      ...options,
      padding: options.padding?.map((/** @type {number | null} */ each) => each && each * larger),
      height: Math.round(options.height * larger),
      axes: (options.axes ?? [{}, {}]).map((/** @type {any} */ each, /** @type {number} */ at) => ({ ...axis, ...each, size: Math.round((each.size ?? 50) * larger), space: Math.round((each.space ?? (at ? 30 : 50)) * larger) })),
    },
    data,
    element,
  );
  new ResizeObserver(() => {
    const width = element.clientWidth - 18;
    if (width > 0 && Math.abs(width - made.width) > 1) made.setSize({ width, height: made.height });
  }).observe(element);
  return made;
}
