// The theme calls its search a dialog and gives it no name.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// A table that is wider than the screen can be scrolled, by keyboard only while it has the focus.
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
});
document$.subscribe(() =>
  requestAnimationFrame(() => {
    wide.disconnect();
    document.querySelectorAll(".md-typeset__scrollwrap").forEach((table) => wide.observe(table));
  }),
);
