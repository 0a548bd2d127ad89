// Type-ahead over a select that is too long to be read: the ARIA combobox pattern with a list that the server fills.
// The select stays the form's control; what is picked here becomes its chosen option, or one more ticked box.
"use strict";
(() => {
  const comboOf = (element) => element.closest?.("[data-combo]");
  const inputOf = (combo) => combo.querySelector("[data-combo-input]");
  const listOf = (combo) => combo.querySelector(".lb");
  const optionsOf = (combo) => [...listOf(combo).querySelectorAll('[role="option"]:not([aria-disabled])')];

  function prepare(root) {
    for (const input of root.querySelectorAll("[data-combo-input]:not([role])")) {
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-autocomplete", "list");
      input.setAttribute("aria-expanded", "false");
      input.setAttribute("aria-controls", `lb-${comboOf(input).dataset.combo}`);
    }
  }

  function close(combo) {
    listOf(combo).hidden = true;
    inputOf(combo).setAttribute("aria-expanded", "false");
    inputOf(combo).removeAttribute("aria-activedescendant");
  }

  function open(combo) {
    listOf(combo).hidden = false;
    inputOf(combo).setAttribute("aria-expanded", "true");
    const count = optionsOf(combo).length;
    window.sqAnnounce?.(count ? String(count) : listOf(combo).textContent.trim());
  }

  function activate(combo, option) {
    for (const one of optionsOf(combo)) one.setAttribute("aria-selected", String(one === option));
    inputOf(combo).setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function choose(combo, option) {
    const name = combo.dataset.combo;
    const value = option.dataset.value;
    const label = option.textContent;
    const control = document.getElementById(name) || document.querySelector(`[name="${CSS.escape(name)}"]`);
    if (control.tagName === "SELECT") {
      if (![...control.options].some((one) => one.value === value)) control.add(new Option(label, value));
      control.value = value;
    } else {
      const known = [...control.querySelectorAll("input")].find((one) => one.value === value);
      if (known) known.checked = true;
      else {
        const row = document.createElement("label");
        row.className = "check";
        const box = Object.assign(document.createElement("input"), { type: "checkbox", name, value, checked: true });
        const text = document.createElement("span");
        text.textContent = label;
        row.append(box, text);
        control.append(row);
      }
    }
    inputOf(combo).value = "";
    close(combo);
    window.sqAnnounce?.(label);
    control.dispatchEvent(new Event("change", { bubbles: true }));
  }

  document.addEventListener("keydown", (event) => {
    const combo = comboOf(event.target);
    if (!combo || !event.target.matches("[data-combo-input]")) return;
    const shown = !listOf(combo).hidden;
    const options = optionsOf(combo);
    const at = options.findIndex((one) => one.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) open(combo);
      if (!options.length) return;
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate(combo, options[(at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length]);
    } else if (event.key === "Enter") {
      event.preventDefault(); // a search is no save
      if (shown && at >= 0) choose(combo, options[at]);
    } else if (event.key === "Escape" && shown) {
      event.preventDefault();
      event.stopPropagation();
      close(combo);
    }
  }, true);

  document.addEventListener("mousedown", (event) => {
    const option = event.target.closest?.('.lb [role="option"]:not([aria-disabled])');
    if (!option) return;
    event.preventDefault(); // the focus stays in the input
    choose(comboOf(option), option);
  });
  // What is typed into a search is no change of the mapping.
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-combo-input]")) event.stopPropagation();
  }, true);
  document.addEventListener("focusout", (event) => {
    const combo = comboOf(event.target);
    if (combo && !combo.contains(event.relatedTarget)) close(combo);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    prepare(document);
    const list = event.detail.elt;
    const combo = list.matches?.(".lb") && comboOf(list);
    if (combo && document.activeElement === inputOf(combo)) open(combo);
  });
  document.addEventListener("DOMContentLoaded", () => prepare(document));
})();
