// What the lines over a picture mean.
import { h } from "./dom.js";

/** A line in the colour of a label is a person's, a white dashed one a model's. */
export function legend() {
  return h("p", { class: "legend dim" },
    h("span", {}, h("i", { class: "truth", "aria-hidden": "true" }), "labels, each in its colour"),
    h("span", {}, h("i", { class: "model", "aria-hidden": "true" }), "predictions, white and dashed, with their score"));
}
