// The page works without this: links into closed details open them where the browser does not do it by itself,
// and the tables under the charts are printed.
"use strict";
(() => {
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    const all = document.getElementById("show-all");
    if (all && target.closest("#inputs") && target.offsetParent === null) all.checked = true;
    for (let box = target.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    target.scrollIntoView();
    if (target.tabIndex === -1) target.focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  reveal();

  let opened = [];
  addEventListener("beforeprint", () => {
    const figures = document.getElementById("print-figures");
    const wanted = figures && figures.checked ? "details:not([open])" : "details.subject:not([open])";
    opened = [...document.querySelectorAll(wanted)];
    for (const box of opened) box.open = true;
  });
  addEventListener("afterprint", () => {
    for (const box of opened) box.open = false;
  });
})();
