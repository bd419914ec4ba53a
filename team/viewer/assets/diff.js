// A unified diff, file by file: one line each, opened on demand.

/** The files of a diff, in order: path, header, and the text of the hunks. */
function filesOf(diff) {
  return diff.split(/^(?=diff --git )/m).filter((part) => part.startsWith("diff --git ")).map((part) => {
    const start = part.search(/^@@ /m);
    const head = start < 0 ? part : part.slice(0, start);
    const hunks = start < 0 ? "" : part.slice(start);
    return { path: pathOf(head), hunks, head };
  });
}

function pathOf(head) {
  const named = (mark) => new RegExp(`^${mark} "?[ab]/(.*?)"?\\t?$`, "m").exec(head)?.[1];
  return named("\\+\\+\\+") ?? named("---") ?? /^diff --git "?a\/(.*?)"? "?b\//.exec(head)?.[1] ?? "?";
}

const DIFF_LINES = 200;
const LONGEST_LINE = 2000;

function drawnDiff({ hunks, head }) {
  if (!hunks) return el("p", { class: "note" }, /^Binary/m.test(head) ? "A binary file." : "No lines changed.");
  const lines = hunks.replace(/\n$/, "").split("\n");
  const box = el("div", { class: "code diff", tabindex: "0", role: "group", "aria-label": "Diff" });
  const draw = (from, to) => lines.slice(from, to).map(diffLine);
  box.append(...draw(0, DIFF_LINES));
  if (lines.length <= DIFF_LINES) return box;
  const button = el("button", { type: "button", class: "link", onclick: () => {
    button.remove();
    for (let from = DIFF_LINES; from < lines.length; from += DIFF_LINES) {
      const part = el("div", { class: "piece" });
      box.append(lazily(part, () => { part.append(...draw(from, from + DIFF_LINES)); part.classList.add("drawn"); }));
    }
  } }, `show all: ${counted(lines.length - DIFF_LINES, "more line")}`);
  return [box, button];
}

const SIGNS = { "+": "line add", "-": "line del", "@": "line hunk", "\\": "line note" };

function diffLine(line) {
  const node = el("div", { class: SIGNS[line[0]] ?? "line" });
  if (line.length <= LONGEST_LINE) node.append(...shown(line), line ? "" : " ");
  else node.append(...longText(line, { letters: LONGEST_LINE, kind: "run" }));
  return node;
}
