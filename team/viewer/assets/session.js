// One session: puts the parts together.

class View {
  constructor(source) {
    this.source = source;
    this.rows = [];
    this.facts = null;
    this.current = -1;
    this.query = [];
    this.filter = new Filter(this.rows, () => this.refilter());
    this.index = new Index(this.rows, source);
    this.cards = new Rows(this);
    this.list = new Feed(byId("feed"), (index, position, size) => this.cards.draw(index, position, size));
    byId("clear").addEventListener("click", () => this.filter.clear());
    byId("search").addEventListener("input", (event) => this.search(event.target.value));
    addEventListener("hashchange", () => this.toHash());
    byId("feed").addEventListener("focusin", (event) => this.chosen(event.target.closest("article")));
    const repaint = debounced(() => highlight(byId("feed"), this.query), 60);
    this.repaint = () => { if (this.query.length) repaint(); };
    addEventListener("scroll", this.repaint, { passive: true });
    this.pin = null;
    for (const name of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(name, () => { this.pin = null; }, { passive: true, capture: true });
    new ResizeObserver(() => this.pin?.scrollIntoView({ block: "start", behavior: "instant" })).observe(byId("feed"));
    bindKeys(this);
  }

  get running() { return this.facts?.status === "running"; }

  /** Take new rows; what they change is drawn again. Gives their number. */
  take({ facts, rows, restart }) {
    if (restart) this.forget();
    const start = this.rows.length;
    this.rows.push(...rows);
    if (facts) {
      this.facts = facts;
      drawHead(facts, this.source);
    }
    if (rows.length || restart) this.filter.offer();
    if (start === 0) this.refilter();
    else if (rows.length) this.append(start);
    this.paintEnding();
    return rows.length;
  }

  forget() {
    this.rows.length = 0;
    this.index.forget();
    this.current = -1;
  }

  async append(start) {
    if (this.query.length) await this.index.build();
    this.list.add(this.filter.matching(start));
    this.tell();
  }

  refilter() {
    const focused = this.list.shownRows[this.current];
    this.list.show(this.filter.matching());
    this.current = focused === undefined ? -1 : this.list.shownRows.indexOf(focused);
    byId("feed").setAttribute("aria-busy", "false");
    this.tell();
    if (this.query.length) this.repaint();
    else CSS.highlights?.delete("found");
  }

  tell() {
    const number = this.list.shownRows.length;
    const all = this.rows.length;
    const reading = this.query.length && !this.index.whole ? `, reading ${Math.round(100 * this.index.share)} %` : "";
    byId("count").textContent = this.filter.narrow ? `${number.toLocaleString("en")} of ${counted(all, "event")}${reading}` : counted(all, "event");
    byId("clear").hidden = !this.filter.narrow;
    if (!number && all) byId("feed").replaceChildren(el("p", { class: "empty" }, "No event matches."));
  }

  paintEnding() {
    const place = byId("ending");
    place.hidden = !this.facts;
    const working = this.follower ? "At work; new events appear here." : "It was still at work when this page was written.";
    place.textContent = this.running ? working : this.rows.length ? "" : "Nothing was recorded.";
    place.classList.toggle("working", this.running && Boolean(this.follower));
  }

  /** Search; while the text of all events is still being read, results grow. */
  async search(text) {
    this.filter.query = text.trim();
    this.query = terms(text);
    const update = () => {
      if (this.filter.query !== text.trim()) return false;
      this.filter.found = this.index.finder(text);
      this.refilter();
      return true;
    };
    if (!this.query.length || this.index.whole) return update();
    if (update()) await this.index.build();
    return update();
  }

  // Moving about.

  chosen(article) {
    if (!article) return;
    byId("feed").querySelector(".current")?.classList.remove("current");
    article.classList.add("current");
    this.current = this.list.shownRows.indexOf(article.row);
  }

  go(position, { block = "nearest" } = {}) {
    if (position < 0 || position >= this.list.shownRows.length) return;
    const node = this.list.at(position);
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block, behavior: "instant" });
    this.follower?.stopUnlessLast(position);
  }

  move(by) { this.go(Math.min(this.list.shownRows.length - 1, Math.max(0, this.current < 0 ? this.firstInView() : this.current + by))); }

  /** The first event that is on the screen, for who has scrolled there. */
  firstInView() {
    for (const node of byId("feed").querySelectorAll("article")) {
      if (node.getBoundingClientRect().bottom > 150) return this.list.shownRows.indexOf(node.row);
    }
    return 0;
  }

  moveIteration(by) {
    const { shownRows } = this.list;
    const here = this.rows[shownRows[Math.max(0, this.current)]]?.round ?? 0;
    const numbers = [...new Set(shownRows.map((index) => this.rows[index].round))].sort((a, b) => a - b);
    const next = this.current < 0 && by > 0 ? numbers[0] : by > 0 ? numbers.find((number) => number > here) : numbers.findLast((number) => number < here);
    if (next !== undefined) this.go(shownRows.findIndex((index) => this.rows[index].round === next), { block: "start" });
  }

  open() { if (this.current >= 0) this.cards.toggle(this.list.at(this.current)); }
  raw() { if (this.current >= 0) this.cards.toggleRaw(this.list.at(this.current)); }
  first() { this.go(0, { block: "start" }); }

  start() {
    scrollTo({ top: 0, behavior: "instant" });
    byId("main").focus({ preventScroll: true });
    byId("feed").querySelector(".current")?.classList.remove("current");
    this.current = -1;
  }

  end() {
    this.go(this.list.shownRows.length - 1, { block: "end" });
    if (this.running) this.follower?.start();
  }

  /** Go to the event that the address names (#e12, #seq-12); filters that hide it are taken back. */
  toHash() {
    const seq = Number(/^#(?:e|seq-)(\d+)$/.exec(location.hash)?.[1] ?? NaN);
    const index = this.rows.findIndex((row) => row.seq === seq);
    if (index < 0) return;
    if (!this.list.shownRows.includes(index)) this.filter.clear();
    this.follower?.stop();
    this.jump(this.list.shownRows.indexOf(index));
  }

  /** Go there, and stay while what lies above is still being drawn, until a person does something. */
  jump(position) {
    this.go(position, { block: "start" });
    this.pin = this.list.at(position);
    setTimeout(() => { this.pin = null; }, 1500);
  }
}

function debounced(act, wait) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(act, wait); };
}

const data = JSON.parse(byId("data").textContent);
if (data.live) {
  byId("brand").replaceChildren(el("a", { href: "../" }, "devteam"));
  const source = new LiveSource(data.session);
  const view = new View(source);
  view.follower = new Follower(view, source);
  view.follower.run();
} else {
  const view = new View(new PageSource());
  view.take(data);
  view.toHash();
  idly(() => view.index.build());
}
