// Words and numbers for people; and what cannot be seen in a text, made visible.

const ODD = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/u;
const ODD_RUNS = /((?:(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}])+)/u;

/** The text as nodes, in which no character moves, hides or reorders another: such characters stand there by their number. */
function shown(text) {
  const plain = String(text ?? "").replaceAll("\r\n", "\n");
  if (!ODD.test(plain)) return [plain];
  const parts = plain.split(ODD_RUNS);
  return parts.map((part, at) => (at % 2 ? el("span", { class: "odd" }, numbers(part)) : part)).filter((part) => part !== "");
}

/** The same as a string, for names and titles. */
const visible = (text) => shown(text).map((part) => part.textContent ?? part).join("");

function numbers(run) {
  return [...run].map((letter) => {
    const code = letter.codePointAt(0);
    const digits = code.toString(16).padStart(code < 256 ? 2 : 4, "0");
    return code < 256 ? `\\x${digits}` : code < 65536 ? `\\u${digits}` : `\\u{${digits}}`;
  }).join("");
}

const PIECE = 20_000;

/** Preformatted text. Of a long one the beginning, and a button for the rest, which is drawn as it comes into view. */
function longText(text, { lines = 40, letters = 4000, draw = shown, kind = "code" } = {}) {
  const whole = String(text ?? "").replace(/\n+$/, "");
  const end = cutAt(whole, lines, letters);
  const dir = kind === "prose" ? "auto" : "ltr";
  const node = el("div", { class: kind, dir }, draw(whole.slice(0, end)));
  if (end >= whole.length) return [node];
  const rest = whole.slice(end);
  const button = el("button", { type: "button", class: "link", onclick: () => {
    button.replaceWith(...pieces(rest, PIECE).map((piece) => {
      const part = el("div", { class: `${kind} piece`, dir });
      return lazily(part, () => { part.replaceChildren(...shown(piece)); part.classList.add("drawn"); });
    }));
  } }, `show all: ${lineCount(rest)} more, ${bytes(rest.length)}`);
  return [node, button];
}

function cutAt(text, lines, letters) {
  let at = -1;
  for (let line = 0; line < lines; line++) {
    const next = text.indexOf("\n", at + 1);
    if (next < 0 || next > letters) return text.length <= letters ? text.length : Math.max(at + 1, 0) || letters;
    at = next;
  }
  return at + 1;
}

/** Cut after a line's end where there is one nearby, so that no piece breaks a line that was whole. */
function pieces(text, size) {
  const found = [];
  for (let at = 0; at < text.length;) {
    const window = text.slice(at, at + size);
    const newline = window.lastIndexOf("\n");
    const piece = at + size < text.length && newline > size / 2 ? window.slice(0, newline + 1) : window;
    found.push(piece);
    at += piece.length;
  }
  return found;
}

/** Prose of a message: `code` and **stress** and # headings look like it; everything is text. */
function prose(text) {
  return text.split(/^(#{1,6} .*)$/m).flatMap((part, at) =>
    at % 2 ? [el("strong", { class: "heading" }, shown(part.replace(/^#+ /, "")))] : inline(part));
}

function inline(text) {
  return text.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/).flatMap((part, at) => {
    if (at % 2 === 0) return shown(part);
    return part[0] === "`" ? [el("code", {}, shown(part.slice(1, -1)))] : [el("strong", {}, shown(part.slice(2, -2)))];
  });
}

const words = (name) => String(name ?? "").replaceAll("_", " ");
const counted = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
const lineCount = (text) => counted(text.replace(/\n$/, "").split("\n").length, "line");

function bytes(number) {
  if (number < 1000) return counted(number, "character");
  return number < 1e6 ? `${(number / 1000).toFixed(1)} kB` : `${(number / 1e6).toFixed(1)} MB`;
}

function duration(seconds) {
  if (!(seconds >= 0)) return "";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  const two = (number) => String(number).padStart(2, "0");
  if (minutes < 60) return `${minutes}:${two(Math.floor(seconds % 60))} min`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)} h`;
}

const dollars = (cost) => (cost === null || cost === undefined ? "unknown" : `$${cost.toFixed(4)}`);
const tokens = (number) => (number ?? 0).toLocaleString("en");

/** `+12 −4`, in colours and in words for those who do not see them. */
function delta(added, removed) {
  return [
    el("span", { class: "added" }, `+${added ?? 0}`), " ",
    removed ? el("span", { class: "removed" }, `−${removed}`) : null,
  ];
}
