// Elements and the text in them. Text of a transcript reaches the page through here, and only ever as text.

const byId = (id) => document.getElementById(id);

/** An element. Attributes that are null or false are left out; those named on… are listeners; children are nodes or text. */
function el(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/** Calls `fill` once, as soon as the node comes near the screen. */
const lazily = (() => {
  const waiting = new WeakMap();
  const observer = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.get(target)();
    }
  }, { rootMargin: "600px" });
  return (node, fill) => {
    waiting.set(node, fill);
    observer.observe(node);
    return node;
  };
})();

/** A line that opens what belongs to it. The content is made at the first opening. */
function fold(summary, content, open = false) {
  const node = el("details", { class: "fold" }, el("summary", {}, summary));
  const fill = () => {
    if (!node.open || node.childElementCount > 1) return;
    Promise.resolve(content()).then((made) => node.append(el("div", { class: "folded" }, made)));
  };
  node.addEventListener("toggle", fill);
  node.open = open;
  return node;
}

/** Calls `act` when nothing else is to be done. */
const idly = (act) => (globalThis.requestIdleCallback ?? setTimeout)(act);

function trouble(words) {
  const place = byId("trouble");
  place.replaceChildren(...shown(words));
  place.hidden = !words;
}
