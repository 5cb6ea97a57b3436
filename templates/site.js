// What a page can do beyond being read: a theme, a search, buttons that copy. Without this script everything
// can be read all the same.
(function () {
  "use strict";
  var root = document.documentElement;
  var kept = null;
  try { kept = localStorage.getItem("runbook-theme"); } catch (e) { /* A page from a disk may not keep anything. */ }
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
  root.classList.add("js");

  function element(name, attributes, text) {
    var made = document.createElement(name);
    Object.keys(attributes || {}).forEach(function (key) { made.setAttribute(key, attributes[key]); });
    if (text) made.textContent = text;
    return made;
  }

  // The theme: as the system has it, until somebody says otherwise.
  function theme() {
    var button = document.getElementById("rb-theme");
    if (!button) return;
    function dark() {
      if (root.dataset.theme) return root.dataset.theme === "dark";
      return matchMedia("(prefers-color-scheme: dark)").matches;
    }
    function label() { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", dark() ? "Use the light theme" : "Use the dark theme"); }
    button.hidden = false;
    label();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
    button.addEventListener("click", function () {
      root.dataset.theme = dark() ? "light" : "dark";
      try { localStorage.setItem("runbook-theme", root.dataset.theme); } catch (e) { /* It holds for this page. */ }
      label();
    });
  }

  // Every command can be copied.
  function copying() {
    if (!navigator.clipboard) return;
    document.querySelectorAll("pre.copy, code.copy").forEach(function (code) {
      var button = element("button", { type: "button", class: "copy-button", "aria-label": "Copy: " + code.textContent.trim().slice(0, 60) }, "Copy");
      button.addEventListener("click", function () {
        navigator.clipboard.writeText(code.textContent.trim()).then(function () {
          button.textContent = "Copied";
          setTimeout(function () { button.textContent = "Copy"; }, 1500);
        });
      });
      if (code.tagName === "PRE") {
        var frame = element("div", { class: "copied" });
        code.parentNode.insertBefore(frame, code);
        frame.appendChild(code);
        frame.appendChild(button);
      } else {
        code.insertAdjacentElement("afterend", button);
      }
    });
  }

  // A page that is older than it looks says so.
  function age() {
    var today = document.getElementById("rb-today");
    if (!today) return;
    var days = Math.floor((Date.now() - Date.parse(today.dateTime)) / 86400000);
    if (days < 2) return;
    var note = element("p", { class: "callout warn stale", role: "status" }, "This site was made " + days + " days ago. Evidence has aged since, and later runs are not on it.");
    document.getElementById("rb-content").prepend(note);
  }

  // The heading that is being read is marked in the list beside the page.
  function following() {
    var links = document.querySelectorAll(".toc a");
    if (!links.length || !("IntersectionObserver" in window)) return;
    var by = {};
    links.forEach(function (link) { by[decodeURIComponent(link.hash.slice(1))] = link; });
    var observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (!entry.isIntersecting) return;
        links.forEach(function (link) { link.removeAttribute("aria-current"); });
        by[entry.target.id].setAttribute("aria-current", "true");
      });
    }, { rootMargin: "0px 0px -75% 0px" });
    Object.keys(by).forEach(function (id) {
      var target = document.getElementById(id);
      if (target) observer.observe(target);
    });
  }

  // The search. What it needs is loaded when somebody wants to search.
  function load(name) {
    return new Promise(function (done, failed) {
      var script = element("script", { src: document.body.dataset.root + "assets/" + name });
      script.onload = done;
      script.onerror = failed;
      document.head.appendChild(script);
    });
  }

  var index = null;
  function ready() {
    index = index || Promise.all([load("minisearch.js"), load("places.js")]).then(function () {
      var places = window.runbookPlaces.map(function (place, id) { return Object.assign({ id: id }, place); });
      var search = new window.MiniSearch({
        fields: ["t", "p", "w"], storeFields: ["u", "t", "p", "w"],
        searchOptions: { boost: { t: 4, p: 2 }, prefix: true, fuzzy: function (term) { return term.length > 4 ? 0.2 : false; }, combineWith: "AND" }
      });
      search.addAll(places);
      return search;
    });
    return index;
  }

  function around(text, terms) {
    var lower = text.toLowerCase(), at = -1;
    terms.forEach(function (term) { if (at < 0) at = lower.indexOf(term); });
    if (at < 0) return text.slice(0, 120);
    var start = Math.max(0, at - 50);
    return (start > 0 ? "…" : "") + text.slice(start, at + 90);
  }

  function searching() {
    var open = document.getElementById("rb-search-open");
    if (!open || !window.HTMLDialogElement) return;
    var dialog = element("dialog", { id: "rb-search", "aria-label": "Search" });
    var input = element("input", { type: "search", id: "rb-search-input", placeholder: "A word of any step", autocomplete: "off", "aria-label": "Search the site" });
    var status = element("p", { role: "status", class: "quiet", id: "rb-search-status" });
    var list = element("ul", { id: "rb-search-results" });
    var close = element("button", { type: "button", class: "close" }, "Close");
    var head = element("div", { class: "search-head" });
    head.append(input, close);
    dialog.append(head, status, list);
    document.body.appendChild(dialog);
    open.hidden = false;

    function show() { if (!dialog.open) { dialog.showModal(); input.select(); ready(); } }
    open.addEventListener("click", show);
    close.addEventListener("click", function () { dialog.close(); });
    dialog.addEventListener("click", function (event) { if (event.target === dialog) dialog.close(); });
    document.addEventListener("keydown", function (event) {
      var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
      if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) { event.preventDefault(); show(); }
    });
    input.addEventListener("input", function () {
      var words = input.value.trim();
      ready().then(function (search) {
        if (words !== input.value.trim()) return;
        list.textContent = "";
        var found = words ? search.search(words).slice(0, 20) : [];
        status.textContent = !words ? "" : found.length ? found.length + (found.length === 1 ? " place" : " places") : "Nothing has these words.";
        found.forEach(function (place) {
          var link = element("a", { href: document.body.dataset.root + place.u });
          link.append(element("strong", {}, place.t), element("span", { class: "quiet" }, place.p), element("span", { class: "around" }, around(place.w, place.terms)));
          link.addEventListener("click", function () { dialog.close(); });
          var item = element("li");
          item.appendChild(link);
          list.appendChild(item);
        });
      });
    });
    dialog.addEventListener("keydown", function (event) {
      var links = Array.prototype.slice.call(list.querySelectorAll("a"));
      var at = links.indexOf(document.activeElement);
      if (event.key === "ArrowDown" && links.length) { event.preventDefault(); links[Math.min(at + 1, links.length - 1)].focus(); }
      if (event.key === "ArrowUp" && links.length) { event.preventDefault(); if (at <= 0) input.focus(); else links[at - 1].focus(); }
      if (event.key === "Enter" && document.activeElement === input && links.length) { event.preventDefault(); links[0].click(); }
    });
  }

  // What is folded on a screen is open on paper.
  function printing() {
    var opened = [];
    addEventListener("beforeprint", function () {
      opened = Array.prototype.filter.call(document.querySelectorAll("main details:not([open]):not(.permissions)"), function (one) { one.open = true; return true; });
    });
    addEventListener("afterprint", function () { opened.forEach(function (one) { one.open = false; }); });
  }

  // A link into something that is folded opens it.
  function unfolding() {
    function open() {
      var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
      var folded = target && target.closest("details:not([open])");
      if (folded) { folded.open = true; target.scrollIntoView(); }
    }
    addEventListener("hashchange", open);
    open();
  }

  document.addEventListener("DOMContentLoaded", function () {
    theme(); copying(); age(); following(); searching(); printing(); unfolding();
  });
})();
