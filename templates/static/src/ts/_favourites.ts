// Stars: <form id="stars" action="/e/…/my-agenda" data-failed="…"> and <button class="fav" form="stars" name="add" value="guid">. Without scripts a press adds the session and shows
// the agenda. Here it is told to the server in the background, together with what is pressed soon after, and again later when there is no network; until then this browser remembers it.
// Pages are the same for everybody: which stars shine, the server says in an answer of its own, to all tabs and devices that have the same agenda.
const pause = 400; // milliseconds after the last press
const again = 30_000; // milliseconds after a failure

interface Kept {
  said: string[]; // by the server
  add: string[]; // not told yet
  remove: string[];
}

let stars: Stars | undefined;

export function favourites(root: ParentNode): void {
  const form = document.querySelector<HTMLFormElement>("form#stars");
  if (!form) return;
  stars ??= new Stars(form.action, form.dataset.failed ?? "");
  stars.tend(root);
}

class Stars {
  private kept: Kept;
  private timer = 0;
  private alone = false; // storage is full or off: this page remembers it
  private line: Promise<unknown> = Promise.resolve(); // of what was begun, where browsers have no locks: without https
  private readonly key: string;

  constructor(
    private readonly address: string,
    private readonly failed: string,
  ) {
    this.key = "stars:" + new URL(address).pathname;
    this.kept = this.read();
    this.takeOver();
    window.addEventListener("online", () => void this.tell());
    window.addEventListener("pageshow", (event) => event.persisted && void this.tell());
    window.addEventListener("storage", (event) => {
      if (event.key !== this.key) return;
      this.kept = this.read(); // another tab
      this.paint(document);
    });
    document.addEventListener("click", (event) => {
      const button = (event.target as Element).closest<HTMLButtonElement>("button.fav");
      if (!button) return;
      event.preventDefault();
      this.press(button.value);
    });
    const filter = document.querySelector<HTMLButtonElement>("[data-fav-only]");
    if (filter) filter.hidden = false;
    filter?.addEventListener("click", () => {
      const only = document.documentElement.classList.toggle("only-favourites");
      filter.setAttribute("aria-pressed", String(only));
    });
    void this.tell();
  }

  // takeOver adds what earlier versions of this page kept in this browser alone.
  private takeOver(): void {
    const old = "favourites:" + (/\/e\/([^/]+)\//.exec(this.key)?.[1] ?? "");
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(old) ?? "null");
      if (!Array.isArray(stored)) return;
      localStorage.removeItem(old);
      this.kept.add = [...new Set([...this.kept.add, ...stored.map(String)])];
      this.write();
    } catch {
      // nothing that can be read
    }
  }

  private has(guid: string): boolean {
    return this.kept.add.includes(guid) || (this.kept.said.includes(guid) && !this.kept.remove.includes(guid));
  }

  private press(guid: string): void {
    const on = !this.has(guid);
    this.kept = this.read(); // of all tabs
    const without = (list: string[]) => list.filter((each) => each !== guid);
    this.kept = { said: this.kept.said, add: on ? [...without(this.kept.add), guid] : without(this.kept.add), remove: on ? without(this.kept.remove) : [...without(this.kept.remove), guid] };
    this.write();
    this.paint(document);
    this.later(pause);
  }

  private later(wait: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.tell(), wait);
  }

  // tell sends what the server does not know, and learns what is marked. One tab at a time: the first star of all makes the agenda, and its cookie.
  private async tell(): Promise<void> {
    clearTimeout(this.timer);
    const work = () => this.exchange();
    try {
      await (navigator.locks ? navigator.locks.request(this.key, work) : (this.line = this.line.then(work, work)));
      document.querySelector(".stars-failed")?.remove();
    } catch {
      if (this.kept.add.length + this.kept.remove.length === 0) return; // nothing is lost
      this.complain();
      this.later(again);
    }
    this.paint(document);
  }

  private async exchange(): Promise<void> {
    const { add, remove } = (this.kept = this.read());
    const news = add.length + remove.length > 0;
    const body = new URLSearchParams([...add.map((guid) => ["add", guid]), ...remove.map((guid) => ["remove", guid])]);
    const response = await fetch(news ? this.address : this.address + "/marked", { method: news ? "POST" : "GET", body: news ? body : undefined, headers: { Accept: "application/json" }, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(response.statusText);
    const { sessions } = (await response.json()) as { sessions: string[] };
    const now = this.read(); // pressed meanwhile
    const rest = (list: string[], sent: string[]) => list.filter((guid) => !sent.includes(guid));
    this.kept = { said: sessions, add: rest(now.add, add), remove: rest(now.remove, remove) };
    this.write();
    if (this.kept.add.length + this.kept.remove.length > 0) this.later(pause);
  }

  private complain(): void {
    if (document.querySelector(".stars-failed")) return;
    const area = document.createElement("div");
    area.className = "toasts stars-failed";
    area.setAttribute("role", "status");
    const note = document.createElement("p");
    note.className = "toast";
    note.textContent = this.failed;
    area.append(note);
    document.body.append(area);
  }

  tend(root: ParentNode): void {
    this.paint(root);
  }

  private paint(root: ParentNode): void {
    for (const button of root.querySelectorAll<HTMLButtonElement>("button.fav")) {
      const on = String(this.has(button.value));
      if (button.getAttribute("aria-pressed") !== on) button.setAttribute("aria-pressed", on);
    }
  }

  private read(): Kept {
    if (this.alone) return this.kept;
    const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
    try {
      const stored = JSON.parse(localStorage.getItem(this.key) ?? "{}") as Partial<Record<keyof Kept, unknown>>;
      return { said: list(stored.said), add: list(stored.add), remove: list(stored.remove) };
    } catch {
      return { said: [], add: [], remove: [] };
    }
  }

  private write(): void {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.kept));
    } catch {
      this.alone = true;
    }
  }
}
