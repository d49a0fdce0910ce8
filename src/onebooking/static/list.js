// What the list of bookings does by itself: rows picked together, and kept picked when they are drawn again.
"use strict";
{
  const boxes = () => [...document.querySelectorAll("#bulk [name=booking]")];
  let last = null; // the row picked last: where a range begins
  let picked = new Set();

  const tell = () => {
    const all = boxes(), count = all.filter((box) => box.checked).length;
    for (const text of document.querySelectorAll("[data-picked]")) text.textContent = text.dataset.picked.replace("{n}", count);
    for (const every of document.querySelectorAll("[data-pick-all]")) {
      every.checked = count > 0 && count === all.length;
      every.indeterminate = count > 0 && count < all.length;
    }
  };

  const pickUpTo = (box) => {
    const all = boxes(), ends = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    if (ends[0] >= 0) for (const one of all.slice(ends[0], ends[1] + 1)) one.checked = box.checked;
  };

  document.addEventListener("click", (event) => {
    if (!event.target.matches?.("#bulk [name=booking]")) return;
    if (event.shiftKey) pickUpTo(event.target);
    last = event.target;
    tell();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick-all]")) for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.closest("#bulk")) tell();
  });
  document.addEventListener("reset", () => setTimeout(tell));
  document.addEventListener("keydown", (event) => {
    if (event.key === "X" && !event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog")) {
      const box = event.target.closest?.("[data-row]")?.querySelector("[name=booking]");
      box?.dispatchEvent(new MouseEvent("click", { bubbles: true, shiftKey: true }));
    } else if (event.key === "Escape" && boxes().some((box) => box.checked) && !document.querySelector("dialog[open]")) {
      document.querySelector("#bulk").reset();
    }
  });

  // Rows that come anew, from a search or by themselves, are picked as they were.
  document.addEventListener("htmx:beforeSwap", () => {
    picked = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const box of boxes()) if (picked.has(box.value)) box.checked = true;
    tell();
  });
}
