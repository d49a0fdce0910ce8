// A page that follows changes: one event stream while it is looked at; what changed is asked for anew
// and laid over what is there. Focus, scroll, selection and what is being typed stay as they are.
"use strict";

(() => {
  const main = document.querySelector("main[data-live]");
  const notice = document.querySelector("#live");
  if (!main || !notice || !window.EventSource || !window.Idiomorph) return;

  const SOONEST = 1000, STORM = 5000; // between two looks: at first, and while it goes on changing
  const LOST = 15000; // after which a page that does not follow says so
  const TYPED = "input:not([type=hidden], [type=checkbox]), textarea, select";
  let source, looking, timer, again, lostTimer;
  let shownAt = 0; // when what is shown was asked for, by the page's own clock
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
    if (typing()) say(why); else location.reload();
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
  const show = async () => {
    timer = undefined;
    if (document.hidden) return; // left meanwhile: whoever comes back is told what they missed
    if (document.querySelector(".htmx-request")) { look(); return; } // the member's own request first
    looking = performance.now();
    const asked = looking, { href } = location;
    let reply;
    try { reply = await fetch(href, { headers: { "X-Live": "1" }, redirect: "manual" }); } catch { lose(); return; }
    if (reply.type === "opaqueredirect") { leave("out"); return; }
    if (reply.status === 403 || reply.status === 404) { leave("gone"); return; }
    if (!reply.ok) { lose(); return; }
    const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").querySelector("main[data-live]");
    if (!fresh || location.href !== href || document.querySelector(".htmx-request")) { look(); return; }
    if (main.querySelector("[data-row] :checked")) { say("selected"); return; } // a selection is what it was
    shownAt = asked;
    say(lay(fresh) ? "typing" : undefined);
  };

  // What somebody types into is left alone, with all of the part it stands in.
  const edited = (part) => [...part.querySelectorAll("form")].find(
    (form) => form.querySelector(TYPED) && form.closest("main [id]") === part && !form.closest("details:not([open])"));
  const typing = () => [...main.querySelectorAll("[id]")].some(edited);
  const lay = (fresh) => {
    let kept = false;
    const rows = new Map([...main.querySelectorAll("[data-row][id]")].map((row) => [row.id, row.textContent]));
    Idiomorph.morph(main, [...fresh.childNodes], {
      morphStyle: "innerHTML",
      callbacks: {
        beforeNodeMorphed: (old) => {
          if (!(old instanceof Element)) return true;
          if (old.id === "notices" || old.matches("[data-grown], .tip:not([hidden]), input, textarea, select")) return false;
          const form = old.id && edited(old);
          if (form) kept ||= Number(form.elements.version?.value) < Number(fresh.dataset.liveVersion);
          return !form && !(old.matches("form:not(:has([data-row]))") && old.querySelector(TYPED));
        },
        beforeNodeRemoved: (old) => !(old instanceof Element && old.matches("[role=status]")), // "Saved"
        // A menu that somebody opened, the column that somebody looks at.
        beforeAttributeUpdated: (name, old) =>
          name !== "open" && !(/^(tabindex|aria-hidden|data-on)$/.test(name) && old.matches("[data-chart] svg > a")),
      },
    });
    window.htmx?.process(main);
    for (const row of main.querySelectorAll("[data-row][id]")) {
      if (rows.get(row.id) === row.textContent) continue;
      row.classList.add("fresh");
      row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
    }
    return kept;
  };

  const say = (what) => {
    if (notice.dataset.said === (what ?? "")) return;
    notice.dataset.said = what ?? "";
    for (const one of notice.children) one.hidden = one.dataset.says !== what;
    notice.hidden = !what;
  };

  // A list that somebody made longer is theirs; once nothing is selected any more, the list follows again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    event.detail.target.closest("[data-grows]")?.setAttribute("data-grown", "");
  });
  for (const name of ["change", "reset"]) {
    document.addEventListener(name, () => setTimeout(() => {
      if (notice.dataset.said === "selected" && !main.querySelector("[data-row] :checked")) look();
    }));
  }
  document.addEventListener("htmx:afterSwap", () => { if (notice.dataset.said === "typing" && !typing()) look(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) rest(); else follow(); });
  addEventListener("pagehide", rest);
  addEventListener("pageshow", (event) => { if (event.persisted) follow(); });
  follow();
})();
