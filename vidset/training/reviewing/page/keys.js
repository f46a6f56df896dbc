// What keys and buttons do.
function columns() {
  return Math.max(1, getComputedStyle(byId("grid")).gridTemplateColumns.split(" ").length);
}

const moves = {
  ArrowRight: () => 1, ArrowLeft: () => -1, j: () => 1, k: () => -1,
  ArrowDown: columns, ArrowUp: () => -columns(),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ["SELECT", "TEXTAREA"].includes(event.target.tagName)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^[0-9]$/.test(key) ? Number(key) : null;
  if (digit === 0) decide(null);
  else if (digit !== null && categories[digit - 1]) decide(categories[digit - 1]);
  else if (moves[key]) { move(moves[key]()); draw(); }
  else if (key === "u" || key === "Backspace") undo();
  else if (key === "s") save();
  else if (key === "z") { view.zoom = !view.zoom; draw(); }
  else if (key === "l" && document.querySelector(".label-select")) {
    document.querySelector(".label-select").focus();
  } else return;
  event.preventDefault();
});
for (const key of ["order", "show"]) {
  for (const button of document.querySelectorAll(`[data-${key}]`)) {
    button.addEventListener("click", () => {
      view[key] = button.dataset[key];
      list();
      draw();
    });
  }
}
byId("save").addEventListener("click", save);
drawHeader();
list();
draw();
