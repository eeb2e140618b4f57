// A picture that is replaced as PNG bytes, points to drag on it, its alt text, a line that screen
// readers announce, and the pictures of a recorded run, which are shown without asking the kernel.
const CSS = `
.descent-stage { position: relative; display: inline-block; max-width: 100%; line-height: 0; }
.descent-stage img { display: block; max-width: 100%; height: auto; }
.descent-handle { position: absolute; width: 36px; height: 36px; margin: -18px 0 0 -18px;
  box-sizing: border-box; border-radius: 50%; border: 2px dashed #1F2933; background: transparent;
  cursor: grab; touch-action: none; padding: 0; }
.descent-handle:hover { background: rgba(184, 134, 11, 0.18); }
.descent-handle:focus { outline: 3px solid #0072B2; outline-offset: 2px; }
.descent-handle:active { cursor: grabbing; }
.descent-handle[aria-disabled=true] { border-style: dotted; border-color: #6B7280;
  cursor: not-allowed; }
.descent-sentence { max-width: 44em; margin: 0.2em 0 0.6em; line-height: 1.4; }
.descent-sentence p { margin: 0; }
.descent-share { max-width: 44em; margin: 0 0 0.6em; }
.descent-share input { display: block; width: 100%; box-sizing: border-box; padding: 4px;
  font-family: monospace; }
.descent-share summary { cursor: pointer; }
`;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const QUIET = 400; // milliseconds without a change before pictures are fetched in advance
const SOON = 5; // the same while the run is played or gone through step by step
const ENOUGH = 1.25; // dots of the screen to a pixel of the page, for which pictures are drawn
const PATIENCE = 5000; // milliseconds after which an answer is no longer waited for

const element = (kind, parent, properties = {}) => {
  const made = Object.assign(document.createElement(kind), properties);
  parent?.append(made);
  return made;
};
const address = (bytes) => URL.createObjectURL(new Blob([bytes], { type: "image/png" }));

// ---- the pictures of a run: one set for all views of an explorable ----------------------------

class Film {
  constructor(model) {
    this.model = model;
    this.frames = new Map(); // step -> {url, sentence, ready}
    this.number = 0;
    this.steps = null; // model of the step slider
    this.complete = true;
    this.asked = 0;
    this.wait = QUIET;
    this.watchers = new Set();
    this.restart();
    model.on("change:film", () => this.restart());
    model.on("change:png", () => this.keep());
    model.on("msg:custom", (message, buffers) => this.receive(message, buffers));
    const id = model.get("steps");
    if (id) this.follow(id);
  }

  async follow(id) {
    this.steps = await this.model.widget_manager.get_model(id);
    this.moved = () => {
      const by = this.steps.get("value") - this.steps.previous("value");
      this.wait = Math.abs(by) === this.steps.get("step") ? SOON : QUIET;
      this.later(this.wait);
      for (const show of this.watchers) show();
    };
    this.steps.on("change:value", this.moved);
    this.model.send({ type: "hello" }); // this browser has no pictures yet
  }

  restart() {
    if (this.model.get("film") === this.number) return;
    for (const frame of this.frames.values()) URL.revokeObjectURL(frame.url);
    this.frames.clear();
    this.number = this.model.get("film");
    this.complete = !this.number;
    this.later(QUIET);
  }

  // A picture that the kernel drew because the slider moved is one of the run, too.
  keep() {
    this.restart(); // of another run, if this is told first
    this.later(this.wait);
    const at = this.model.get("at");
    if (this.number && at >= 0) this.add(at, this.model.get("png"), this.model.get("sentence"));
  }

  add(step, png, sentence) {
    const old = this.frames.get(step);
    const ready = new Image(); // held, so that the page need not load it when it is shown
    const url = (ready.src = address(png));
    this.frames.set(step, { url, sentence, ready });
    if (old) URL.revokeObjectURL(old.url);
  }

  receive(message, buffers) {
    if (message.type !== "frames") return;
    this.asked = 0;
    if (message.film !== this.number) return this.later(QUIET);
    message.steps.forEach((step, k) => this.add(step, buffers[k], message.sentences[k]));
    this.complete = message.complete;
    for (const show of this.watchers) show();
    this.later(20);
  }

  later(milliseconds) {
    clearTimeout(this.timer);
    if (this.complete || !this.steps) return;
    this.timer = setTimeout(() => this.ask(), milliseconds);
  }

  ask() {
    if (document.hidden || (this.asked && performance.now() - this.asked < PATIENCE))
      return this.later(1000);
    this.asked = performance.now();
    this.model.send({ type: "more" });
    this.later(PATIENCE);
  }

  get frame() {
    if (!this.steps || this.number !== this.model.get("film")) return undefined;
    return this.frames.get(this.steps.get("value"));
  }

  close() {
    clearTimeout(this.timer);
    this.steps?.off("change:value", this.moved);
    for (const frame of this.frames.values()) URL.revokeObjectURL(frame.url);
  }
}

// ---- points to drag ----------------------------------------------------------------------------

// Moves go to the kernel one at a time: while one is under way, only the newest waits.
class Moves {
  constructor(model) {
    this.model = model;
    model.on("msg:custom", (message) => message.type === "done" && this.done());
  }

  to(name, left, top) {
    this.next = { type: "drag", name, left, top };
    this.go();
  }

  by(name, right, up) {
    if (this.next?.type === "nudge" && this.next.name === name) {
      this.next.right += right;
      this.next.up += up;
    } else this.next = { type: "nudge", name, right, up };
    this.go();
  }

  go() {
    if (!this.next || (this.sent && performance.now() - this.sent < PATIENCE)) return;
    this.sent = performance.now();
    this.model.send(this.next);
    this.next = null;
  }

  done() {
    this.sent = 0;
    this.go();
  }
}

function handles(model, stage, img) {
  const moves = new Moves(model);
  const made = new Map();
  const make = (name) => {
    const handle = element("div", stage, { className: "descent-handle", tabIndex: 0 });
    handle.setAttribute("role", "slider");
    handle.setAttribute("aria-label", `${name}: drag it, or press arrow keys`);
    handle.title = `Drag, or press arrow keys: ${name}`;
    handle.dataset.lmSuppressShortcuts = "true"; // or JupyterLab takes the arrow keys
    const locked = () => handle.getAttribute("aria-disabled") === "true";
    handle.addEventListener("pointerdown", (event) => {
      handle.focus();
      event.preventDefault();
      event.stopPropagation();
      if (!locked() && event.button === 0) handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = img.getBoundingClientRect();
      moves.to(name, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    });
    handle.addEventListener("keydown", (event) => {
      const way = ARROWS[event.key];
      if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      const times = event.shiftKey ? 5 : 1;
      if (!locked()) moves.by(name, times * way[0], times * way[1]);
    });
    made.set(name, handle);
    return handle;
  };
  return () => {
    for (const state of model.get("handles")) {
      const handle = made.get(state.name) ?? make(state.name);
      handle.style.left = `${100 * state.left}%`;
      handle.style.top = `${100 * state.top}%`;
      handle.hidden = state.hidden;
      handle.setAttribute("aria-disabled", String(state.locked));
      for (const part of ["min", "max", "now"])
        handle.setAttribute(`aria-value${part}`, state[part]);
      handle.setAttribute("aria-valuetext", state.text);
    }
  };
}

// ---- a sharper picture, where the screen has the dots, once nothing moves -----------------------

class Sharper {
  constructor(model, said, show) {
    Object.assign(this, { model, said, show, turn: "" });
    this.again = () => this.later();
    this.heard = (message, buffers) => this.receive(message, buffers);
    addEventListener("resize", this.again); // zoomed, perhaps
    model.on("msg:custom", this.heard);
  }

  later() {
    clearTimeout(this.timer);
    this.turn = "";
    if (devicePixelRatio > ENOUGH) this.timer = setTimeout(() => this.ask(), QUIET);
  }

  ask() {
    if (document.hidden) return this.later();
    this.turn = Math.random().toString(36);
    this.model.send({ type: "sharpen", scale: devicePixelRatio, turn: this.turn });
  }

  receive(message, buffers) {
    if (message.type !== "sharp" || message.turn !== this.turn) return;
    if (message.sentence === this.said()) this.show(buffers[0]);
  }

  close() {
    clearTimeout(this.timer);
    removeEventListener("resize", this.again);
    this.model.off("msg:custom", this.heard);
  }
}

// ---- a setting as text -------------------------------------------------------------------------

function share(model, el) {
  const box = element("details", el, { className: "descent-share" });
  element("summary", box, { textContent: "Share this setting" });
  const label = element("label", box);
  label.append("Copy this text; or paste another one and press Enter:");
  const field = element("input", label, { type: "text", spellcheck: false });
  field.dataset.lmSuppressShortcuts = "true";
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => {
    event.stopPropagation(); // or the notebook takes the keys
    if (event.key === "Enter") model.send({ type: "restore", code: field.value });
  });
  return () => (field.value = model.get("code"));
}

// ipywidgets leaves slider handles and play buttons without a name: give them one. What stands
// beside a picture may be drawn long after it, or anew, so this is done whenever nodes are added.
function name(root) {
  for (const row of root.querySelectorAll(".widget-inline-hbox, .jupyter-widget-inline-hbox")) {
    const label = row.querySelector(".widget-label, .jupyter-widget-label")?.textContent.trim();
    for (const handle of label ? row.querySelectorAll(".noUi-handle, [contenteditable]") : []) {
      handle.setAttribute("aria-label", label);
      if (handle.hasAttribute("contenteditable")) handle.setAttribute("role", "textbox");
    }
  }
  for (const button of root.querySelectorAll(".widget-play button"))
    button.setAttribute("aria-label", button.querySelector(".fa-stop") ? "Stop and go back" : "Play or pause");
}

function names(el) {
  let root = null;
  let frame = 0;
  const added = new MutationObserver(() => name(root));
  const placed = () => {
    root = el.closest(".descent-explorable");
    if (!root) return (frame = requestAnimationFrame(placed));
    name(root);
    added.observe(root, { childList: true, subtree: true });
  };
  placed();
  return () => {
    cancelAnimationFrame(frame);
    added.disconnect();
  };
}

// ---- a view --------------------------------------------------------------------------------------

function view({ model, el, film }) {
  element("style", el, { textContent: CSS });
  const stage = element("div", el, { className: "descent-stage" });
  const img = element("img", stage, { className: "descent-picture", draggable: false });
  const live = element("div", el, { className: "descent-sentence" });
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  const note = element("p", live);
  const sentence = element("p", live);
  note.style.fontWeight = "600";

  let url = null; // of the picture that came last from the kernel
  let base = null; // what is shown, or was until a sharper one came
  let clear = null; // the sharper one
  const draw = () => {
    const last = url;
    url = address(model.get("png"));
    show(true);
    if (last) img.decode().catch(() => {}).finally(() => URL.revokeObjectURL(last));
  };
  const show = (fresh) => {
    const frame = film.frame;
    if (frame || fresh) {
      const next = frame?.url ?? url;
      if (base !== next) {
        img.src = base = next;
        sharper.later();
      }
    }
    img.dataset.film = film.complete && film.number ? "complete" : "";
    if (frame || fresh) say();
  };
  const say = () => {
    const said = film.frame?.sentence ?? model.get("sentence");
    if (sentence.textContent !== said) sentence.textContent = img.alt = said;
    note.textContent = model.get("note");
    img.width = model.get("width");
    img.height = model.get("height");
  };
  const scrub = () => show(false);
  const sharper = new Sharper(model, () => img.alt, (png) => {
    const last = clear;
    img.src = clear = address(png);
    if (last) img.decode().catch(() => {}).finally(() => URL.revokeObjectURL(last));
  });
  const place = handles(model, stage, img);
  const code = share(model, el);
  draw();
  say();
  place();
  code();
  const unname = names(el);
  film.watchers.add(scrub);
  model.on("change:png", draw);
  for (const field of ["sentence", "note", "width", "height"]) model.on("change:" + field, say);
  model.on("change:handles", place);
  model.on("change:code", code);
  return () => {
    unname();
    film.watchers.delete(scrub);
    sharper.close();
    for (const shown of [url, clear]) if (shown) URL.revokeObjectURL(shown);
  };
}

// Called once for each explorable; `render` once for each place where it is shown.
export default () => {
  let film = null;
  return {
    initialize({ model }) {
      film = new Film(model);
      return () => film.close();
    },
    render: ({ model, el }) => view({ model, el, film }),
  };
};
