// The list of events. It is cut into blocks, and only blocks near the screen are drawn: the rest are boxes of
// about the right height. So its cost does not depend on the length of the session.

const BLOCK = 20;
const MOST_DRAWN = 48;
const ROW_HEIGHT = 56;

class Feed {
  /** `draw(index, position, size)` gives the nodes of a row, of which the last is its article. */
  constructor(node, draw) {
    this.node = node;
    this.draw = draw;
    this.shownRows = [];
    this.blocks = [];
    this.drawn = new Set();
    this.observer = new IntersectionObserver((seen) => this.seen(seen), { rootMargin: "900px 0px" });
  }

  /** Show these rows, given by their numbers, in place of all others. */
  show(indexes) {
    this.observer.disconnect();
    this.shownRows = indexes;
    this.drawn.clear();
    this.blocks = [];
    const nodes = [];
    for (let start = 0; start < indexes.length; start += BLOCK) nodes.push(this.block(start).node);
    this.node.replaceChildren(...nodes);
    if (this.blocks.length) this.fill(this.blocks[0]);
    for (const node of nodes) this.observer.observe(node);
    if (this.blocks.length <= MOST_DRAWN) idly(() => this.fillNext(this.blocks));
  }

  /** What is not long is drawn whole, when there is time, so that the browser's own search finds all of it. */
  fillNext(blocks) {
    const next = blocks === this.blocks && blocks.find((block) => !this.drawn.has(block));
    if (!next) return;
    this.fill(next);
    idly(() => this.fillNext(blocks));
  }

  /** Show these as well, at the end. */
  add(indexes) {
    for (const index of indexes) {
      this.shownRows.push(index);
      const last = this.blocks.at(-1);
      const at = this.shownRows.length - 1;
      if (!last || at - last.start >= BLOCK) {
        const block = this.block(at);
        this.node.append(block.node);
        this.observer.observe(block.node);
      } else if (this.drawn.has(last)) this.put(last, index, at, -1);
      else last.node.style.minHeight = `${(at - last.start + 1) * ROW_HEIGHT}px`;
    }
  }

  /** The article at a position, drawn if it was not. */
  at(position) {
    const block = this.blocks[Math.floor(position / BLOCK)];
    if (!block) return null;
    this.fill(block);
    return block.articles[position - block.start] ?? null;
  }

  block(start) {
    const block = { start, node: el("div", { class: "block" }), articles: [] };
    block.node.style.minHeight = `${Math.min(BLOCK, Math.max(1, this.shownRows.length - start)) * ROW_HEIGHT}px`;
    block.node.block = block;
    this.blocks.push(block);
    return block;
  }

  fill(block) {
    if (this.drawn.has(block)) return;
    this.drawn.add(block);
    const rows = this.shownRows.slice(block.start, block.start + BLOCK);
    block.node.replaceChildren();
    block.articles = [];
    rows.forEach((index, at) => this.put(block, index, block.start + at, this.shownRows.length));
    block.node.style.minHeight = "";
  }

  put(block, index, position, size) {
    const nodes = this.draw(index, position, size);
    block.articles.push(nodes.at(-1));
    block.node.append(...nodes);
  }

  seen(entries) {
    for (const { target, isIntersecting } of entries) if (isIntersecting) this.fill(target.block);
    if (this.drawn.size > MOST_DRAWN) this.empty(new Set(entries.filter((entry) => entry.isIntersecting).map((entry) => entry.target.block)));
  }

  /** Let go of blocks far from the screen, but for those in which a person has opened or chosen something. */
  empty(keep) {
    for (const block of this.drawn) {
      const { top, bottom, height } = block.node.getBoundingClientRect();
      const near = bottom > -2000 && top < innerHeight + 2000;
      if (near || keep.has(block) || block.node.querySelector("details[open], .opened, .current, :focus")) continue;
      block.node.style.minHeight = `${height}px`;
      block.node.replaceChildren();
      this.drawn.delete(block);
      this.observer.unobserve(block.node);
      this.observer.observe(block.node);
    }
  }
}
