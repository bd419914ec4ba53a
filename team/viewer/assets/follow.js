// Following a session that is at work: new events come by themselves, and the page stays at its end until
// somebody scrolls up.

const PACE = 1000;
const PACE_WHEN_ENDED = 5000;
const NEAR = 120;

class Follower {
  constructor(view, source) {
    this.view = view;
    this.source = source;
    this.following = false;
    this.settled = false;
    this.unseen = 0;
    this.before = scrollY;
    byId("follow").addEventListener("click", () => this.start());
    addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => { if (this.following) this.toEnd(); }).observe(byId("feed"));
  }

  start() {
    this.following = true;
    this.unseen = 0;
    this.toEnd();
    this.paint();
  }

  toEnd() {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
    this.before = scrollY;
  }

  scrolled() {
    const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - NEAR;
    if (this.following && !atEnd && scrollY < this.before - 4) this.following = false;
    this.before = scrollY;
    this.paint();
  }

  stop() {
    this.following = false;
    this.paint();
  }

  /** All that was there is read: go to where the address leads, or to the end of what goes on. */
  settle() {
    this.settled = true;
    if (location.hash) this.view.toHash();
    else if (this.view.running) this.start();
  }

  stopUnlessLast(position) {
    if (position < this.view.list.shownRows.length - 1) this.stop();
  }

  paint() {
    const button = byId("follow");
    button.hidden = this.following || !this.view.running;
    const label = this.unseen ? `Follow: ${counted(this.unseen, "new event")}` : "Follow";
    if (button.textContent !== label) button.textContent = label;
  }

  /** Ask again and again; the first answers are the session so far. */
  async run() {
    for (;;) {
      const came = await this.ask();
      if (came) continue;
      const pace = this.view.running ? PACE : PACE_WHEN_ENDED;
      await new Promise((go) => setTimeout(go, document.hidden ? PACE_WHEN_ENDED : pace));
    }
  }

  /** One question; true when there may be more at once. */
  async ask() {
    let answer;
    try {
      answer = await this.source.more();
      trouble("");
    } catch (error) {
      trouble(`The server does not answer (${error.message}). Start devteam view again; this page goes on by itself.`);
      return false;
    }
    const first = !this.settled;
    const number = this.view.take(answer);
    if (this.following) this.toEnd();
    else if (!first) this.unseen += number;
    if (!answer.more && first) this.settle();
    this.paint();
    return answer.more;
  }
}
