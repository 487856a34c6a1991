// What every page may have.
for (const table of document.querySelectorAll(".scroll")) {
  const watch = () => { if (table.scrollWidth > table.clientWidth) table.tabIndex = 0; else table.removeAttribute("tabindex"); };
  new ResizeObserver(watch).observe(table);
}
