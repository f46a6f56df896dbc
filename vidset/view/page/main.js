// Which page is shown, and following the place while other commands work on it.
import { follow, get } from "./api.js";
import { empty, h } from "./dom.js";
import { forget } from "./pictures.js";
import { showCollectors } from "./collectors.js";
import { showErrors } from "./errors.js";
import { beginImages, showImages } from "./images.js";
import { showOverview } from "./overview.js";
import { showRuns } from "./runs.js";
import { showVersions } from "./versions.js";
import { showVideo } from "./video.js";
import { showVideos } from "./videos.js";
import { isOffline } from "./offline.js";
import { moment } from "./format.js";

/** @typedef {{main: HTMLElement, query: URLSearchParams, overview: any, begun?: any}} Page */
/**
 * Address, title, what shows a page, and what asks for its rows while the overview is asked for.
 * @type {[string, string, (page: Page) => any, ((query: URLSearchParams) => Promise<any>)?][]}
 */
const PAGES = [
  ["", "Overview", showOverview],
  ["videos", "Videos", showVideos],
  ["images", "Images", showImages, beginImages],
  ["versions", "Versions", showVersions],
  ["runs", "Runs", showRuns],
  ["errors", "Errors", showErrors],
  ["collectors", "Collectors", showCollectors],
  ["video", "", showVideo],
];
const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const state = /** @type {HTMLElement} */ (document.getElementById("state"));
const SLOW_MS = 700;
let shown = 0;
/** @type {((now: any) => void) | null} */
let refresh = null;

function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  return { path, query: new URLSearchParams(query ?? "") };
}

/** Show the page that the address names; a page may return what to call when the place changes. */
async function show() {
  const { path, query } = route();
  const [, title, page, begin] = PAGES.find(([name]) => name === path) ?? PAGES[0];
  const turn = (shown += 1);
  document.title = title ? `${title} – vidset` : "vidset";
  document.getElementById("nav")?.replaceChildren(
    ...PAGES.filter(([, name]) => name).map(([name, text]) => h("a", { href: `#/${name}`, "aria-current": name === path || (path === "video" && name === "videos") ? "page" : null }, text)),
  );
  document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  refresh = null;
  main.setAttribute("aria-busy", "true");
  const fresh = h("div", { class: "page" });
  const slow = setTimeout(() => main.replaceChildren(empty("Reading the place ...")), SLOW_MS);
  const begun = begin?.(query);
  begun?.catch(() => undefined); // Whoever waits for it is told.
  try {
    const overview = await get("overview").finally(() => clearTimeout(slow));
    if (turn !== shown) return;
    if (isOffline) state.textContent = `as of ${moment(overview.written_at)} UTC`;
    main.replaceChildren(fresh);
    fresh.style.height = "100%";
    refresh = (await page({ main: fresh, query, overview, begun })) ?? null;
  } catch (error) {
    if (turn === shown) main.replaceChildren(empty(`This page cannot be shown: ${/** @type {Error} */ (error).message}`));
  } finally {
    if (turn === shown) main.setAttribute("aria-busy", "false");
  }
}

/** Follow the place. Pages that keep what a person has chosen refresh themselves. */
let last = { revision: -1, epoch: -1, prepared: 0 };
function changed(/** @type {any} */ now) {
  if (last.epoch >= 0 && now.epoch !== last.epoch) forget();
  const isNew = last.revision >= 0 && (now.revision !== last.revision || now.epoch !== last.epoch);
  last = now;
  if (isNew) (refresh ?? show)(now);
  state.textContent = "";
}

function chooseTheme(/** @type {string} */ name) {
  document.documentElement.dataset.theme = name;
  const button = /** @type {HTMLElement} */ (document.getElementById("theme"));
  button.textContent = name === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Use the ${button.textContent.toLowerCase()} theme`);
}

function remembered() {
  try { return localStorage.getItem("theme"); } catch { return null; }
}

chooseTheme(remembered() ?? (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark"));
document.getElementById("theme")?.addEventListener("click", () => {
  const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", name); } catch { /* for this visit only */ }
  chooseTheme(name);
  show();
});
addEventListener("hashchange", () => { show(); main.focus(); });
follow(changed, (isConnected) => {
  state.textContent = isConnected ? "" : "The server is away; trying again ...";
});
show();
