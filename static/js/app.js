// What the pages gain from a script. Everything here has a form or a link beneath it that works without.
"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (selector, from = document) => from.querySelector(selector);

  // ---- announcements: one polite region for the whole page --------------------------------------------------------
  function announce(sentence) {
    const region = one("#announce");
    if (region && sentence) region.textContent = sentence;
  }
  window.sqAnnounce = announce;

  // ---- theme: system > light > dark, kept in a cookie that the server reads ------------------------------------------
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-theme-toggle]");
    if (!form) return;
    event.preventDefault();
    const next = { "": "light", light: "dark", dark: "" }[root.dataset.theme || ""];
    if (next) root.dataset.theme = next;
    else delete root.dataset.theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `sq-theme=${next}; Path=/; SameSite=Lax; Max-Age=${next ? 31536000 : 0}${secure}`;
  });

  // ---- times are the server's to write, in the zone that this cookie names ---------------------------------------------
  if (!/(^|; )sq-zone=/.test(document.cookie)) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    const secure = location.protocol === "https:" ? "; Secure" : "";
    if (zone) document.cookie = `sq-zone=${zone}; Path=/; SameSite=Lax; Max-Age=31536000${secure}`;
  }

  // ---- a second click on a submit sends nothing; a page that comes back from the history is fresh again ---------------
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    else form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // ---- menus, messages, dialogs ----------------------------------------------------------------------------------------
  document.addEventListener("click", (event) => {
    all("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const close = event.target.closest("[data-close-message]");
    if (close) {
      const message = close.closest("[data-message]");
      const parent = message.closest("main") || document.body;
      message.remove();
      const heading = one("h1", parent);
      if (heading) focusOn(heading);
    }
    const opener = event.target.closest("[data-open-keys]");
    if (opener) openDialog(one("#keys"), opener);
  });

  function openDialog(dialog, opener) {
    if (!dialog || dialog.open) return;
    const back = opener || document.activeElement;
    dialog.showModal();
    dialog.addEventListener("close", () => {
      const menu = back && back.closest("details[data-menu]");
      if (menu && !menu.open) one("summary", menu).focus();
      else if (back) back.focus();
    }, { once: true });
  }
  window.sqOpenDialog = openDialog;
  // A link that would lead to a page opens what came of it in a dialog instead: `data-opens` names the dialog.
  let opening = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    opening = event.target.closest("[data-opens]") || opening;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!opening) return;
    const dialog = one(opening.dataset.opens);
    if (dialog && dialog.contains(event.detail.target)) openDialog(dialog, opening);
  });

  // ---- focus after a part of the page was exchanged -----------------------------------------------------------------
  function focusOn(element) {
    if (!element.matches("a[href],button,input,select,textarea,summary,[tabindex]")) element.tabIndex = -1;
    element.focus();
  }

  function focusOnProblem(part) {
    const summary = one("[data-error-summary]", part || document);
    if (summary) summary.focus();
    return Boolean(summary);
  }

  // By request: what had the focus when its answer came. Only who had it can lose it, and answers may overlap.
  const focusedBefore = new WeakMap();
  const nowhere = (element) => !element || element === document.body;
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (document.activeElement) focusedBefore.set(event.detail.xhr, document.activeElement);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const part = event.detail.elt;
    if (part.nodeType !== Node.ELEMENT_NODE) return;
    const target = event.detail.target;
    const before = focusedBefore.get(event.detail.xhr);
    // Parts that came along out of band settle first; they are not where the person was.
    const mine = target && (target.contains(part) || (part.id && part.id === target.id));
    const lost = mine && before && nowhere(document.activeElement) && !nowhere(before);
    const asked = one("[data-focus-now]", part);
    if (asked) focusOn(asked);
    else if (!focusOnProblem(part) && lost) {
      const survivor = before.id && document.getElementById(before.id);
      const next = survivor || one("[data-focus]", part) || one("h1,h2,h3", part);
      if (next) focusOn(next);
    }
    announce((part.matches("[data-announce]") ? part : one("[data-announce]", part))?.dataset.announce);
  });
  document.addEventListener("htmx:oobAfterSwap", (event) => announce(event.detail.elt.dataset?.announce));

  // ---- waiting and failing ------------------------------------------------------------------------------------------
  // By request, because what it was sent for may be gone from the page when the answer has come.
  const waiting = new WeakMap();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const part = event.detail.target?.id === "selection" ? null : event.detail.target?.closest?.("[data-busy]");
    if (!part) return;
    waiting.set(event.detail.xhr, part);
    part.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => waiting.get(event.detail.xhr)?.removeAttribute("aria-busy"));
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, (event) => {
      const box = one("[data-load-error]", waiting.get(event.detail.xhr) || event.detail.target?.closest?.("[data-busy]") || document);
      if (!box || event.detail.xhr.status === 401) return; // 401: the whole page is on its way to the sign-in form
      box.hidden = false;
      announce(one("strong", box)?.textContent);
    });
  }

  // ---- ticking stories ------------------------------------------------------------------------------------------------
  const table = () => one("#story-rows");
  const boxes = (from = table()) => (from ? all("input[name=story]", from) : []);
  let lastBox = null;

  function mix(box, some, every) {
    box.checked = every;
    box.indeterminate = some && !every;
    box.classList.toggle("mixed", some && !every);
  }

  function paintBoxes() {
    const list = boxes();
    list.forEach((box) => box.closest("tr").classList.toggle("sel", box.checked));
    const page = one("[data-select-page]");
    if (page) mix(page, list.some((box) => box.checked), list.length > 0 && list.every((box) => box.checked));
    all("[data-select-group]").forEach((head) => {
      const rows = all(`tbody[data-group="${CSS.escape(head.dataset.selectGroup)}"] input[name=story]`);
      mix(head, rows.some((box) => box.checked), rows.length > 0 && rows.every((box) => box.checked));
    });
  }

  let telling = Promise.resolve(); // one at a time: a later tick must not be overtaken by an earlier one
  function tell(values) {
    const url = table()?.dataset.selectionUrl;
    if (!url) return;
    values.filter = one("#story-list").dataset.filter;
    telling = telling.then(() =>
      htmx.ajax("POST", url, { source: document.body, target: "#selection", swap: "outerHTML", values }).catch(() => {}),
    );
  }

  function choose(list, checked) {
    list.forEach((box) => (box.checked = checked));
    paintBoxes();
    if (list.length) tell({ do: checked ? "add" : "remove", story: list.map((box) => box.value) });
  }

  function range(from, to) {
    const list = boxes();
    const [a, b] = [list.indexOf(from), list.indexOf(to)].sort((x, y) => x - y);
    return a < 0 ? [to] : list.slice(a, b + 1);
  }

  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("#story-rows input[name=story]");
    if (!box) return;
    choose(event.shiftKey && lastBox ? range(lastBox, box) : [box], box.checked);
    lastBox = box;
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) choose(boxes(), event.target.checked);
    if (event.target.matches("[data-select-group]")) {
      const group = event.target.dataset.selectGroup;
      const checked = event.target.checked;
      boxes().filter((box) => box.closest("tbody").dataset.group === group).forEach((box) => (box.checked = checked));
      paintBoxes();
      tell({ do: checked ? "add" : "remove", epic_group: group });
    }
    if (event.target.matches("select.chip")) event.target.classList.toggle("on", event.target.value !== "");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const bar = one("#selection");
    if (bar && event.detail.requestConfig?.verb === "post") {
      if (bar.dataset.state === "all") boxes().forEach((box) => (box.checked = true));
      if (bar.dataset.state === "none") boxes().forEach((box) => (box.checked = false));
    }
    paintBoxes();
  });
  document.addEventListener("DOMContentLoaded", paintBoxes);

  // ---- keys ---------------------------------------------------------------------------------------------------------
  const go = { s: "[data-key-stories]", r: '.nav a[href$="/jira/runs/"]', c: '.nav a[href$="/jira/conflicts/"]' };
  let afterG = -Infinity; // when "g" was pressed, milliseconds since the page was opened
  const inField = (element) =>
    element.closest("input:not([type=checkbox],[type=radio]),textarea,select,[contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target instanceof Element ? event.target : document.body;
    if (event.key === "Escape") return escape(event, at);
    if (event.key === " " && event.shiftKey && at.matches("#story-rows input[name=story]")) {
      event.preventDefault();
      choose(range(lastBox || at, at), true);
      lastBox = at;
      return undefined;
    }
    if (document.body.dataset.keys === "off" || inField(at) || one("dialog[open]")) return undefined;
    if (event.timeStamp - afterG < 1500 && go[event.key]) {
      afterG = -Infinity;
      return follow(event, one(go[event.key]));
    }
    afterG = -Infinity;
    switch (event.key) {
      case "g":
        afterG = event.timeStamp;
        return undefined;
      case "/": {
        const search = one("[data-key-search]");
        if (search) {
          event.preventDefault();
          search.focus();
          search.select();
        }
        return undefined;
      }
      case "c":
        return follow(event, one("[data-key-new]"));
      case "?":
        event.preventDefault();
        return openDialog(one("#keys"));
      case "x": {
        const box = at.closest("tr") && one("input[name=story]", at.closest("tr"));
        if (box) choose([box], !box.checked);
        lastBox = box || lastBox;
        return undefined;
      }
      default:
        return undefined;
    }
  });

  function follow(event, link) {
    if (!link) return;
    event.preventDefault();
    link.click();
  }

  function escape(event, at) {
    const menu = at.closest("details[data-menu][open]");
    if (menu) {
      menu.open = false;
      one("summary", menu).focus();
      return;
    }
    const form = at.closest("form[data-cancel]");
    if (form) {
      const changed = all("input,textarea,select", form).some((field) =>
        field.type === "hidden" ? false
          : field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
          : field.tagName === "SELECT" ? [...field.options].some((option) => option.selected !== option.defaultSelected)
          : field.value !== field.defaultValue);
      if (!changed || window.confirm(form.dataset.cancel)) one("[data-cancel-link]", form)?.click();
      return;
    }
    if (one("dialog[open]") || inField(at)) return;
    const bar = one("#selection");
    if (bar && bar.dataset.state !== "none") {
      boxes().forEach((box) => (box.checked = false));
      paintBoxes();
      tell({ do: "clear" });
    }
  }

  document.addEventListener("DOMContentLoaded", () => focusOnProblem());
})();
