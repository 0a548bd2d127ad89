// The page of a conflict: one choice for all fields, the tally in the bar, j and k. Everything works without it.
"use strict";
(() => {
  const form = () => document.getElementById("conflict-form");
  const fields = () => [...(form()?.querySelectorAll("fieldset.cf") || [])];

  function tally() {
    const said = document.querySelector("[data-tally]");
    if (!said) return;
    const left = fields().filter((field) => !field.querySelector("input[type=radio]:checked"));
    const words = said.dataset.tally.replace("{chosen}", fields().length - left.length).replace("{all}", fields().length);
    const rest = left.length ? said.dataset.left.replace("{fields}", left.map((one) => one.dataset.field).join(", ")) : "";
    said.textContent = `${words} ${rest}`;
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("#conflict-form input[type=radio]")) tally();
  });
  // Who writes into the box means the merged version.
  document.addEventListener("input", (event) => {
    const box = event.target.closest?.(".cf .mrg textarea");
    if (!box) return;
    box.closest(".mrg").querySelector("input[type=radio]").checked = true;
    tally();
  });
  document.addEventListener("click", (event) => {
    const all = event.target.closest("[data-choose]");
    if (!all) return;
    event.preventDefault();
    for (const field of fields()) {
      const radio = field.querySelector(`input[type=radio][value=${all.dataset.choose}]`);
      if (radio) radio.checked = true;
    }
    tally();
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    const typing = at.closest("input:not([type=checkbox],[type=radio]),textarea,select");
    if (document.body.dataset.keys === "off" || typing || document.querySelector("dialog[open]")) return;
    if (event.key === "j" || event.key === "k") document.querySelector(`a[data-key=${event.key}]`)?.click();
  });
})();
