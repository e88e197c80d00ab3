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

// Commands name wheels at the address that the site was built for. It may be served from another.
document$.subscribe(() => {
  const { base } = JSON.parse(document.getElementById("__config").textContent);
  const folder = new URL(`${base}/assets/live/wheels/`, location.href);
  for (const code of document.querySelectorAll(".md-content code")) {
    if (code.childElementCount === 0 && code.textContent.includes("/assets/live/wheels/"))
      code.textContent = code.textContent.replace(/https?:\/\/\S*?\/assets\/live\/wheels\//g, folder.href);
  }
});
