// Brings a page of lists up to date by itself. A terminal that does not answer for a while leaves
// what was shown; the browser's own page of errors would stay there for good.
(() => {
  "use strict";

  const EVERY_MS = 3000;

  async function refresh() {
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["main", "header [role=status]"]) {
        const shown = document.querySelector(part);
        const next = fresh.querySelector(part);
        // Nothing moves under a finger or a reader for no reason.
        if (shown && next && shown.innerHTML !== next.innerHTML) shown.replaceWith(next);
      }
    } catch {
      // The terminal starts again; the next time will do.
    }
  }

  setInterval(() => {
    if (!document.hidden) refresh();
  }, EVERY_MS);
})();
