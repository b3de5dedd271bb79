// Theme, sorting, filters and choices. Without this script every page is a plain page with everything on it.
// What a reader has chosen stands in the URL's hash, so that a link shows the same view; nothing is sent anywhere.
"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  const FACETS = ["track", "tier", "task", "budget", "search", "stratum", "kind", "badge"];
  const THEMES = ["auto", "light", "dark"];
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // ---- theme: kept in this browser, because it is the reader's and not the page's ----
  const kept = () => { try { return localStorage.getItem("isobudget-theme"); } catch { return null; } };
  const keep = (name) => { try { localStorage.setItem("isobudget-theme", name); } catch { /* private window */ } };
  const paint = (name) => (name === "auto" ? root.removeAttribute("data-theme") : root.setAttribute("data-theme", name));
  let theme = THEMES.includes(kept()) ? kept() : "auto";
  paint(theme);

  function startTheme() {
    const button = document.getElementById("theme");
    const say = () => { button.textContent = `Theme: ${theme}`; };
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
      paint(theme);
      keep(theme);
      say();
    });
    say();
  }

  // ---- state: a plain anchor such as #traps is not state, and is left alone ----
  const state = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  function put(change) {
    const now = state();
    change(now);
    const text = now.toString();
    history.replaceState(null, "", text ? `#${text}` : location.href.split("#")[0]);
  }

  // ---- sorting ----
  const sorted = (table) => state().getAll("sort").map((s) => s.split("~")).find((s) => s[0] === table.id);

  function startSorting(box) {
    const table = box.querySelector("table");
    all("tbody tr", table).forEach((row, at) => { row.dataset.at = at; });
    all("thead th", table).forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const first = head.dataset.type === "number" ? "descending" : "ascending";
        const then = first === "ascending" ? "descending" : "ascending";
        const next = { [first]: then, [then]: "" }[head.getAttribute("aria-sort")] ?? first;
        put((now) => {
          const others = now.getAll("sort").filter((s) => s.split("~")[0] !== box.id);
          now.delete("sort");
          others.forEach((s) => now.append("sort", s));
          if (next) now.append("sort", [box.id, at, next].join("~"));
        });
        sort(box);
      });
    });
  }

  function sort(box) {
    const [, column, direction] = sorted(box) ?? [];
    const heads = all("thead th", box);
    const at = Number(column);
    const valid = heads[at] !== undefined && ["ascending", "descending"].includes(direction);
    heads.forEach((head, place) => {
      if (valid && place === at) head.setAttribute("aria-sort", direction);
      else head.removeAttribute("aria-sort");
    });
    const body = box.querySelector("tbody");
    const rows = all("tr", body).sort((a, b) => a.dataset.at - b.dataset.at);
    if (valid) {
      const numbers = heads[at].dataset.type === "number";
      const sign = direction === "ascending" ? 1 : -1;
      const value = (row) => row.cells[at].dataset.v;
      rows.sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        if (x === "" || y === "") return (x === "") - (y === ""); // what is unknown comes last either way
        return sign * (numbers ? x - y : x < y ? -1 : x > y ? 1 : 0);
      });
    }
    body.append(...rows);
  }

  // ---- filters ----
  function matches(element, now) {
    return FACETS.every((name) => !now.get(name) || !(name in element.dataset) || element.dataset[name] === now.get(name));
  }

  function filter() {
    const now = state();
    const wanted = (now.get("q") ?? "").trim().toLowerCase();
    let shown = 0;
    let total = 0;
    root.classList.toggle("all", now.get("all") === "1");
    all(".item").forEach((item) => { item.hidden = !matches(item, now); });
    all(".table tbody tr").forEach((row) => {
      row.hidden = !matches(row, now) || !row.textContent.toLowerCase().includes(wanted);
      total += 1;
      shown += !row.hidden && !row.closest(".item").hidden;
    });
    all(".part").forEach((part) => {
      const items = all(".item", part);
      part.hidden = items.length > 0 && items.every((item) => item.hidden);
    });
    const output = document.getElementById("shown");
    if (output) output.textContent = shown === total ? `${total} rows` : `${shown} of ${total} rows`;
  }

  function startFilters() {
    const form = document.getElementById("filters");
    if (!form) return;
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      put((now) => {
        for (const field of form.elements) {
          if (!field.name) continue;
          const value = field.type === "checkbox" ? (field.checked ? "1" : "") : field.value;
          if (value) now.set(field.name, value);
          else now.delete(field.name);
        }
      });
      filter();
    });
    form.addEventListener("reset", () => {
      history.replaceState(null, "", location.href.split("#")[0]);
      setTimeout(apply);
    });
  }

  // ---- the explorer: one of several pictures ----
  function startExplorer(box) {
    box.querySelector("fieldset").hidden = false;
    box.addEventListener("change", (event) => {
      put((now) => now.set(box.id, event.target.value));
      choose(box);
    });
  }

  function choose(box) {
    const inputs = all("input", box);
    const chosen = inputs.find((input) => input.value === state().get(box.id)) ?? inputs[0];
    chosen.checked = true;
    all(".choice", box).forEach((choice) => { choice.hidden = choice.dataset.choice !== chosen.value; });
  }

  // ---- everything as the URL says ----
  function apply() {
    const form = document.getElementById("filters");
    const now = state();
    for (const field of form?.elements ?? []) {
      if (!field.name) continue;
      if (field.type === "checkbox") field.checked = now.get(field.name) === "1";
      else field.value = now.get(field.name) ?? "";
    }
    all(".table").forEach(sort);
    all(".explorer").forEach(choose);
    filter();
  }

  document.addEventListener("DOMContentLoaded", () => {
    startTheme();
    all(".table").forEach(startSorting);
    startFilters();
    all(".explorer").forEach(startExplorer);
    apply();
  });
  window.addEventListener("hashchange", () => { if (location.hash.includes("=")) apply(); });
})();
