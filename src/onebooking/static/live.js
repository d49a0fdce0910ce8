// A page that follows changes: one event stream while it is looked at; what changed is asked for anew
// and laid over what is there (lay.js).
"use strict";

(() => {
  const main = document.querySelector("main[data-live]");
  const notice = document.querySelector("#live");
  if (!main || !notice || !window.EventSource || !window.Idiomorph) return;

  const SOONEST = 1000, STORM = 5000; // between two looks: at first, and while it goes on changing
  const LOST = 15000; // after which a page that does not follow says so
  let source, looking, timer, again, lostTimer;
  let shownAt = 0; // when what is shown was asked for, by the page's own clock
  let laid = 0; // how often it was
  let held = false; // a button of the mouse: somebody clicks, drags or selects
  let pause = SOONEST, retry = 1000;

  const follow = () => {
    if (source || document.hidden) return;
    const age = Math.max(0, (performance.now() - shownAt) / 1000);
    source = new EventSource(`/events?age=${age.toFixed(1)}`);
    source.onopen = found;
    source.onmessage = (event) => { if (concerns(JSON.parse(event.data))) look(); };
    source.addEventListener("end", (event) => {
      if (event.data === "signed-out") { leave("out"); return; }
      lose();
      if (event.data === "changed") look(); // what is shown may lie out of reach by now
    });
    source.onerror = lose;
  };
  const rest = () => { source?.close(); source = undefined; clearTimeout(again); };
  const found = () => {
    retry = 1000;
    clearTimeout(lostTimer);
    lostTimer = undefined;
    if (notice.dataset.said === "lost") say();
  };
  const lose = () => {
    rest();
    lostTimer ??= setTimeout(() => say("lost"), LOST);
    again = setTimeout(follow, retry * (1 + Math.random()));
    retry = Math.min(retry * 2, 30000);
  };

  // What was shown may not be shown any more: it goes, unless somebody would lose what they type.
  const leave = (why) => {
    rest();
    if (typingIn(main).size) say(why); else location.reload();
  };

  // {"website": [bookings], "website": null (too many to name), "*": null (everything)}
  const concerns = (news) => {
    if ("*" in news) return true;
    const { live, liveWebsite } = main.dataset;
    const chosen = liveWebsite ? [liveWebsite] : new URLSearchParams(location.search).getAll("website_id").filter(Boolean);
    return Object.entries(news).some(([website, bookings]) =>
      (!chosen.length || chosen.includes(website)) &&
      (live === "any" || bookings === null || (live === "bookings" ? bookings.length > 0 : bookings.includes(live))));
  };

  const look = () => {
    if (timer || document.hidden) return;
    const since = looking === undefined ? Infinity : performance.now() - looking;
    pause = since > 2 * STORM ? SOONEST : Math.min(pause * 2, STORM);
    timer = setTimeout(show, Math.max(0, pause - since) + 200 * Math.random());
  };
  // The page's own, and how far somebody has turned back in a list that grows.
  const address = () => {
    const page = new URL(location.href), turned = main.querySelector("[data-grown]")?.dataset.grown;
    if (turned) page.searchParams.set("through", turned);
    page.hash = "";
    return page.href;
  };
  const show = async () => {
    timer = undefined;
    if (document.hidden) return; // left meanwhile: whoever comes back is told what they missed
    if (held || document.querySelector(".htmx-request")) { look(); return; } // the member's own request first
    looking = performance.now();
    const asked = looking, page = address();
    let reply;
    try { reply = await fetch(page, { headers: { "X-Live": "1" }, redirect: "manual" }); } catch { lose(); return; }
    if (reply.type === "opaqueredirect") { leave("out"); return; }
    if (reply.status === 403 || reply.status === 404) { leave("gone"); return; }
    if (!reply.ok) { lose(); return; }
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("main[data-live]");
    if (!fresh || held || address() !== page || document.querySelector(".htmx-request")) { look(); return; }
    if (main.querySelector("[data-row] :checked")) { say("selected"); return; } // a selection is what it was
    shownAt = asked;
    say(lay(fresh) ? "typing" : undefined);
  };

  // Whether there is something newer than a form that stays as it is.
  const lay = (fresh) => {
    const forms = [...typingIn(main).values()];
    const rows = new Map([...main.querySelectorAll("[data-row][id]")].map((row) => [row.id, row.textContent]));
    layOver(main, fresh);
    window.htmx?.process(main);
    for (const row of main.querySelectorAll("[data-row][id]")) {
      if (rows.get(row.id) === row.textContent) continue;
      row.classList.add("fresh");
      row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
    }
    main.dataset.laid = ++laid;
    return forms.some((form) => Number(form.elements.version?.value) < Number(fresh.dataset.liveVersion));
  };

  const say = (what) => {
    if (notice.dataset.said === (what ?? "")) return;
    notice.dataset.said = what ?? "";
    for (const one of notice.children) one.hidden = one.dataset.says !== what;
    notice.hidden = !what;
  };

  // A list that somebody made longer is asked for as long as it is.
  document.addEventListener("htmx:beforeSwap", ({ detail: { target, pathInfo, xhr } }) => {
    const turned = new URL(pathInfo.finalRequestPath, location.href).searchParams.get("before");
    if (turned && xhr.status === 200) target.closest("[data-grows]")?.setAttribute("data-grown", turned);
  });
  // Nothing moves under a button that is pressed; once nothing is selected any more, the list follows again.
  for (const name of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
    document.addEventListener(name, (event) => { held = event.buttons > 0; }, { passive: true });
  }
  for (const name of ["change", "reset"]) {
    document.addEventListener(name, () => setTimeout(() => {
      if (notice.dataset.said === "selected" && !main.querySelector("[data-row] :checked")) look();
    }));
  }
  document.addEventListener("htmx:afterSwap", () => { if (notice.dataset.said === "typing" && !typingIn(main).size) look(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else follow(); });
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
  follow();
})();
