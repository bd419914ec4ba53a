// The keys of a session's page, and what they do.

const KEYS = [
  ["j k", "next, previous event"], ["J K", "next, previous iteration"], ["/", "search"],
  ["Enter o", "open or close the event"], ["r", "its raw JSON"], ["f", "failures only"],
  ["g G", "to the start, to the end (and follow)"], ["t", "light or dark"], ["Esc", "leave the search, clear filters"], ["?", "this list"],
];

function bindKeys(view) {
  listKeys(KEYS);
  const does = {
    j: () => view.move(1), k: () => view.move(-1), J: () => view.moveIteration(1), K: () => view.moveIteration(-1),
    o: () => view.open(), Enter: () => view.open(), r: () => view.raw(), f: () => view.filter.toggleFailures(),
    g: () => view.start(), G: () => view.end(), t: nextTheme, "?": () => help.showModal(), Escape: () => view.filter.clear(),
    "/": () => { byId("search").focus(); byId("search").select(); },
  };
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === byId("search")) {
      event.preventDefault();
      leaveSearch(view);
      return;
    }
    if (event.key === "Enter" && event.target === byId("search")) {
      view.first();
      return;
    }
    if (isTyping(event) || !Object.hasOwn(does, event.key)) return;
    if (event.key === "Enter" && event.target.closest("a, button, summary, [tabindex='0']")) return;
    event.preventDefault();
    does[event.key]();
  });
}

function leaveSearch(view) {
  const field = byId("search");
  if (field.value) {
    field.value = "";
    view.search("");
  } else {
    field.blur();
    byId("conversation").focus({ preventScroll: true });
  }
}
