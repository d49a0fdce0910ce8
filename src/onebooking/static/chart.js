// A chart's columns one by one: what a day counts is shown to mouse, finger and keyboard alike.
// The keyboard stops once at each chart; the arrows lead on, and Enter opens the day's list.
"use strict";
{
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7, PageUp: -7, PageDown: 7, Home: -Infinity, End: Infinity };
  let finger = false; // what pointed last: a finger sees first, and opens the list by what it was shown

  const columnsOf = (chart) => [...chart.querySelectorAll("svg > a")];
  const at = (chart, x) => {
    const box = chart.querySelector("svg").getBoundingClientRect(), columns = columnsOf(chart);
    return columns[Math.min(columns.length - 1, Math.max(0, Math.floor(((x - box.left) / box.width) * columns.length)))];
  };

  const told = (column) => {
    const title = column.querySelector("title");
    if (title) { // the browser's own would stand beside ours
      column.setAttribute("aria-label", title.textContent.replaceAll(/\s*\n\s*/g, ", "));
      column.dataset.told = title.textContent;
      title.remove();
    }
    return column.dataset.told.split("\n").filter((line) => line.trim());
  };
  const drawing = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const line = (text, drawn) => {
    const made = document.createElement("span"), value = document.createElement("b");
    const [name, of] = text.split(/:\s*(?=[^:]*$)/);
    if (drawn) {
      made.append(drawing("svg", { viewBox: "0 0 10 10" }));
      made.firstChild.append(drawing("rect", { width: 10, height: 10, rx: 2, class: drawn.getAttribute("class") }));
    }
    value.textContent = of;
    made.append(name, value);
    return made;
  };

  const show = (column) => {
    const chart = column.closest("[data-chart]"), tip = chart.querySelector(".tip");
    hide(chart);
    column.dataset.on = "";
    const drawn = [...column.querySelectorAll("rect:not(.chart-day)")].reverse();
    const lines = told(column).map((text, place) => line(text, drawn[place - 1]));
    const link = document.createElement("a");
    link.href = column.getAttribute("href");
    link.tabIndex = -1;
    link.append(...lines);
    tip.replaceChildren(link);
    tip.hidden = false;
    const around = tip.parentElement.getBoundingClientRect(), box = column.getBoundingClientRect();
    const middle = box.left + box.width / 2 - around.left - tip.offsetWidth / 2;
    tip.style.left = `${Math.min(around.width - tip.offsetWidth, Math.max(0, middle))}px`;
  };
  const hide = (chart) => {
    for (const one of chart.querySelectorAll("[data-on]")) delete one.dataset.on;
    chart.querySelector(".tip").hidden = true;
  };
  const hideAll = (but) => {
    for (const chart of document.querySelectorAll("[data-chart]")) if (chart !== but) hide(chart);
  };

  const point = (event) => {
    finger = event.pointerType !== "mouse";
    const chart = event.target.closest?.("[data-chart]");
    hideAll(chart);
    if (chart && event.target.closest("svg")) show(at(chart, event.clientX));
    else if (chart && !finger && !event.target.closest(".tip")) hide(chart);
  };
  for (const name of ["pointerdown", "pointermove"]) document.addEventListener(name, point);
  document.documentElement.addEventListener("pointerleave", () => { if (!finger) hideAll(); });
  document.addEventListener("click", (event) => {
    if (finger && event.target.closest?.("[data-chart] svg")) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const column = event.target.closest?.("[data-chart] svg > a");
    if (column?.matches(":focus-visible")) show(column); else if (!finger) hideAll();
  });
  document.addEventListener("keydown", (event) => {
    finger = false;
    if (event.key === "Escape") hideAll();
    const column = event.target.closest?.("[data-chart] svg > a"), step = STEPS[event.key];
    if (!column || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = columnsOf(column.closest("[data-chart]"));
    const next = columns[Math.min(columns.length - 1, Math.max(0, columns.indexOf(column) + step))];
    next.setAttribute("tabindex", "0");
    next.removeAttribute("aria-hidden");
    next.focus();
    for (const other of columns) {
      if (other === next) continue;
      other.setAttribute("tabindex", "-1");
      other.setAttribute("aria-hidden", "true");
    }
    event.preventDefault();
  });
}
