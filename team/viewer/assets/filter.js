// Which events are shown: by role, type, gate, failure and the words in them. What is not chosen does not narrow.

const MOST_NAMES = 40;

class Filter {
  constructor(rows, changed) {
    this.rows = rows;
    this.changed = changed;
    this.roles = new Set();
    this.type = this.gate = this.query = "";
    this.failures = false;
    this.found = null;
    byId("failures").addEventListener("click", () => this.toggleFailures());
    byId("type").addEventListener("change", (event) => { this.type = event.target.value; changed(); });
    byId("gate").addEventListener("change", (event) => { this.gate = event.target.value; changed(); });
    byId("more-filters").addEventListener("click", (event) => {
      const open = byId("filters-more").classList.toggle("open");
      event.currentTarget.setAttribute("aria-expanded", open);
    });
  }

  get narrow() {
    return this.roles.size > 0 || Boolean(this.type || this.gate || this.query) || this.failures;
  }

  /** The numbers of the rows to show, out of those from `start` on. */
  matching(start = 0) {
    const { rows, roles, type, gate, failures, found } = this;
    const kept = [];
    for (let at = start; at < rows.length; at++) {
      const row = rows[at];
      if (roles.size && !roles.has(row.agent || "session")) continue;
      if (type && row.type !== type) continue;
      if (gate && row.gate !== gate) continue;
      if (failures && !row.failed) continue;
      if (found && !found(at)) continue;
      kept.push(at);
    }
    return kept;
  }

  toggleFailures() {
    this.failures = !this.failures;
    this.paint();
    this.changed();
  }

  clear() {
    this.roles.clear();
    this.type = this.gate = this.query = "";
    this.failures = false;
    this.found = null;
    byId("search").value = byId("type").value = byId("gate").value = "";
    this.paint();
    this.changed();
  }

  /** Offer what occurs in the session; what was chosen stays chosen. */
  offer() {
    const roles = count(this.rows, (row) => row.agent || "session");
    byId("roles").replaceChildren(...[...roles].slice(0, MOST_NAMES).map(([role, number]) => el("button", {
      type: "button", class: `chip ${roleClass(role)}`, "data-role": role, "aria-pressed": String(this.roles.has(role)),
      onclick: () => this.toggleRole(role),
    }, el("span", { class: "dot", "aria-hidden": "true" }), el("span", {}, shown(words(role).slice(0, 40))), " ", el("span", { class: "number" }, String(number)))));
    options(byId("type"), count(this.rows, (row) => row.type), this.type);
    options(byId("gate"), count(this.rows, (row) => row.gate), this.gate);
    byId("gate").hidden = !this.rows.some((row) => row.gate);
  }

  toggleRole(role) {
    if (!this.roles.delete(role)) this.roles.add(role);
    this.paint();
    this.changed();
  }

  paint() {
    for (const chip of byId("roles").children) chip.setAttribute("aria-pressed", String(this.roles.has(chip.dataset.role)));
    byId("failures").setAttribute("aria-pressed", String(this.failures));
  }
}

function count(rows, key) {
  const counts = new Map();
  for (const row of rows) {
    const name = key(row);
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

function options(select, counts, chosen) {
  const known = new Set([...select.options].map((option) => option.value));
  for (const [name, number] of [...counts].slice(0, MOST_NAMES)) {
    const label = `${words(name).slice(0, 60)} (${number})`;
    if (known.has(name)) [...select.options].find((option) => option.value === name).textContent = label;
    else select.append(el("option", { value: name }, visible(label)));
  }
  select.value = chosen;
}
