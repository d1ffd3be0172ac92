"""The script of the page: optional, and all that the page may run.

It never makes markup from text, so nothing that a document wrote can become any.
"""

from __future__ import annotations

__all__ = ["SCRIPT"]

SCRIPT = """
(function () {
  "use strict";
  var box = document.getElementById("search");
  var query = document.getElementById("query");
  var count = document.getElementById("count");
  var all = function (choice) {
    return Array.prototype.slice.call(document.querySelectorAll(choice));
  };
  var entries = all("details[id^='node-']");
  var nodes = all("svg.lineage [data-node]");
  var flows = all("svg.lineage [data-ends]");
  box.hidden = false;
  var texts = entries.map(function (entry) {
    return entry.textContent.toLowerCase();
  });
  query.addEventListener("input", function () {
    var wanted = query.value.trim().toLowerCase();
    var found = 0;
    var names = {};
    entries.forEach(function (entry, index) {
      var fits = texts[index].indexOf(wanted) >= 0;
      entry.hidden = !fits;
      if (fits) { found += 1; names[entry.id.slice(5)] = true; }
      // What it is folded into, in each of the drawings.
      var boxes = fits && entry.dataset.box ? entry.dataset.box.split(" ") : [];
      boxes.forEach(function (name) { names[name] = true; });
    });
    nodes.forEach(function (node) {
      node.classList.toggle("dim", wanted !== "" && !names[node.dataset.node]);
    });
    flows.forEach(function (flow) {
      var ends = flow.dataset.ends.split(" ");
      var both = names[ends[0]] && names[ends[1]];
      flow.classList.toggle("dim", wanted !== "" && !both);
    });
    count.textContent = wanted === "" ? "" : found + " found";
  });
  var shown = "";
  var show = function (name) {
    var near = {};
    shown = name;
    near[name] = true;
    flows.forEach(function (flow) {
      var ends = flow.dataset.ends.split(" ");
      if (ends.indexOf(name) >= 0) { near[ends[0]] = near[ends[1]] = true; }
    });
    nodes.forEach(function (node) {
      node.classList.toggle("dim", !near[node.dataset.node]);
    });
    flows.forEach(function (flow) {
      var ends = flow.dataset.ends.split(" ");
      flow.classList.toggle("dim", ends.indexOf(name) < 0);
    });
  };
  var clear = function () {
    shown = "";
    nodes.concat(flows).forEach(function (part) { part.classList.remove("dim"); });
  };
  query.addEventListener("keydown", function (event) {
    // Of the drawing that is shown.
    var first = nodes.filter(function (node) {
      return !node.classList.contains("dim") && node.getClientRects().length > 0;
    })[0];
    if (event.key === "Enter" && first) { first.scrollIntoView({block: "center"}); }
  });
  // On the page and not on each node: browsers put what listens for focus in SVG
  // into the order of the Tab key.
  ["focusin", "mouseover"].forEach(function (kind) {
    document.addEventListener(kind, function (event) {
      var node = event.target.closest && event.target.closest("[data-node]");
      if (node) { show(node.dataset.node); } else if (shown) { clear(); }
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { clear(); query.value = "";
      query.dispatchEvent(new Event("input")); }
    if (event.key === "/" && document.activeElement !== query) {
      event.preventDefault(); query.focus();
    }
  });
  var open = function () {
    var entry = document.getElementById(location.hash.slice(1));
    if (entry && entry.tagName === "DETAILS") {
      entry.hidden = false; entry.open = true;
      var summary = entry.querySelector("summary");
      if (summary) { summary.focus(); }
      entry.scrollIntoView();
    }
  };
  window.addEventListener("hashchange", open);
  open();
}());
"""
