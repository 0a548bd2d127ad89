// The set-up's two small comforts: a value is copied by a button, a secret can be looked at while it is typed.
"use strict";
(() => {
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const field = document.querySelector(copy.dataset.copy);
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
        window.sqAnnounce?.(copy.dataset.copied);
        copy.textContent = copy.dataset.copied;
      } catch {
        // Without the right to the clipboard the value stays selected, ready for the keys.
      }
    }
    const show = event.target.closest("[data-show]");
    if (show) {
      const field = document.querySelector(show.dataset.show);
      const hidden = field.type === "password";
      field.type = hidden ? "text" : "password";
      show.setAttribute("aria-pressed", String(hidden));
    }
  });
})();
