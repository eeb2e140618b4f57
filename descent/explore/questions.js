// A question as a form: radio buttons, a button to commit, and a line that screen readers announce.
function render({ model, el }) {
  const form = document.createElement("form");
  form.className = "descent-question";
  form.style.cssText = "max-width:44em;margin:0.4em 0;line-height:1.4";
  const fields = document.createElement("fieldset");
  fields.style.cssText = "margin:0;padding:0.2em 0.8em 0.6em;border:1px solid var(--jp-border-color1, #999)";
  const legend = document.createElement("legend");
  legend.style.cssText = "padding:0 0.4em;font-weight:600";
  legend.innerHTML = model.get("asked");
  const radios = model.get("answers").map((answer) => {
    const label = document.createElement("label");
    label.style.cssText = "display:block;padding:0.15em 0";
    label.innerHTML = `<input type="radio" name="answer"> <span>${answer}</span>`;
    fields.append(label);
    return label.firstChild;
  });
  const commit = document.createElement("button");
  commit.textContent = "Check my answer";
  commit.className = "jupyter-widgets jupyter-button widget-button";
  commit.style.cssText = "width:auto;margin:0.4em 0 0";
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.setAttribute("aria-live", "polite");
  said.className = "descent-feedback";
  said.style.cssText = "margin:0.4em 0;min-height:1.4em";
  fields.prepend(legend);
  fields.append(commit);
  form.append(fields, said);
  // Otherwise JupyterLab takes arrow keys and Enter, to move between its cells.
  for (const input of [...radios, commit]) input.dataset.lmSuppressShortcuts = "true";
  el.append(form);

  const say = () => {
    const chosen = model.get("chosen");
    if (chosen < 0) return;
    radios[chosen].checked = true;
    said.innerHTML = model.get("feedback")[chosen];
  };
  form.addEventListener("change", () => (said.textContent = ""));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = radios.findIndex((radio) => radio.checked);
    if (chosen < 0) {
      said.textContent = "Choose an answer first.";
      return;
    }
    model.set("chosen", chosen);
    model.save_changes();
    say();
  });
  say();
  model.on("change:chosen", say);
}

export default { render };
