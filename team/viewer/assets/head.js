// What is seen first: the verdict in words, gates by iteration, cost and time by role, what changed.

const MARKS = { pass: "✓", fail: "✗", error: "!", skip: "·" };
const SAYS = { pass: "passes", fail: "fails", error: "could not be run", skip: "was skipped" };
const COLUMNS = 40;
const ROWS = 60;
const ROLES = new Set(["architect", "test_engineer", "developer", "code_reviewer", "executor"]);
const STATUSES = new Set(["accepted", "rejected", "stopped", "failed", "running"]);

const roleClass = (role) => (ROLES.has(role) ? `role-${role}` : "role-other");
const statusClass = (status) => `status-${STATUSES.has(status) ? status : "unknown"}`;
const pill = (status) => el("span", { class: `pill ${statusClass(status)}` }, shown(status));

function drawHead(facts, source) {
  byId("bar-title").replaceChildren(pill(facts.status.slice(0, 20)), " ", el("span", {}, shown(facts.title || facts.session)));
  byId("verdict").replaceChildren(...verdict(facts));
  byId("overview").replaceChildren(...[gateGrid(facts), roleTable(facts)].filter(Boolean));
  drawChanges(facts, source);
}

function verdict(facts) {
  const tells = facts.message || (facts.status === "running" ? "at work" : "not finished");
  const about = [facts.when && `${facts.when} UTC`, facts.model && `model ${facts.model}`, facts.sandbox,
    facts.evidence.length && `evidence: ${facts.evidence.join(", ")}`].filter(Boolean);
  return [
    el("p", { class: "kicker" }, shown([facts.kind, facts.session].filter(Boolean).join(" · "))),
    el("h1", {}, shown(facts.title || facts.session)),
    el("p", { class: "outcome" }, el("strong", { class: `word ${statusClass(facts.status)}` }, shown(facts.status.slice(0, 40))), " ",
      el("span", { class: "because" }, inline(tells.slice(0, 1000)))),
    el("dl", { class: "figures" }, figures(facts).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("p", { class: "about" }, shown(about.join(" · "))),
    facts.damage.length ? damage(facts.damage) : null,
  ].filter(Boolean);
}

function figures(facts) {
  const sum = (key) => facts.roles.reduce((total, role) => total + (role[key] ?? 0), 0);
  const asked = facts.roles.filter((role) => role.calls !== null);
  const unknown = asked.some((role) => role.cost_usd === null);
  return [
    ["iterations", String(facts.iterations.at(-1)?.number ?? 0)],
    ["time", duration(facts.seconds)],
    ["model calls", String(sum("calls"))],
    ["tokens", tokens(sum("prompt_tokens") + sum("completion_tokens"))],
    ["cost", unknown ? "unknown" : dollars(sum("cost_usd"))],
  ];
}

function damage(lost) {
  return el("div", { class: "alert" }, el("p", {}, el("strong", {}, "The log is damaged."), " Everything that can be read is shown; lost is:"),
    el("ul", {}, lost.slice(0, 5).map((line) => el("li", {}, shown(line)))),
    lost.length > 5 ? fold(counted(lost.length - 5, "more line"), () => el("ul", {}, lost.slice(5, 1000).map((line) => el("li", {}, shown(line))))) : null);
}

function gateGrid(facts, all = false) {
  if (!facts.gates.length) return facts.status === "running" ? section("Gates", el("p", { class: "note" }, "No gate has spoken yet.")) : null;
  const numbers = [...new Set(facts.gates.flatMap((gate) => Object.keys(gate.cells).map(Number)))].sort((a, b) => a - b);
  const columns = all ? numbers : numbers.slice(-COLUMNS);
  const where = new Map(facts.iterations.map((iteration) => [iteration.number, iteration.seq]));
  const table = el("table", { class: "grid" },
    el("caption", { class: "unseen" }, "What each gate said in each iteration"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Gate")),
      columns.map((number) => el("th", { scope: "col" }, where.has(number)
        ? el("a", { href: `#e${where.get(number)}`, "aria-label": `iteration ${number}` }, String(number)) : String(number))))),
    el("tbody", {}, facts.gates.slice(0, ROWS).map((gate) => el("tr", {}, el("th", { scope: "row" }, shown(gate.name.slice(0, 40))),
      columns.map((number) => el("td", {}, gateCell(gate.name, number, gate.cells[number])))))));
  const box = el("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": "Gates by iteration" }, table);
  queueMicrotask(() => { box.scrollLeft = box.scrollWidth; });
  const made = section("Gates", box);
  if (columns.length < numbers.length) {
    made.append(el("button", { type: "button", class: "link", onclick: () => made.replaceWith(gateGrid(facts, true)) }, `show all ${numbers.length} iterations`));
  }
  return made;
}

function gateCell(name, number, cell) {
  if (!cell) return null;
  const status = cell.status in MARKS ? cell.status : "error";
  const found = cell.findings ? `, ${counted(cell.findings, "finding")}` : "";
  const told = `${name}, iteration ${number}: ${SAYS[status]}${found}, ${duration(cell.seconds)}`;
  return el("a", { class: `cell gate-${status}`, href: `#e${cell.seq}`, "aria-label": visible(told), title: visible(`${told}${cell.why ? ` (${cell.why})` : ""}`) },
    MARKS[status], cell.findings ? el("span", { class: "found" }, String(cell.findings)) : null);
}

function roleTable(facts) {
  if (!facts.roles.length) return null;
  const most = facts.roles.reduce((longest, role) => Math.max(longest, role.seconds), 0.001);
  const rows = facts.roles.slice(0, ROWS).map((role) => {
    const bar = el("span", { class: `share ${roleClass(role.role)}`, "aria-hidden": "true" });
    bar.style.width = `${Math.max(1, (100 * role.seconds) / most)}%`;
    const asked = role.calls !== null;
    return el("tr", {}, el("th", { scope: "row", class: roleClass(role.role) }, shown(words(role.role).slice(0, 40)), bar),
      [asked ? role.calls : "–", duration(role.seconds), asked ? tokens(role.prompt_tokens) : "–", asked ? tokens(role.completion_tokens) : "–",
        asked ? dollars(role.cost_usd) : "–"].map((value) => el("td", {}, String(value))));
  });
  const head = ["role", "calls", "time", "tokens in", "out", "cost"].map((name) => el("th", { scope: "col" }, name));
  return section("Cost and time by role", el("div", { class: "scroller", tabindex: "0", role: "group", "aria-label": "Calls, time, tokens and cost by role" },
    el("table", { class: "roles" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows))));
}

const section = (title, ...content) => el("section", { class: "card" }, el("h2", {}, title), content);

function drawChanges(facts, source) {
  const paths = Object.entries(facts.changes);
  byId("changes").hidden = !paths.length && facts.status === "running";
  if (byId("changes").hidden) return;
  const kept = facts.iterations.filter((iteration) => Object.keys(iteration.changes).length);
  const select = el("select", { id: "diff-of", "aria-label": "Changed by" }, el("option", { value: "all" }, "the whole session"),
    kept.map(({ number }) => el("option", { value: String(number) }, `iteration ${number}`)));
  const chosen = byId("diff-of")?.value ?? "all";
  select.value = [...select.options].some((option) => option.value === chosen) ? chosen : "all";
  const place = el("div");
  const draw = () => place.replaceChildren(fileList(changesOf(facts, select.value), select.value, source, FILES));
  select.addEventListener("change", draw);
  byId("changes-title").nextElementSibling.replaceChildren(paths.length ? el("div", { class: "of" }, sum(facts.changes), " in ", select) : "", place);
  draw();
}

const FILES = 30;

const changesOf = (facts, of) => (of === "all" ? facts.changes : facts.iterations.find(({ number }) => String(number) === of)?.changes ?? {});

function sum(changes) {
  const all = Object.values(changes);
  const total = (side) => all.reduce((lines, change) => lines + change[side], 0);
  return [`${counted(all.length, "file")} `, delta(total(0), total(1))];
}

/** Paths and numbers are known at once; the diff itself is read when a first file is opened. */
function fileList(changes, of, source, most) {
  const paths = Object.keys(changes).sort();
  if (!paths.length) return el("p", { class: "note" }, "No file changed, or no history of the files was kept.");
  let read = null;
  const row = (path) => fold([el("span", { class: "path" }, shown(path)), " ", delta(...changes[path])], async () => {
    read ??= source.diff(of).then((diff) => new Map(filesOf(diff).map((file) => [file.path, file])));
    const file = (await read).get(path);
    return file ? drawnDiff(file) : el("p", { class: "note" }, "The diff of this file cannot be read.");
  });
  const list = el("div", { class: "files" }, paths.slice(0, most).map(row));
  if (paths.length <= most) return list;
  list.append(el("button", { type: "button", class: "link", onclick: (event) => {
    event.currentTarget.replaceWith(...paths.slice(most).map(row));
  } }, `show ${counted(paths.length - most, "more file")}`));
  return list;
}
