// Numbers, times and sizes as people write them.

/** @param {number | null | undefined} value */
export function number(value) {
  if (value === null || value === undefined) return "";
  return Number.isInteger(value) ? value.toLocaleString("en") : Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

/** @param {number | null} value a share of 1 */
export function percent(value) {
  return value === null || value === undefined ? "" : `${(100 * value).toFixed(1)} %`;
}

/** @param {number | null} seconds */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param {number} seconds a time in a video, as 1:02:03.5 */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const rest = Math.round((seconds - whole) * 10);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((each, at) => (at ? String(each).padStart(2, "0") : each)).join(":") + (rest ? `.${rest % 10}` : "");
}

/** @param {number | null} bytes */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let value = bytes, at = 0;
  while (value >= 1000 && at < units.length - 1) { value /= 1000; at += 1; }
  return at ? `${value.toFixed(1)} ${units[at]}` : `${value} bytes`;
}

/** @param {string | null} time RFC 3339 */
export function moment(time) {
  return time ? time.slice(0, 16).replace("T", " ") : "";
}

/** @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {string} reason why a sample was dropped */
export function told(reason) {
  return { near_duplicate: "near duplicate", kept: "kept", blurred: "blurred", dark: "dark", bright: "too bright" }[reason] ?? reason;
}
