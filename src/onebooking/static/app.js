// What a page does by itself, beside htmx: keys, dialogs, copying. Without it every page still reads.
"use strict";

const typing = (target) => target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
const $ = (selector) => document.querySelector(selector);

// g and a letter goes somewhere; j, k, x and Enter move in a list; / searches; ? helps.
if (location.hash === "#q") $("[data-search]")?.focus();
let went = false;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const key = event.key;
  if (went) {
    went = false;
    const link = /^[a-z]$/.test(key) && $(`a[data-key="${key}"]`);
    if (link) link.click();
  } else if (key === "g") {
    went = true;
    setTimeout(() => { went = false; }, 1500);
  } else if (key === "?") {
    $("#shortcuts")?.showModal();
  } else if (key === "/") {
    const search = $("[data-search]");
    if (search) search.focus(); else location.assign("/bookings#q");
  } else if (key === "e") {
    $("[data-edit]")?.click();
  } else if (!moveInList(key)) {
    return;
  }
  event.preventDefault();
});

function moveInList(key) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  if (key === "j" || key === "k") {
    const next = rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + (key === "j" ? 1 : -1)))];
    next.querySelector("[data-open]")?.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }
  if (key === "x" && at >= 0) {
    rows[at].querySelector("input[type=checkbox]")?.click();
    return true;
  }
  return false;
}

document.addEventListener("click", async (event) => {
  const copy = event.target.closest("[data-copy]");
  if (copy) {
    await navigator.clipboard?.writeText($(copy.dataset.copy).textContent.trim());
    copy.textContent = copy.dataset.copied;
  }
  if (event.target.closest("[data-help]")) $("#shortcuts").showModal();
  const opener = event.target.closest("[data-dialog]");
  if (opener) $(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest("[data-close]");
  if (closer) closer.closest("dialog")?.close();
});

// A filter form sends itself when something in it changes, where there is a button for others.
document.addEventListener("change", (event) => {
  if (event.target.closest("[data-auto]") && !event.target.closest("[data-quiet]")) event.target.form?.requestSubmit();
});

// A menu closes where one clicks elsewhere, and by Escape, which brings the keyboard back to its button.
const menus = () => document.querySelectorAll("details[name=menus][open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopImmediatePropagation();
  }
});
