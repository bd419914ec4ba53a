// Where bodies and diffs come from: packed in this file, or the server that this page came from.

async function unpack(base64) {
  const letters = atob(base64);
  const packed = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at++) packed[at] = letters.charCodeAt(at);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** Bodies that lie in the page in packed pieces; a piece is unpacked when it is first asked for. */
class PageSource {
  constructor() {
    this.pieces = [];
    this.starts = [];
    let start = 0;
    for (const node of document.querySelectorAll("script.chunk")) {
      const text = node.textContent;
      const colon = text.indexOf(":");
      this.starts.push(start);
      this.pieces.push({ text: text.slice(colon + 1), bodies: null });
      start += Number(text.slice(0, colon));
      node.remove();
    }
  }

  /** The body of a row, or a promise of it. */
  body(index) {
    const at = this.pieceOf(index);
    const { bodies } = this.pieces[at];
    return Array.isArray(bodies) ? bodies[index - this.starts[at]] : this.load(at).then((read) => read[index - this.starts[at]]);
  }

  pieceOf(index) {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  load(at) {
    const piece = this.pieces[at];
    piece.bodies ??= unpack(piece.text).then((bodies) => {
      piece.text = "";
      piece.bodies = bodies;
      return bodies;
    });
    return Promise.resolve(piece.bodies);
  }

  /** The unified diff of an iteration, or of the session for "all". */
  async diff(iteration) {
    this.diffs ??= unpack(byId("diffs").textContent);
    return (await this.diffs)[iteration] ?? "";
  }
}

/** Bodies that a server sends, with the rows, as the session goes on. */
class LiveSource {
  constructor(session) {
    this.address = `../api/sessions/${encodeURIComponent(session)}`;
    this.bodies = [];
    this.version = "";
    this.last = -1;
  }

  body(index) {
    return this.bodies[index];
  }

  async diff(iteration) {
    const answer = await this.ask(`/diff?iteration=${encodeURIComponent(iteration)}`);
    return answer.diff;
  }

  /** What was added to the log since the last question. */
  async more() {
    const answer = await this.ask(`?after=${this.last}&known=${this.version}`);
    if (answer.restart) this.bodies = [];
    this.bodies.push(...answer.bodies);
    this.last = answer.last;
    this.version = answer.version;
    return answer;
  }

  async ask(what) {
    const response = await fetch(this.address + what, { cache: "no-store" });
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    return response.json();
  }
}
