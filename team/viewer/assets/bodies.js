// What an event holds, drawn by its type. Events that say all in one line have no body.

const FINDINGS = 3;

/** What is drawn at once below the line of an event; the other types wait until they are opened. */
const AT_ONCE = new Set(["message", "gate", "verdict", "snapshot", "approval"]);
/** Types with more to see than their line and what is drawn at once. */
const OPENS = new Set(["model_call", "execution", "session_started", "session_ended"]);

const opens = (row) => OPENS.has(row.type) || isReport(row);
/** The executor's message repeats its gates: its first line is enough until it is opened. */
const isReport = (row) => row.type === "message" && row.agent === "executor";

function bodyOf(row, { event, spans }, view) {
  const draw = DRAWN[row.type];
  return draw ? draw(event, { row, spans: spans ?? [], view }) : [];
}

const DRAWN = {
  message: (event, { row, spans, view }) => (isReport(row) ? [longText(event.content, { lines: 60 })] : [...message(event.content, spans), brought(event, view.facts)]),
  gate: (event, { view }) => (event.status === "fail" || event.status === "error"
    ? [findings(event.findings), !event.findings.length && event.why ? quote(event.why) : null, culprits(event, view.facts)] : []),
  verdict: (event) => [findings(event.findings), event.reason ? quote(event.reason) : null],
  approval: (event) => [quote(event.question)],
  snapshot: (event, { view }) => [changedFiles(event, view), findings(event.refused)],
  execution: (event) => [
    el("p", { class: "label" }, `command (${event.language || "sh"})`), longText(event.command),
    el("p", { class: "label" }, "output"), event.output ? longText(event.output) : el("p", { class: "note" }, "It printed nothing."),
  ],
  model_call: modelCall,
  session_started: (event) => [part("Specification", event.spec), part("Settings", event.config), part("Versions", event.versions)],
  session_ended: (event) => [quote(event.message), part("Totals", event.totals)],
};

function message(content, spans) {
  const lines = content.split("\n");
  const drawn = [];
  let at = 0;
  for (const [first, end, name, added, removed] of spans) {
    drawn.push(...said(lines.slice(at, first)));
    drawn.push(fold([el("span", { class: "path" }, shown(name)), " ", delta(added, removed)],
      () => longText(lines.slice(first + 1, Math.max(first + 1, end - 1)).join("\n"), { lines: 400, letters: 40_000 })));
    at = end;
  }
  return [...drawn, ...said(lines.slice(at))];
}

function said(lines) {
  const text = lines.join("\n").replace(/^\n+|\s+$/g, "");
  return text ? longText(text, { lines: 24, letters: 3000, draw: prose, kind: "prose" }) : [];
}

const quote = (text) => longText(text, { lines: 12, letters: 1500, draw: prose, kind: "prose" });

/** Which message a new failure came with, as far as the log tells. */
function culprits(event, facts) {
  return (facts?.blame ?? []).filter(({ gate, iteration }) => gate === event.name && iteration === event.iteration).map((found) =>
    el("p", { class: "note" }, found.passed_before ? "Passed before; " : "", `${counted(found.findings, "new finding")} came with `,
      el("a", { href: `#e${found.seq}` }, "event ", String(found.seq)), " of ", shown(words(found.agent))));
}

/** The same, told at the message. */
function brought(event, facts) {
  const found = (facts?.blame ?? []).filter(({ seq }) => seq === event.seq);
  if (!found.length) return null;
  return el("p", { class: "note" }, "Brought ", found.flatMap(({ gate, iteration, findings: number }, at) => [at ? ", " : "",
    el("a", { href: cellAddress(facts, gate, iteration) }, shown(gate), ` in iteration ${iteration}`), ` (${counted(number, "new finding")})`]));
}

const cellAddress = (facts, name, iteration) => `#e${facts.gates.find((gate) => gate.name === name)?.cells[iteration]?.seq ?? ""}`;

function findings(list) {
  if (!list?.length) return null;
  const items = list.map((finding) => () => el("li", { class: `finding ${finding.severity === "minor" ? "minor" : ""}` },
    finding.file ? el("span", { class: "path" }, shown(finding.line ? `${finding.file}:${finding.line}` : finding.file)) : null,
    " ", el("span", { class: "rule" }, shown(finding.rule)), finding.severity === "major" ? null : [" ", shown(finding.severity)],
    told(finding.message)));
  const box = el("ul", { class: "findings" }, items.slice(0, FINDINGS).map((make) => make()));
  if (items.length <= FINDINGS) return box;
  const button = el("button", { type: "button", class: "link", onclick: () => {
    button.remove();
    box.append(...items.slice(FINDINGS).map((make) => make()));
  } }, `show ${counted(items.length - FINDINGS, "more finding")}`);
  return [box, button];
}

/** The first line in words; what follows is mostly a traceback. */
function told(message) {
  const [first, ...rest] = message.split("\n");
  return [...longText(first, { letters: 700, kind: "prose" }), ...(rest.length ? longText(rest.join("\n"), { lines: 6, letters: 700, kind: "trace" }) : [])];
}

/** One line for each file with its numbers; only names where no history of the files was kept. */
function changedFiles(event, { facts, source }) {
  const changes = facts?.iterations.find(({ number }) => number === event.iteration)?.changes ?? {};
  if (Object.keys(changes).length) return fileList(changes, String(event.iteration), source, 8);
  if (!event.changed.length) return el("p", { class: "note" }, "No file changed.");
  return longText(event.changed.join("\n"), { lines: 8 });
}

function modelCall(event) {
  const { content, ...rest } = event.answer;
  const asked = event.request.map(({ role, content: text }) =>
    fold([`asked as ${role ?? "?"} `, el("span", { class: "note" }, lineCount(text ?? ""))], () => longText(text, { lines: 200, letters: 20_000 })));
  const told = fold(["answer ", el("span", { class: "note" }, lineCount(String(content ?? "")))],
    () => longText(content, { lines: 200, letters: 20_000 }), true);
  return [...asked, told, part("About the answer", { ...rest, request_digest: event.request_digest })];
}

function part(name, value) {
  if (!value || !Object.keys(value).length) return null;
  return fold(name, () => longText(JSON.stringify(value, null, 2), { lines: 200, letters: 20_000 }));
}
