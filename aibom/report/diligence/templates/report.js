"use strict";
(() => {
  const by = (id) => document.getElementById(id);
  const all = (what) => Array.from(document.querySelectorAll(what));
  const [search, filter, hits] = [by("search"), by("filter"), by("hits")];
  const folds = () => all("details.more, details.below, details.whole");
  const pieces = all("article.answer, article.area, .numbered tbody tr, .finding");
  by("tools").hidden = false;

  const matches = (piece, words, status) => {
    // A status is one of answers; findings and tables of sections have none.
    const own = piece.dataset.status;
    if (status && own !== undefined && !own.split(" ").includes(status)) return false;
    const text = piece.textContent.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const status = filter.value;
    const asked = words.length > 0 || status !== "";
    let found = 0;
    for (const piece of pieces) {
      const yes = !asked || matches(piece, words, status);
      piece.hidden = !yes;
      const counts = status ? piece.matches("article.answer") : !piece.matches("article.area");
      const inside = piece.matches("tr") && piece.closest("article.answer");
      if (yes && asked && counts && !inside) found += 1;
    }
    // What stands inside a match is shown with it.
    for (const piece of pieces) {
      const holder = piece.parentElement.closest("article.answer");
      if (holder && !holder.hidden && words.length === 0) piece.hidden = false;
    }
    for (const fold of all("details.more")) {
      const hit = words.length > 0 && words.every((w) => fold.textContent.toLowerCase().includes(w));
      if (hit && !fold.closest("[hidden]")) fold.open = true;
    }
    hits.textContent = asked ? found + " found" : "";
  };
  search.addEventListener("input", show);
  filter.addEventListener("change", show);
  const fold = (open) => { for (const one of folds()) one.open = open; };
  by("expand").addEventListener("click", () => fold(true));
  by("collapse").addEventListener("click", () => fold(false));
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) { search.value = ""; show(); }
  });
  const reveal = () => {
    const target = location.hash && by(location.hash.slice(1));
    const inner = target && target.querySelector("details.more");
    if (inner) inner.open = true;
    for (let up = target; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();
  let before = [];
  window.addEventListener("beforeprint", () => {
    before = all("details.more").filter((one) => !one.open);
    for (const one of before) one.open = true;
  });
  window.addEventListener("afterprint", () => { for (const one of before) one.open = false; });
})();
