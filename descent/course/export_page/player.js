// Plays the recordings of a page: controls, prediction, picture and sentence of each explorable.
"use strict";

const make = (tag, set = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), set);
  element.append(...children);
  return element;
};
const still = matchMedia("(prefers-reduced-motion: reduce)");
let count = 0;

for (const figure of document.querySelectorAll("figure.explorable")) start(figure);
reach();
addEventListener("resize", reach);

// What is wider than the page scrolls, and keys must be able to do so.
function reach() {
  for (const wide of document.querySelectorAll("pre, .formula")) {
    const scrolls = wide.scrollWidth > wide.clientWidth;
    const set = { tabindex: "0", role: "group", "aria-label": wide.className };
    for (const [name, value] of Object.entries(set))
      scrolls ? wide.setAttribute(name, value) : wide.removeAttribute(name);
  }
}

function start(figure) {
  const recording = JSON.parse(figure.querySelector("script").textContent);
  const screen = screenOf(figure, recording.frames);
  const rows = recording.controls.map((control) => rowOf(control));
  const width = rows.length;
  let shown = recording.states[0];

  const show = (state) => {
    shown = state;
    const sentence = recording.sentences[state[width + 1]];
    rows.forEach((row, i) => row.show(state[i], recording.labels[state[width + 2]][i]));
    figure.querySelector(".sentence").textContent = sentence;
    screen(state[width], sentence);
  };
  const move = (which, position) => {
    const wanted = shown.with(which, position);
    const state = nearest(recording.states, wanted, which, rows);
    const others = rows.filter((_, i) => i !== which && state[i] !== shown[i]);
    show(state);
    figure.querySelector(".moved").textContent = others.length
      ? `Not recorded in that combination: ${others.map((row) => row.says()).join(", ")} now.`
      : "";
  };
  rows.forEach((row, i) => row.onMove((position) => move(i, position)));

  const controls = make("fieldset", { disabled: recording.gate !== null });
  controls.append(make("legend", { className: "hidden", textContent: "Controls" }));
  controls.append(...rows.map((row) => row.element));
  const reset = make("button", { type: "button", textContent: "Reset" });
  reset.onclick = () => {
    figure.querySelector(".moved").textContent = "";
    show(recording.states[0]);
  };
  const buttons = make("div", { className: "buttons" });
  if (recording.play) buttons.append(...player(recording.play, rows, () => shown, move, figure));
  buttons.append(reset);
  controls.append(buttons);
  figure.querySelector(".controls").append(controls);
  if (recording.gate)
    figure.querySelector(".asked").append(gateOf(recording.gate, () => { controls.disabled = false; }));
  show(shown);
}

// The recorded setting that has the moved control where it was put, and the others where they
// were; where that was not recorded, as many as possible, and as near as possible.
function nearest(states, wanted, moved, rows) {
  const cost = (state) => rows.reduce((sum, row, i) => {
    const off = Math.abs(state[i] - wanted[i]);
    return off === 0 ? sum : sum + 1 + (row.slides ? off / row.count : 1);
  }, 0);
  let best = null;
  for (const state of states) {
    if (state[moved] !== wanted[moved]) continue;
    const price = cost(state);
    if (best === null || price < best.price) best = { state, price };
  }
  return best.state;
}

// A canvas in place of the start's picture; draws a frame over those that it lies on.
function screenOf(figure, frames) {
  const first = figure.querySelector(".screen img");
  const loaded = new Map([[0, first]]);
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  canvas.style.width = `${first.width}px`;
  const load = (index) => {
    if (!loaded.has(index))
      loaded.set(index, make("img", { src: `data:image/webp;base64,${frames[index][3]}` }));
    return loaded.get(index);
  };
  let latest = 0;
  return async (frame, sentence) => {
    const turn = ++latest;
    const chain = [];
    for (let index = frame; index >= 0; index = frames[index][0]) chain.unshift(index);
    const images = chain.map(load);
    await Promise.all(images.map((image) => image.decode()));
    if (turn !== latest) return;
    if (canvas.width !== first.naturalWidth || canvas.height !== first.naturalHeight)
      Object.assign(canvas, { width: first.naturalWidth, height: first.naturalHeight });
    const context = canvas.getContext("2d");
    chain.forEach((index, i) => context.drawImage(images[i], frames[index][1], frames[index][2]));
    canvas.setAttribute("aria-label", sentence);
    canvas.dataset.frame = frame;
    if (first.isConnected) first.replaceWith(canvas);
  };
}

function rowOf(control) {
  const id = `control-${++count}`;
  const last = control.texts.length - 1;
  const label = make("label", { htmlFor: id });
  const output = make("output", { htmlFor: id });
  let field;
  if (control.kind === "slider") {
    field = make("input", { type: "range", id, min: 0, max: last, step: 1 });
  } else if (control.kind === "check") {
    field = make("input", { type: "checkbox", id });
  } else {
    field = make("select", { id }, ...control.texts.map((text, i) => make("option", { value: i, textContent: text })));
  }
  const checks = control.kind === "check";
  const row = make("div", { className: "row" }, label, field, output);
  row.hidden = last === 0;
  return {
    element: row,
    slides: control.kind === "slider",
    count: last + 1,
    onMove: (then) => {
      field.oninput = () => then(checks ? Number(field.checked) : Number(field.value));
    },
    show: (position, name) => {
      label.textContent = name;
      if (checks) field.checked = position === 1;
      else field.value = position;
      if (control.kind !== "slider") return;
      output.textContent = control.texts[position];
      field.setAttribute("aria-valuetext", control.texts[position]);
    },
    says: () => {
      const position = checks ? Number(field.checked) : Number(field.value);
      return `${label.textContent} is ${checks ? (position ? "on" : "off") : control.texts[position]}`;
    },
  };
}

function player(play, rows, shown, move, figure) {
  const last = rows[play.control].count - 1;
  const at = () => shown()[play.control];
  const button = (text, then) => make("button", { type: "button", textContent: text, onclick: then });
  const live = figure.querySelector(".said");
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    toggle.textContent = "Play";
    live.setAttribute("aria-live", "polite");
  };
  const tick = () => {
    if (at() < last) move(play.control, at() + 1);
    if (at() >= last) stop();
  };
  const toggle = button("Play", () => {
    if (timer !== null) return stop();
    if (at() >= last) move(play.control, 0);
    live.setAttribute("aria-live", "off");
    toggle.textContent = "Pause";
    timer = setInterval(tick, still.matches ? Math.max(1000, play.interval) : play.interval);
  });
  const to = (position) => () => {
    if (timer !== null) stop();
    move(play.control, Math.min(Math.max(position(), 0), last));
  };
  return [
    toggle,
    button("Step back", to(() => at() - 1)),
    button("Step", to(() => at() + 1)),
    button("Back to start", to(() => 0)),
  ];
}

function gateOf(gate, unlock) {
  const name = `guess-${++count}`;
  const said = make("p", { className: "verdict" });
  said.setAttribute("role", "status");
  const asks = make("fieldset", {}, make("legend", { textContent: `Predict first. ${gate.question}` }));
  const text = make("input", { type: "text", inputMode: "decimal", autocomplete: "off" });
  if (gate.choices.length) {
    for (const [i, choice] of gate.choices.entries())
      asks.append(make("label", {}, make("input", { type: "radio", name, value: i }), ` ${choice}`));
  } else asks.append(make("label", { textContent: "Your number " }, text));
  const guess = () => gate.choices.length
    ? asks.querySelector("input:checked")?.value ?? ""
    : text.value.trim();
  const end = (verdict) => {
    said.textContent = verdict;
    asks.disabled = true;
    buttons.remove();
    unlock();
  };
  const commit = make("button", { type: "button", className: "first", textContent: "Commit my guess" });
  const skip = make("button", { type: "button", textContent: "Skip" });
  commit.onclick = () => {
    if (guess()) end(verdictOn(gate, guess()));
    else said.textContent = "Choose or write an answer first, or skip.";
  };
  text.onkeydown = (event) => { if (event.key === "Enter") commit.click(); };
  skip.onclick = () => end("Skipped. Move the controls and see.");
  const buttons = make("div", { className: "buttons" }, commit, skip);
  return make("div", {}, asks, buttons, said);
}

function verdictOn(gate, guess) {
  if (gate.choices.length) return gate.said[Number(guess)];
  const number = Number(guess.replace(",", "."));
  const off = number - gate.truth;
  let kind = off > 0 ? "less" : "more";
  if (!Number.isFinite(number)) kind = "none";
  else if (Math.abs(off) <= 0.05 * Math.abs(gate.truth)) kind = "right";
  return gate.said[kind].replace("{guess}", () => guess);
}
