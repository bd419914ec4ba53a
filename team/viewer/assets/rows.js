// One event as an article: its line, what is drawn below it at once, and what a person opens.

class Rows {
  constructor(view) {
    this.view = view;
  }

  /** The nodes of a row at a position of the list: a heading where an iteration begins, and its article. */
  draw(index, position, size) {
    const row = this.view.rows[index];
    const before = this.view.rows[this.view.list.shownRows[position - 1]];
    const title = el("div", { class: "line" }, ...this.title(row));
    const body = el("div", { class: "body" });
    const node = el("article", {
      class: `event type-${row.type.replace(/[^a-z_]/g, "")} ${roleClass(row.agent)}${row.failed ? " failed" : ""}`, id: `e${row.seq}`,
      tabindex: "-1", "aria-label": this.label(row), "aria-posinset": position + 1, "aria-setsize": size,
    }, title, body);
    node.row = index;
    if (position === this.view.current) node.classList.add("current");
    if (this.view.query.length || (AT_ONCE.has(row.type) && !isReport(row))) this.fill(node, row, index, body);
    return before?.round === row.round ? [node] : [el("h3", { class: "iteration" }, this.heading(row.round)), node];
  }

  /** A session that ended before its first iteration has none. */
  heading(round) {
    const { facts, running } = this.view;
    return !running && facts && !facts.iterations.length ? "Before the first iteration" : `Iteration ${round}`;
  }

  title(row) {
    const label = row.type === "message" ? words(row.step) : "";
    const line = row.type === "message" && !isReport(row) ? "" : row.line;
    return [
      el("a", { class: "seq", href: `#e${row.seq}`, "aria-label": `Link to event ${row.seq}` }, String(row.seq)),
      el("span", { class: "who" }, shown(words(row.agent || (row.type === "message" ? "task" : "session")).slice(0, 60))), " ",
      label ? el("span", { class: "step" }, shown(label.slice(0, 60))) : null, " ",
      row.status ? el("span", { class: `mark gate-${row.status in MARKS ? row.status : "error"}`, "aria-hidden": "true" }, MARKS[row.status] ?? "!") : null,
      opens(row)
        ? el("button", { type: "button", class: "says opener", "aria-expanded": "false", onclick: (event) => this.toggle(event.currentTarget.closest("article")) }, shown(this.says(row, line)))
        : el("span", { class: "says" }, shown(this.says(row, line))),
      el("time", { datetime: row.ts, title: row.ts }, shown(this.since(row))),
      el("button", { type: "button", class: "raw quiet", "aria-expanded": "false", "aria-label": `Raw JSON of event ${row.seq}`, title: "Raw JSON (r)",
        onclick: (event) => this.toggleRaw(event.currentTarget.closest("article")) }, "{ }"),
    ];
  }

  /** What a screen reader says of an event. */
  label(row) {
    const status = row.status ? ` ${SAYS[row.status] ?? ""}` : "";
    return visible(`Event ${row.seq}, ${words(row.agent || "session")}${status}: ${this.says(row, row.line) || words(row.step)}`.slice(0, 200));
  }

  /** The line without what stands beside it already. */
  says(row, line) {
    const bare = line.startsWith(`${row.agent}: `) ? line.slice(row.agent.length + 2) : line;
    return bare || (row.type === "message" ? "" : words(row.type));
  }

  since(row) {
    const seconds = (Date.parse(row.ts) - Date.parse(this.view.rows[0].ts)) / 1000;
    return Number.isFinite(seconds) ? `+${duration(Math.max(0, seconds))}` : "";
  }

  fill(node, row, index, body) {
    const draw = (read) => {
      const parts = bodyOf(row, read, this.view).flat(2).filter(Boolean);
      body.replaceChildren(...(AT_ONCE.has(row.type) && !isReport(row) ? parts : []), ...this.where(row, read, parts));
      this.view.repaint();
    };
    const read = this.view.source.body(index);
    if (read instanceof Promise) read.then(draw);
    else if (read) draw(read);
    return node;
  }

  /** Where what was searched for lies in a part that is not drawn: one line of it. */
  where(row, { event }) {
    if (!this.view.query.length) return [];
    const parts = [];
    collect(event, parts);
    return [excerpt(parts.join("\n"), this.view.query)].filter(Boolean);
  }

  async toggle(node) {
    const row = this.view.rows[node.row];
    if (!opens(row)) return this.toggleFolds(node);
    const open = node.classList.toggle("opened");
    node.querySelector(".opener").setAttribute("aria-expanded", String(open));
    node.querySelector(".more")?.remove();
    if (open) node.append(el("div", { class: "more" }, bodyOf(row, await this.view.source.body(node.row), this.view).flat().filter(Boolean)));
    return undefined;
  }

  toggleFolds(node) {
    const folds = [...node.querySelectorAll(".body details")];
    const open = folds.some((each) => !each.open);
    for (const each of folds) each.open = open;
  }

  async toggleRaw(node) {
    const button = node.querySelector(".raw");
    const old = node.querySelector(".raw-json");
    button.setAttribute("aria-expanded", String(!old));
    node.classList.toggle("opened", !old);
    if (old) return old.remove();
    const { event } = await this.view.source.body(node.row);
    const copy = el("button", { type: "button", class: "link", onclick: () => navigator.clipboard?.writeText(JSON.stringify(event)).then(() => { copy.textContent = "copied"; }) }, "copy");
    node.append(el("div", { class: "raw-json" }, longText(JSON.stringify(event, null, 2), { lines: 80, letters: 8000 }), copy));
    return undefined;
  }
}
