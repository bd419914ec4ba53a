// The list of sessions, which looks again every few seconds.

const AGAIN = 3000;
const SHOWN = 200;
const KINDS = ["accepted", "rejected", "stopped", "failed", "running"];
const chosen = new Set();
let sessions = [];
let most = SHOWN;

const pill = (status) => el("span", { class: `pill status-${KINDS.includes(status) ? status : "unknown"}` }, shown(status));

function matches(session, query) {
  if (chosen.size && !chosen.has(session.status)) return false;
  const text = `${session.session} ${session.title} ${session.kind} ${session.status} ${session.message} ${session.model}`.toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function card(session) {
  const figures = [counted(session.iterations, "iteration"), session.calls ? counted(session.calls, "call") : null,
    session.tokens ? `${tokens(session.tokens)} tokens` : null, session.cost_usd ? dollars(session.cost_usd) : null].filter(Boolean);
  return el("li", {}, el("a", { class: "session", href: `s/${encodeURIComponent(session.session)}` },
    el("span", { class: "session-first" }, pill(session.status), " ", el("strong", {}, shown(session.title || session.session)),
      el("span", { class: "session-when" }, shown(session.when))),
    el("span", { class: "session-message" }, shown(session.message)),
    el("span", { class: "session-figures" }, shown([session.kind, session.model, ...figures, session.session].filter(Boolean).join(" · ")))));
}

function drawList() {
  const query = byId("search").value;
  const found = sessions.filter((session) => matches(session, query));
  byId("count").textContent = found.length === sessions.length ? counted(found.length, "session") : `${found.length} of ${counted(sessions.length, "session")}`;
  const focused = document.activeElement?.getAttribute("href");
  const place = byId("sessions");
  if (!found.length) {
    place.replaceChildren(el("p", { class: "empty" }, sessions.length ? "No session matches." :
      ["There is no session here yet. Start one with ", el("code", {}, 'devteam run "…"'), " and it appears by itself."]));
    return;
  }
  const more = found.length > most ? el("button", { type: "button", class: "link", onclick: () => { most = Infinity; drawList(); } }, `show ${found.length - most} older ones`) : null;
  place.replaceChildren(el("ul", { class: "sessions-list" }, found.slice(0, most).map(card)), ...(more ? [more] : []));
  if (focused) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}

function drawStatuses() {
  const known = KINDS.filter((kind) => sessions.some((session) => session.status === kind));
  byId("statuses").replaceChildren(...known.map((kind) => el("button", {
    type: "button", class: "chip", "aria-pressed": String(chosen.has(kind)),
    onclick: () => { if (!chosen.delete(kind)) chosen.add(kind); drawStatuses(); drawList(); },
  }, kind)));
}

async function look() {
  try {
    const response = await fetch(`api/sessions?known=${look.version ?? ""}`, { cache: "no-store" });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    const answer = await response.json();
    trouble("");
    if (!answer.sessions) return;
    look.version = answer.version;
    sessions = answer.sessions;
    drawStatuses();
    drawList();
  } catch (error) {
    trouble(`The server does not answer (${error.message}). Start devteam view again; this page goes on by itself.`);
  }
}

function moveLink(by) {
  const links = [...document.querySelectorAll("a.session")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

listKeys([["j k", "next, previous session"], ["Enter", "open it"], ["/", "search"], ["t", "light or dark"], ["Esc", "clear the search"], ["?", "this list"]]);
const does = {
  j: () => moveLink(1), k: () => moveLink(-1), t: nextTheme, "?": () => help.showModal(), "/": () => byId("search").focus(),
};
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target === byId("search")) {
    byId("search").value = "";
    drawList();
    byId("search").blur();
  }
  if (isTyping(event) || !Object.hasOwn(does, event.key)) return;
  event.preventDefault();
  does[event.key]();
});
byId("search").addEventListener("input", drawList);
(async () => {
  for (;;) {
    const began = performance.now();
    await look();
    // A folder that takes long to look through is not looked through all the time.
    const pause = Math.max(AGAIN, 10 * (performance.now() - began));
    await new Promise((go) => setTimeout(go, document.hidden ? 4 * pause : pause));
  }
})();
