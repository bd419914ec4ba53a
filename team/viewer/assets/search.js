// Full text of all events, in lower case, read in small steps so that the page stays quick meanwhile.

class Index {
  constructor(rows, source) {
    this.rows = rows;
    this.source = source;
    this.texts = [];
    this.building = null;
  }

  get whole() {
    return this.texts.length >= this.rows.length;
  }

  get share() {
    return this.rows.length ? this.texts.length / this.rows.length : 1;
  }

  /** Read what was not read yet. */
  build() {
    this.building ??= this.read().finally(() => { this.building = null; });
    return this.building;
  }

  async read() {
    let pause = performance.now() + 12;
    while (!this.whole) {
      const body = await this.source.body(this.texts.length);
      this.texts.push(textOf(this.rows[this.texts.length], body));
      if (performance.now() < pause) continue;
      await new Promise((go) => setTimeout(go));
      pause = performance.now() + 12;
    }
  }

  forget() {
    this.texts = [];
  }

  /** Says of a row whether all words of the query are in it; "in quotes" they stand together. */
  finder(query) {
    const wanted = terms(query);
    if (!wanted.length) return null;
    const [first, ...others] = wanted;
    return (at) => {
      const text = this.texts[at];
      return text !== undefined && text.includes(first) && others.every((word) => text.includes(word));
    };
  }
}

function terms(query) {
  const found = query.toLowerCase().match(/"[^"]+"?|[^\s"]+/g) ?? [];
  return found.map((word) => word.replaceAll('"', "")).filter(Boolean);
}

const UNREAD = new Set(["v", "session", "prev", "request_digest"]);

function textOf(row, { event }) {
  const parts = [row.line];
  collect(event, parts);
  return parts.join("\n").toLowerCase();
}

function collect(value, parts) {
  if (typeof value === "string") parts.push(value);
  else if (typeof value === "number") parts.push(String(value));
  else if (value && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) if (!UNREAD.has(key)) collect(inner, parts);
  }
}

/** Where a text first holds one of the words, with what stands around it; null where it does not. */
function excerpt(text, wanted) {
  const low = text.toLowerCase();
  const found = wanted.map((word) => [low.indexOf(word), word]).filter(([at]) => at >= 0);
  if (!found.length) return null;
  const [at, word] = found[0];
  const from = Math.max(0, at - 60);
  const flat = (part) => shown(part.replace(/\s+/g, " "));
  return el("p", { class: "excerpt" }, from ? "… " : "", flat(text.slice(from, at)),
    el("mark", {}, flat(text.slice(at, at + word.length))), flat(text.slice(at + word.length, at + word.length + 100)), " …");
}

/** Mark the words in what is drawn, without touching the elements. */
function highlight(root, wanted) {
  if (!globalThis.CSS?.highlights) return;
  const ranges = [];
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = wanted.length ? walk.nextNode() : null; node && ranges.length < 2000; node = walk.nextNode()) {
    const text = node.data.toLowerCase();
    if (text.length !== node.data.length) continue;
    for (const word of wanted) {
      for (let at = text.indexOf(word); at >= 0 && ranges.length < 2000; at = text.indexOf(word, at + word.length)) {
        const range = new Range();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        ranges.push(range);
      }
    }
  }
  CSS.highlights.set("found", new Highlight(...ranges));
}
