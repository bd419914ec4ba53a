// Light, dark, or as the system has it. What was chosen is kept where the browser lets a page keep anything.

const THEMES = ["system", "light", "dark"];

function setTheme(name) {
  const theme = THEMES.includes(name) ? name : "system";
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = `Theme: ${theme}`;
}

function nextTheme() {
  const now = document.documentElement.dataset.theme;
  const theme = THEMES[(THEMES.indexOf(now) + 1) % THEMES.length];
  setTheme(theme);
  try { localStorage.setItem("devteam-theme", theme); } catch { /* private mode, or a file */ }
}

try { setTheme(localStorage.getItem("devteam-theme")); } catch { setTheme("system"); }
byId("theme").addEventListener("click", nextTheme);

const help = byId("help");
byId("help-button").addEventListener("click", () => help.showModal());

function listKeys(keys) {
  byId("keys").replaceChildren(...keys.map(([names, does]) => el("div", {},
    el("dt", {}, names.split(" ").flatMap((name) => [el("kbd", {}, name), " "])), el("dd", {}, does))));
}

/** Whether a key pressed now is meant for a field, or for the browser. */
const isTyping = (event) => event.ctrlKey || event.metaKey || event.altKey || help.open ||
  /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName ?? "");
