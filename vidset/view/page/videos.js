// All videos, those with problems first.
import { get } from "./api.js";
import { empty, h, named, table } from "./dom.js";
import { duration, number, plural, size } from "./format.js";

const SHOWN = 500;

/** @param {import("./main.js").Page} page */
export async function showVideos({ main, overview }) {
  const videos = await get("videos");
  if (!videos.length) {
    main.append(empty("There are no videos in this place yet.", "vidset extract VIDEOS", overview));
    return;
  }
  const search = h("input", { type: "search", placeholder: "Find by name, collector or status", "aria-label": "Find videos", oninput: () => fill() });
  const list = h("div");
  main.append(h("h1", {}, plural(videos.length, "video")), h("div", { class: "row" }, search), list);
  const fill = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = videos.filter((/** @type {any} */ each) => words.every((/** @type {string} */ word) => `${each.video_uri} ${each.collector_id ?? ""} ${each.status}`.toLowerCase().includes(word)));
    const rows = found.slice(0, SHOWN).map(line);
    list.replaceChildren(
      table([["video", false], ["collector", false], ["status", false], ["length", true], ["size", true], ["samples", true], ["images", true]], rows, "Videos"),
      found.length > SHOWN ? h("p", { class: "dim" }, `${number(found.length - SHOWN)} more: find them by name.`) : "",
    );
  };
  fill();
}

/** @param {any} video */
function line(video) {
  const href = `#/video?${new URLSearchParams({ uri: video.video_uri, generation: video.generation })}`;
  const kind = { failed: "bad", partial: "warn" }[/** @type {"failed" | "partial"} */ (video.status)] ?? "";
  return [
    h("a", { href, title: video.video_uri }, named(video.name)),
    video.collector_id ?? "",
    h("span", { class: kind }, video.status, video.error ? h("div", { class: "dim name" }, video.error) : ""),
    duration(video.duration_seconds), size(video.size_bytes), number(video.samples), number(video.kept),
  ];
}
