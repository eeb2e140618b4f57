// A picture that is replaced as PNG bytes, its alt text, and a line that screen readers announce.
function render({ model, el }) {
  const img = document.createElement("img");
  const note = document.createElement("p");
  const sentence = document.createElement("p");
  const live = document.createElement("div");
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  live.className = "descent-sentence";
  live.style.cssText = "max-width:44em;margin:0.2em 0 0.6em;line-height:1.4";
  note.style.cssText = "margin:0;font-weight:600";
  sentence.style.cssText = "margin:0";
  live.append(note, sentence);
  img.className = "descent-picture";
  img.style.cssText = "display:block;max-width:100%;height:auto";
  el.append(img, live);

  let url = null;
  const draw = () => {
    const next = URL.createObjectURL(new Blob([model.get("png")], { type: "image/png" }));
    const last = url;
    img.src = url = next;
    if (last) img.decode().catch(() => {}).finally(() => URL.revokeObjectURL(last));
  };
  const say = () => {
    sentence.textContent = img.alt = model.get("sentence");
    note.textContent = model.get("note");
    img.width = model.get("width");
    img.height = model.get("height");
  };
  // ipywidgets leaves slider handles without a name: give them the text of their label.
  const name = () => {
    const root = el.closest(".descent-explorable");
    for (const row of root ? root.querySelectorAll(".widget-inline-hbox, .jupyter-widget-inline-hbox") : []) {
      const label = row.querySelector(".widget-label, .jupyter-widget-label")?.textContent.trim();
      for (const handle of label ? row.querySelectorAll(".noUi-handle, [contenteditable]") : [])
        handle.setAttribute("aria-label", label);
    }
  };
  draw();
  say();
  const timer = setTimeout(name, 300);
  model.on("change:png", draw);
  for (const field of ["sentence", "note", "width", "height"]) model.on("change:" + field, say);
  return () => {
    clearTimeout(timer);
    if (url) URL.revokeObjectURL(url);
  };
}

export default { render };
