// Live parts of a page: what the socket or the polling answer brings, and the word that says which of them it is.
// The server renders; this file swaps pieces in by their ids and drops those that are older than what is shown.
"use strict";
(() => {
  const POLL_MS = 5000;
  const QUIET_MS = 10000; // at most one sentence read out in this time, unless it is urgent
  const READ_MS = 2000; // between two readings of the whole page
  const LOST = [1006, 1011, 1012, 1013]; // the ws extension connects again after these
  const SIGN_IN = 4401;
  const NO_ACCESS = 4403;

  const box = () => document.querySelector("[data-live]");
  let polling = null;
  let greeting = false; // the next message is the answer to our hello, not news
  let spoken = { at: 0, urgency: null, step: null };

  // --- what this page shows ---------------------------------------------------------------------------------------
  const shown = () => ({
    after: Number(box()?.dataset.seq || 0),
    rows: [...document.querySelectorAll("[data-item]")].map((row) => row.dataset.item),
    keys: [...new Set([...document.querySelectorAll("[data-sync]")].map((badge) => badge.dataset.sync))],
    parts: [
      ...(document.querySelector(".js-conn") ? ["conn"] : []),
      ...(document.querySelector(".js-needs-you") ? ["needs-you"] : []),
      ...(document.querySelector(".js-conflicts") ? ["conflicts"] : []),
    ],
    show: new URLSearchParams(location.search).get("show") || "all",
  });

  // --- the word at the top right ------------------------------------------------------------------------------------
  function say(state) {
    const word = box()?.querySelector("[data-live-state]");
    if (!word || word.dataset.liveState === state) return;
    word.dataset.liveState = state;
    word.querySelector(".word").textContent = word.dataset[`words${state[0].toUpperCase()}${state.slice(1)}`];
    if (state === "out" && box().dataset.signIn) {
      const link = document.createElement("a");
      link.href = `${box().dataset.signIn}?next=${encodeURIComponent(location.pathname + location.search)}`;
      link.textContent = word.querySelector(".word").textContent;
      word.querySelector(".word").replaceChildren(link);
    }
  }

  // --- polling, only while the socket is closed -----------------------------------------------------------------------
  function poll() {
    htmx.trigger(document.body, "sq:poll");
  }
  function startPolling() {
    if (polling === null) polling = setInterval(poll, POLL_MS);
  }
  function stopPolling() {
    clearInterval(polling);
    polling = null;
  }

  document.addEventListener("htmx:wsOpen", (event) => {
    stopPolling();
    say("live");
    greeting = true;
    // The page says the last number it saw; what happened in between comes as the first message.
    event.detail.socketWrapper.send(JSON.stringify(shown()), box());
  });
  document.addEventListener("htmx:wsClose", (event) => {
    const code = event.detail.event.code;
    if (code === SIGN_IN || code === NO_ACCESS) {
      stopPolling();
      say("out");
    } else if (LOST.includes(code)) {
      say("polling");
      startPolling();
    } else {
      stopPolling();
    }
  });
  document.addEventListener("htmx:wsError", (event) => event.preventDefault());

  // The extension would swap each piece by itself and stumble over rows; the polling answer goes the same way as this.
  document.addEventListener("htmx:wsBeforeMessage", (event) => {
    event.preventDefault();
    const { html, seq, ended } = JSON.parse(event.detail.message);
    htmx.swap(document.body, html, { swapStyle: "none", swapDelay: 0, settleDelay: 0 });
    arrived(seq);
    if (ended) end();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target !== box()) return;
    const now = shown();
    event.detail.parameters.after = now.after;
    if (now.rows.length) event.detail.parameters.rows = now.rows.join(",");
    if (now.keys.length) event.detail.parameters.keys = now.keys.join(",");
    if (now.parts.length) event.detail.parameters.parts = now.parts.join(",");
    event.detail.parameters.show = now.show;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== box()) return;
    const { xhr } = event.detail;
    if (xhr.status === 401 || xhr.status === 403 || xhr.status === 404) {
      stopPolling();
      say("out");
    } else if (event.detail.successful) {
      arrived(Number(xhr.getResponseHeader("X-Seq") || 0));
      if (xhr.status === 286) end();
    }
  });

  function arrived(seq) {
    const live = box();
    if (live) live.dataset.seq = Math.max(Number(live.dataset.seq || 0), seq);
    const head = document.querySelector("[data-title]");
    if (head) document.title = document.title.replace(/^[^·]*/, `${head.dataset.title} `);
    addTokens();
    announce();
    if (!greeting) {
      stale.add("[data-reload-on-news]");
      readSoon();
    }
    greeting = false;
  }
  function end() {
    stopPolling();
    const go = document.querySelector("[data-go]");
    if (go) location.replace(go.dataset.go); // there is a page now instead of its progress
    box()?.remove(); // closes the socket; the answer says "Finished" in its place
  }

  // --- pieces that are older than what is shown are dropped -----------------------------------------------------------
  const seqOf = (node) => {
    const marked = node?.matches?.("[data-seq]") ? node : node?.querySelector?.("[data-seq]");
    return marked ? Number(marked.dataset.seq) : null;
  };
  const swapped = new WeakSet();
  let focusWas = null;
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    const before = seqOf(target);
    const after = seqOf(fragment);
    if (before !== null && after !== null && after < before) {
      event.detail.shouldSwap = false;
      return;
    }
    focusWas = document.activeElement;
    for (const node of fragment.childNodes) swapped.add(node);
    if (target.dataset.sync) badgeChanges(target.dataset.sync, target, fragment);
  });
  // News must not take the focus: what the site does after a swap that somebody asked for is held back here, unless
  // the thing in focus is gone.
  window.addEventListener(
    "htmx:afterSettle",
    (event) => {
      const gone = focusWas && focusWas !== document.body && !document.body.contains(focusWas);
      if (swapped.has(event.detail.elt) && !gone) event.stopImmediatePropagation();
    },
    true,
  );

  // --- a story that changed here because Jira changed: what shows it is read again, all of it in one request -----------
  const stale = new Set();
  let reading = null;
  let readAt = 0;
  function badgeChanges(key, target, fragment) {
    const version = (node) => node.querySelector("[data-version]")?.dataset.version;
    const named = CSS.escape(key);
    if (version(target) !== version(fragment)) stale.add(`[data-live-row="${named}"]`).add(`[data-live-edit="${named}"]`);
    stale.add(`[data-live-any="${named}"]`);
    readSoon();
  }
  function readSoon() {
    if (reading === null && stale.size) reading = setTimeout(readAgain, Math.max(500, readAt + READ_MS - Date.now()));
  }
  async function readAgain() {
    reading = null;
    readAt = Date.now();
    const parts = [...stale].flatMap((selector) => [...document.querySelectorAll(selector)]);
    stale.clear();
    if (!parts.length) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) {
      if (part.matches("[data-live-edit]")) {
        warn(part, fresh.getElementById("jira-changed"));
        continue;
      }
      const now = part.id && fresh.getElementById(part.id);
      const typing = part.querySelector("textarea") || (part.contains(document.activeElement) && document.activeElement.matches("input,select"));
      if (!now || typing || !part.isConnected) continue;
      part.replaceWith(document.adoptNode(now));
      htmx.process(now);
    }
  }

  // What somebody is writing in stays as it is; it only says that Jira was faster.
  function warn(part, said) {
    if (!said || !part.isConnected) return;
    part.querySelector(".jira-changed")?.remove();
    part.querySelector("form")?.before(document.importNode(said.content, true));
  }

  // Forms that came over the socket were rendered without a request and so without a token.
  function addTokens() {
    const token = box()?.dataset.csrf || document.querySelector("[name=csrfmiddlewaretoken]")?.value;
    if (!token) return;
    for (const form of document.querySelectorAll("form[method=post]")) {
      if (form.querySelector("[name=csrfmiddlewaretoken]")) continue;
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "csrfmiddlewaretoken";
      field.value = token;
      form.append(field);
    }
  }

  // --- one sentence for screen readers --------------------------------------------------------------------------------
  function announce() {
    const source = document.querySelector("[data-say]");
    const region = document.getElementById("announce");
    if (!source || !region) return;
    const { say: sentence, sayUrgency: urgency, sayStep: step } = source.dataset;
    const urgent = urgency !== spoken.urgency;
    const due = step !== spoken.step && Date.now() - spoken.at >= QUIET_MS;
    if (!urgent && !due) return;
    spoken = { at: Date.now(), urgency, step };
    region.textContent = sentence;
  }

  // --- small things -----------------------------------------------------------------------------------------------------
  setInterval(() => {
    for (const clock of document.querySelectorAll("[data-countdown]")) {
      const left = Math.ceil((Date.parse(clock.dataset.countdown) - Date.now()) / 1000);
      clock.textContent = left > 0 ? `${left} s` : clock.dataset.over;
    }
  }, 1000);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-expand]");
    if (!button) return;
    const all = [...document.querySelectorAll(`${button.dataset.expand} > li > details`)];
    const open = all.some((one) => !one.open);
    for (const one of all) one.open = open;
    const words = button.textContent;
    button.textContent = button.dataset.less;
    button.dataset.less = words;
  });
  document.addEventListener("DOMContentLoaded", () => {
    const source = document.querySelector("[data-say]");
    spoken = { at: Date.now(), urgency: source?.dataset.sayUrgency ?? null, step: source?.dataset.sayStep ?? null };
  });
})();
