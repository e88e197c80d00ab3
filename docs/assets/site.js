// The theme calls its search a dialog and gives it no name.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");
