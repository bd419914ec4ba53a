// A unified diff, file by file: one line each, opened on demand.

/** The files of a diff, in order: path, lines added, lines removed, and the text of its hunks. */
function filesOf(diff) {
  return diff.split(/^(?=diff --git )/m).filter((part) => part.startsWith("diff --git ")).map((part) => {
    const start = part.search(/^@@ /m);
    const head = start < 0 ? part : part.slice(0, start);
    const hunks = start < 0 ? "" : part.slice(start);
    return { path: pathOf(head), added: countLines(hunks, "+"), removed: countLines(hunks, "-"), hunks, head };
  });
}

function pathOf(head) {
  const named = (mark) => new RegExp(`^${mark} "?[ab]/(.*?)"?\\t?$`, "m").exec(head)?.[1];
  return named("\\+\\+\\+") ?? named("---") ?? /^diff --git "?a\/(.*?)"? "?b\//.exec(head)?.[1] ?? "?";
}

function countLines(hunks, sign) {
  let count = 0;
  for (let at = hunks.indexOf(`\n${sign}`); at >= 0; at = hunks.indexOf(`\n${sign}`, at + 1)) count++;
  return count;
}

const DIFF_LINES = 200;
const LONGEST_LINE = 2000;

/** One file of a diff as a line that opens. */
function foldedFile(file) {
  return fold([el("span", { class: "path" }, shown(file.path)), " ", delta(file.added, file.removed), fileMark(file.head)],
    () => drawnDiff(file));
}

function fileMark(head) {
  const mark = /^new file/m.test(head) ? "new" : /^deleted file/m.test(head) ? "deleted" : /^Binary/m.test(head) ? "binary" : "";
  return mark ? el("span", { class: "note" }, ` ${mark}`) : null;
}

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

/** All files of a diff, or what stands in its place. */
function diffView(diff, none) {
  const files = filesOf(diff);
  if (!files.length) return el("p", { class: "note" }, none);
  return el("div", { class: "files" }, files.map(foldedFile));
}
