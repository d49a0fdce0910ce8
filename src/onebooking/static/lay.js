// How a fresh page is laid over the one that somebody looks at: what is equal is not touched; the keyboard,
// the place one reads at, a selection, open menus and what is being typed stay as they are.
"use strict";

{
const TYPED = "input:not([type=hidden], [type=checkbox]), textarea, select";

window.typingIn = (() => {
  const closed = "details:not([open]), dialog:not([open])";
  const edited = (part) => [...part.querySelectorAll("form")].find(
    (form) => form.querySelector(TYPED) && form.closest("main [id]") === part && !form.closest(closed));

  // The parts of `main` with a form that somebody types into, each with that form: left alone, all of them.
  return (main) => new Map(
    [...main.querySelectorAll("[id]")].map((part) => [part, edited(part)]).filter(([, form]) => form));
})();

window.layOver = (() => {
  const OWN = new Set(["open", "data-grown"]); // a menu that somebody opened, a list that they made longer
  const ALONE = `input, textarea, select, #notices, .tip:not([hidden]), form:not(:has([data-row])):has(${TYPED})`;

  // What leads to the same place is the same, wherever it stands by now: it has a name while pages are compared.
  const name = (root, alone) => {
    const places = new Map();
    for (const one of root.querySelectorAll("a[href]:not([id]), form[action]:not([id])")) {
      const place = `to:${one.localName}:${one.getAttribute("href") ?? one.getAttribute("action")}`;
      places.set(place, places.has(place) || alone.some((part) => part.contains(one)) ? null : one);
    }
    for (const [place, one] of places) if (one) one.id = place;
  };
  const forget = (root) => { for (const one of root.querySelectorAll("[id^='to:']")) one.removeAttribute("id"); };

  // Stays where it is on the screen: the field one types in, or else what one points at or reads; but at its
  // top a page stays at the top.
  const anchorIn = (main, focused) => {
    if (focused?.matches("input, textarea, select")) return focused;
    if (!scrollY) return null;
    const places = "[id], [data-row]";
    const seen = (one) => {
      const { top, height } = one.getBoundingClientRect();
      return height > 0 && top >= 0 && top < innerHeight;
    };
    const pointed = [...main.querySelectorAll(":hover")].at(-1)?.closest(places);
    if (pointed && pointed !== main && main.contains(pointed) && seen(pointed)) return pointed;
    return focused && seen(focused) ? focused : [...main.querySelectorAll(places)].find(seen);
  };

  // Who goes on with the keyboard where what had it is gone: the next row, the one before, the part around.
  const near = (main, focused) => {
    const rows = [...main.querySelectorAll("[data-row]")], at = rows.indexOf(focused.closest("[data-row]"));
    const others = at < 0 ? [] : [...rows.slice(at + 1), ...rows.slice(0, at).reverse()];
    const parts = [];
    for (let one = focused; one !== main; one = one.parentElement) if (one.hasAttribute("tabindex")) parts.push(one);
    return [focused, ...others.map((row) => row.querySelector("[data-open]")), ...parts, main];
  };

  const morph = (main, fresh, kept) => {
    Idiomorph.morph(main, [...fresh.childNodes], {
      morphStyle: "innerHTML",
      callbacks: {
        beforeNodeMorphed: (old) => !(old instanceof Element) || !(kept.includes(old) || old.matches(ALONE)),
        beforeNodeRemoved: (old) => !(old instanceof Element && old.matches("[role=status]")), // "Saved"
        // Nor which column of a chart one looks at, or has gone to.
        beforeAttributeUpdated: (attribute, old) => !OWN.has(attribute)
          && !(/^(tabindex|aria-hidden|data-on)$/.test(attribute) && old.matches("[data-chart] svg > a")),
      },
    });
  };

  return (main, fresh) => {
    const kept = [...typingIn(main).keys()];
    const here = document.activeElement, focused = here !== main && main.contains(here) ? here : null;
    const around = focused ? near(main, focused) : [];
    const anchor = anchorIn(main, focused), was = anchor?.getBoundingClientRect().top;
    const { style } = document.documentElement;
    style.overflowAnchor = "none"; // the browser's own would come on top of ours
    name(main, [...kept, ...main.querySelectorAll("#notices")]);
    name(fresh, []);
    try { morph(main, fresh, kept); } finally { forget(main); }
    if (focused && document.activeElement !== focused) {
      around.find((one) => one?.isConnected)?.focus({ preventScroll: true });
    }
    const moved = anchor?.isConnected ? anchor.getBoundingClientRect().top - was : 0;
    if (moved) scrollBy({ top: moved, behavior: "instant" });
    style.overflowAnchor = "";
  };
})();
}
