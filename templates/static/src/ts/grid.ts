// The agenda as a grid: rooms beside each other, the day from top to bottom. Sessions are dragged, stretched, moved by keys, and put aside; what others do comes by itself.
import { type Clash, type Day, type Move, overlap, Plan, Refused, type Session, type Slot } from "./_plan";

const step = 5 * 60_000; // milliseconds: what a drag or a key moves by
const listenEvery = 3000;
const hold = 350; // milliseconds that a finger rests before it drags and no longer scrolls
const far = 5; // pixels after which a press is a drag
const edge = 48; // pixels from the border at which the grid scrolls along
const shortest = step;

interface Drag {
  cards: Session[]; // the first is the one that was taken
  grabbed: number; // milliseconds from its start to the pointer
  stretch: boolean;
  to?: Map<string, Slot | undefined>;
}

class Grid {
  private day: Day;
  private readonly chosen = new Set<string>();
  private readonly board = need(".plan-board");
  private readonly scroll = need(".plan-scroll");
  private readonly tray = need("[data-tray]");
  private readonly said = need("[data-said]");
  private readonly cards = new Map<string, HTMLElement>();
  private readonly clock: Intl.DateTimeFormat;
  private from = 0; // the first instant that is drawn
  private until = 0;
  private drag: Drag | undefined;
  private readonly writes: boolean;

  constructor(
    private readonly root: HTMLElement,
    private readonly plan: Plan,
  ) {
    this.writes = root.dataset.write !== undefined;
    this.clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: plan.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const wanted = plan.days.find((day) => day.date === location.hash.slice(1));
    const first = plan.days[0];
    if (!first) throw new Error("an event without a day");
    this.day = wanted ?? plan.days.find((day) => [...plan.sessions.values()].some((s) => s.slot && plan.dayOf(s.slot) === day)) ?? first;
    this.tabs();
    this.listen();
    this.draw();
    setInterval(() => void this.hear(), listenEvery);
  }

  // Drawing

  private tabs(): void {
    const list = need("[data-days]");
    const name = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: this.plan.zone, weekday: "short", day: "numeric", month: "short" });
    list.replaceChildren(
      ...this.plan.days.map((day) => {
        const tab = make("a", "", name.format(day.start));
        tab.setAttribute("href", `#${day.date}`);
        tab.dataset.day = day.date;
        return tab;
      }),
    );
  }

  private show(day: Day): void {
    this.day = day;
    this.chosen.clear();
    this.draw();
  }

  // draw makes the board anew: after another day, or when its hours or rooms have changed. Cards alone are put by place.
  private draw(): void {
    for (const tab of document.querySelectorAll<HTMLElement>("[data-days] a")) {
      if (tab.dataset.day === this.day.date) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    [this.from, this.until] = this.hours();
    const rooms = [{ id: "", name: word("everywhere"), capacity: null }, ...this.plan.rooms];
    this.board.style.setProperty("--rooms", String(rooms.length));
    this.board.style.setProperty("--long", String((this.until - this.from) / 60_000));
    const corner = make("div", "plan-corner");
    const heads = rooms.map((room) => {
      const head = make("div", "plan-head");
      head.append(make("bdi", "", room.name));
      if (room.capacity !== null) head.append(make("span", "muted small", word("seats", { Many: String(room.capacity) })));
      return head;
    });
    const times = make("div", "plan-times");
    for (let at = this.from; at < this.until; at += 30 * 60_000) {
      const mark = make("span", "", this.clock.format(at));
      mark.style.top = this.height(at - this.from);
      times.append(mark);
    }
    const columns = rooms.map((room) => {
      const column = make("div", "plan-column");
      column.dataset.room = room.id;
      column.setAttribute("role", "group");
      column.setAttribute("aria-label", room.name);
      return column;
    });
    this.cards.clear();
    this.board.replaceChildren(corner, ...heads, times, ...columns);
    this.place();
  }

  // hours are those of the day's sessions and of the event, whole ones.
  private hours(): [number, number] {
    const hour = 3_600_000;
    const slots = [...this.plan.sessions.values()].flatMap((s) => (s.slot && this.plan.dayOf(s.slot) === this.day ? [s.slot] : []));
    const first = Math.min(...slots.map((slot) => slot.start), Math.max(this.day.start + 4 * hour, this.plan.begin));
    const last = Math.max(...slots.map((slot) => slot.end), Math.min(this.day.start + 15 * hour, this.plan.end));
    const from = Math.max(this.day.start, Math.floor((first - this.day.start) / hour) * hour + this.day.start - hour);
    return [from, Math.min(this.day.end, Math.max(Math.ceil((last - from) / hour) * hour + from + hour, from + 4 * hour))];
  }

  private height(ms: number): string {
    return `calc(${ms / 60_000} * var(--minute))`;
  }

  // place puts the day's cards where their sessions stand, and fills the tray.
  private place(): void {
    const here = [...this.plan.sessions.values()].filter((s) => s.slot && overlap(s.slot, { room: "", start: this.from, end: this.until }) && this.plan.dayOf(s.slot) === this.day);
    const lanes = this.lanes(here);
    const gone = new Set(this.cards.keys());
    for (const session of here) {
      gone.delete(session.id);
      const card = this.cards.get(session.id) ?? make("div", "plan-card");
      this.cards.set(session.id, card);
      this.fill(card, session);
      const lane = lanes.get(session.id) ?? { at: 0, of: 1 };
      card.style.top = this.height((session.slot?.start ?? 0) - this.from);
      card.style.height = this.height((session.slot?.end ?? 0) - (session.slot?.start ?? 0));
      card.style.insetInlineStart = `${(100 * lane.at) / lane.of}%`;
      card.style.inlineSize = `${100 / lane.of}%`;
      const column = this.column(session.slot?.room ?? "");
      if (card.parentElement !== column) column?.append(card);
    }
    this.bands(here);
    for (const id of gone) {
      this.cards.get(id)?.remove();
      this.cards.delete(id);
    }
    this.fillTray();
    this.buttons();
  }

  // bands lay what is everywhere behind the rooms' own sessions.
  private bands(here: Session[]): void {
    for (const band of this.board.querySelectorAll(".plan-band")) band.remove();
    for (const session of here) {
      if (!session.slot || session.slot.room) continue;
      const band = make("div", "plan-band");
      band.style.top = this.height(session.slot.start - this.from);
      band.style.height = this.height(session.slot.end - session.slot.start);
      this.column("")?.append(band);
    }
  }

  // lanes gives sessions that share a room and a time a part of its width each.
  private lanes(sessions: Session[]): Map<string, { at: number; of: number }> {
    const found = new Map<string, { at: number; of: number }>();
    for (const room of new Set(sessions.map((s) => s.slot?.room))) {
      const own = sessions.filter((s) => s.slot?.room === room).sort((a, b) => (a.slot?.start ?? 0) - (b.slot?.start ?? 0));
      let group: Session[] = [];
      let ends: number[] = [];
      const close = () => {
        for (const s of group) (found.get(s.id) ?? { of: 1 }).of = ends.length;
        group = [];
        ends = [];
      };
      for (const s of own) {
        if (!s.slot) continue;
        if (ends.every((end) => end <= (s.slot?.start ?? 0))) close();
        let lane = ends.findIndex((end) => end <= (s.slot?.start ?? 0));
        if (lane < 0) lane = ends.length;
        ends[lane] = s.slot.end;
        group.push(s);
        found.set(s.id, { at: lane, of: 1 });
      }
      close();
    }
    return found;
  }

  private fill(card: HTMLElement, session: Session): void {
    const clashes = session.slot ? this.plan.clashes(session, session.slot) : [];
    const told = [...clashes, ...(session.slot ? this.plan.warnings(session, session.slot) : [])].map((each) => this.tell(each));
    const when = session.slot ? `${this.clock.format(session.slot.start)}–${this.clock.format(session.slot.end)}` : word("long", { Many: String(session.minutes) });
    const who = this.plan.names(session).join(", ");
    const look = JSON.stringify([session.title, when, who, session.slot?.room, clashes.length, told, session.kind, session.status, this.chosen.has(session.id)]);
    if (card.dataset.look === look) return;
    card.dataset.look = look;
    card.dataset.id = session.id;
    card.dataset.kind = session.kind;
    card.tabIndex = 0;
    card.setAttribute("role", "button");
    card.setAttribute("aria-pressed", String(this.chosen.has(session.id)));
    card.setAttribute("aria-describedby", "plan-keys");
    card.classList.toggle("plan-clash", clashes.length > 0);
    card.classList.toggle("plan-warn", told.length > clashes.length);
    card.classList.toggle("plan-chosen", this.chosen.has(session.id));
    card.classList.toggle("plan-draft", session.status === "draft");
    const title = make("strong", "");
    title.append(make("bdi", "", session.title));
    card.replaceChildren(title, make("span", "plan-when tabular", when));
    if (who) card.append(make("span", "plan-who", who));
    const more = [session.slot ? this.plan.room(session.slot.room) || word("everywhere") : word("unplaced"), ...told].join(", ");
    card.append(make("span", "visually-hidden", more));
    card.title = told.join("\n");
    if (this.writes && session.slot) card.append(make("span", "plan-stretch"));
  }

  private fillTray(): void {
    const search = need<HTMLInputElement>("[data-tray-search]").value.trim().toLocaleLowerCase();
    const waiting = [...this.plan.sessions.values()].filter((s) => !s.slot && s.status !== "withdrawn");
    const shown = waiting.filter((s) => `${s.title} ${this.plan.names(s).join(" ")}`.toLocaleLowerCase().includes(search)).sort((a, b) => a.title.localeCompare(b.title));
    need("[data-tray-count]").textContent = String(waiting.length);
    const list = need("[data-tray-list]");
    const there = new Map([...list.querySelectorAll<HTMLElement>(".plan-card")].map((card) => [card.dataset.id ?? "", card]));
    list.replaceChildren(
      ...shown.map((session) => {
        const card = there.get(session.id) ?? make("div", "plan-card");
        this.fill(card, session);
        return card;
      }),
    );
    need("[data-tray-none]").hidden = shown.length > 0;
  }

  private buttons(): void {
    need<HTMLButtonElement>("[data-undo]").disabled = !this.plan.canUndo;
    need<HTMLButtonElement>("[data-redo]").disabled = !this.plan.canRedo;
    const one = this.chosen.size > 0 ? this.plan.sessions.get([...this.chosen][0] ?? "") : undefined;
    const bar = need("[data-chosen]");
    bar.hidden = !one;
    if (!one) return;
    need("[data-chosen-text]").textContent = this.chosen.size > 1 ? word("chosen", { Many: String(this.chosen.size) }) : one.title;
    const link = need<HTMLAnchorElement>("[data-chosen-edit]");
    link.hidden = this.chosen.size > 1;
    link.href = `${this.root.dataset.plan}/sessions/${one.id}`;
    need("[data-chosen-aside]").hidden = !this.writes || ![...this.chosen].some((id) => this.plan.sessions.get(id)?.slot);
    need("[data-chosen-place]").hidden = !this.writes || this.chosen.size > 1 || one.slot !== undefined;
  }

  private tell(clash: Clash): string {
    const names = clash.names.join(", ");
    switch (clash.kind) {
      case "room":
        return word("clash_room", { Title: clash.with?.title ?? "", Room: names });
      case "speaker":
        return word("clash_speaker", { Title: clash.with?.title ?? "", Names: names });
      case "capacity":
        return word("clash_capacity", { Room: names, Seats: String(clash.seats ?? 0) });
      case "availability":
        return word("clash_away", { Names: names });
      case "short_change":
        return word("warn_change", { Title: clash.with?.title ?? "", Names: names, Minutes: String(clash.minutes ?? 0), Room: this.plan.room(clash.with?.slot?.room ?? "") });
      case "track":
        return word("warn_track", { Title: clash.with?.title ?? "" });
    }
    return word("clash_outside");
  }

  private column(room: string): HTMLElement | null {
    return this.board.querySelector(`[data-room="${CSS.escape(room)}"]`);
  }

  // Doing

  private say(text: string): void {
    this.said.textContent = text;
  }

  private async act(work: Promise<Session[]>): Promise<void> {
    this.redraw();
    try {
      const moved = await work;
      const clashes = moved.flatMap((s) => (s.slot ? [...this.plan.clashes(s, s.slot), ...this.plan.warnings(s, s.slot)] : []));
      const one = moved[0];
      if (one) this.say([moved.length > 1 ? word("moved_many", { Many: String(moved.length) }) : this.where(one), ...clashes.slice(0, 3).map((each) => this.tell(each))].join(" "));
    } catch (problem) {
      const stale = problem instanceof Refused && problem.stale;
      this.say(stale ? word("stale") : problem instanceof Refused ? problem.message : word("offline"));
    }
    this.redraw();
  }

  private where(session: Session): string {
    if (!session.slot) return word("aside", { Title: session.title });
    return word("placed", { Title: session.title, Room: this.plan.room(session.slot.room) || word("everywhere"), When: `${this.clock.format(session.slot.start)}–${this.clock.format(session.slot.end)}` });
  }

  // redraw makes the board anew where the hours of the day are others now. A card that had the focus has it again when it went elsewhere; who
  // has gone on to another one meanwhile stays there.
  private redraw(): void {
    const held = this.sessionAt(document.activeElement);
    const [from, until] = this.hours();
    if (from < this.from || until > this.until) this.draw();
    else this.place();
    if (held && !this.sessionAt(document.activeElement)) this.cards.get(held.id)?.focus();
  }

  private async hear(): Promise<void> {
    if (document.hidden || this.drag) return;
    try {
      const before = this.plan.rooms.map((room) => room.id + room.name).join();
      const news = await this.plan.hear();
      need("[data-offline]").hidden = true;
      if (news.length === 0 && before === this.plan.rooms.map((room) => room.id + room.name).join()) return;
      if (before === this.plan.rooms.map((room) => room.id + room.name).join()) this.redraw();
      else this.draw();
      for (const session of news) this.cards.get(session.id)?.classList.add("plan-news");
      if (news.length > 0) this.say(word("news", { Many: String(news.length), Title: news[0]?.title ?? "" }));
    } catch {
      need("[data-offline]").hidden = false;
    }
  }

  // moves gives those of the chosen sessions, or of one that is not among them.
  private with(session: Session): Session[] {
    if (!this.chosen.has(session.id)) return [session];
    return [session, ...[...this.chosen].flatMap((id) => (id === session.id ? [] : (this.plan.sessions.get(id) ?? [])))];
  }

  private choose(session: Session, more: boolean): void {
    const had = this.chosen.has(session.id);
    if (!more) this.chosen.clear();
    if (more && had) this.chosen.delete(session.id);
    else this.chosen.add(session.id);
    this.place();
  }

  private nudge(session: Session, rooms: number, time: number, stretch: boolean): void {
    const order = ["", ...this.plan.rooms.map((room) => room.id)];
    const moves: Move[] = [];
    for (const each of this.with(session)) {
      if (!each.slot) continue;
      const at = order.indexOf(each.slot.room) + rooms;
      if (at < 0 || at >= order.length) return; // one of them is at the border: none moves
      const end = each.slot.end + time;
      if (stretch && end - each.slot.start < shortest) return;
      moves.push({ id: each.id, to: { room: order[at] ?? "", start: stretch ? each.slot.start : each.slot.start + time, end } });
    }
    void this.act(this.plan.move(moves));
  }

  private aside(sessions: Session[]): void {
    void this.act(this.plan.move(sessions.map((s) => ({ id: s.id }))));
  }

  // settle puts a waiting session into the first gap of the day, of the first room that has one.
  private settle(session: Session): void {
    for (const room of this.plan.rooms) {
      const to = this.plan.gap(session, room.id, this.day);
      if (!to) continue;
      void this.act(this.plan.move([{ id: session.id, to }])).then(() => this.cards.get(session.id)?.scrollIntoView({ block: "center", inline: "nearest" }));
      return;
    }
    this.say(word("no_gap", { Title: session.title }));
  }

  // Keys and pointers

  private sessionAt(target: EventTarget | null): Session | undefined {
    return this.plan.sessions.get((target as Element | null)?.closest<HTMLElement>(".plan-card")?.dataset.id ?? "");
  }

  private listen(): void {
    window.addEventListener("hashchange", () => {
      const day = this.plan.days.find((each) => each.date === location.hash.slice(1));
      if (day) this.show(day);
    });
    need("[data-tray-search]").addEventListener("input", () => this.fillTray());
    need("[data-undo]").addEventListener("click", () => void this.act(this.plan.undo()));
    need("[data-redo]").addEventListener("click", () => void this.act(this.plan.redo()));
    need("[data-chosen-none]").addEventListener("click", () => {
      this.chosen.clear();
      this.place();
    });
    need("[data-chosen-aside]").addEventListener("click", () => this.aside([...this.chosen].flatMap((id) => this.plan.sessions.get(id) ?? [])));
    need("[data-chosen-place]").addEventListener("click", () => {
      const one = this.plan.sessions.get([...this.chosen][0] ?? "");
      if (one) this.settle(one);
    });
    need<HTMLSelectElement>("[data-size]").addEventListener("change", (event) => {
      this.root.dataset.zoom = (event.target as HTMLSelectElement).value;
    });
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("pointerdown", (event) => this.press(event));
  }

  private key(event: KeyboardEvent): void {
    const session = this.sessionAt(event.target);
    const command = event.ctrlKey || event.metaKey;
    if (command && !event.altKey && (event.key === "z" || event.key === "y" || event.key === "Z") && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      if (this.writes) void this.act(event.key === "z" ? this.plan.undo() : this.plan.redo());
      return;
    }
    if (!session || command || event.altKey) return;
    const moves: Record<string, () => void> = {
      " ": () => this.choose(session, true),
      Escape: () => {
        this.chosen.clear();
        this.place();
      },
      Enter: () => (session.slot || !this.writes ? location.assign(`${this.root.dataset.plan}/sessions/${session.id}`) : this.settle(session)),
    };
    if (this.writes && session.slot) {
      moves.ArrowUp = () => this.nudge(session, 0, -step, event.shiftKey);
      moves.ArrowDown = () => this.nudge(session, 0, step, event.shiftKey);
      const onward = document.documentElement.dir === "rtl" ? -1 : 1;
      moves.ArrowLeft = () => this.nudge(session, -onward, 0, false);
      moves.ArrowRight = () => this.nudge(session, onward, 0, false);
      moves.Delete = moves.Backspace = () => this.aside(this.with(session));
    }
    const work = moves[event.key];
    if (!work) return;
    event.preventDefault();
    work();
  }

  // press begins a drag after some pixels, or under a finger after it has rested; until then it is a tap, or scrolls.
  private press(event: PointerEvent): void {
    const session = this.sessionAt(event.target);
    if (!session || event.button !== 0 || (event.target as Element).closest("a, button")) return;
    const stretch = (event.target as Element).matches(".plan-stretch");
    const card = (event.target as Element).closest<HTMLElement>(".plan-card");
    const start = { x: event.clientX, y: event.clientY };
    const top = card?.getBoundingClientRect().top ?? start.y;
    const finger = event.pointerType === "touch";
    let timer = 0;
    const stop = new AbortController();
    const begin = () => {
      if (!this.writes || this.drag) return;
      this.drag = { cards: stretch ? [session] : this.with(session), grabbed: session.slot ? ((start.y - top) / this.minute()) * 60_000 : 0, stretch };
      this.root.classList.add("plan-dragging");
      for (const each of this.drag.cards) this.cards.get(each.id)?.classList.add("plan-taken");
    };
    if (finger && this.writes) timer = window.setTimeout(begin, hold);
    const on = <K extends keyof DocumentEventMap>(name: K, does: (event: DocumentEventMap[K]) => void, passive = true) => document.addEventListener(name, does, { signal: stop.signal, passive });
    const end = (dropped: boolean) => {
      clearTimeout(timer);
      stop.abort();
      const drag = this.drag;
      this.drag = undefined;
      this.root.classList.remove("plan-dragging");
      for (const card of this.root.querySelectorAll(".plan-taken")) card.classList.remove("plan-taken");
      for (const shadow of this.board.querySelectorAll(".plan-shadow")) shadow.remove();
      this.tray.classList.remove("plan-over");
      need("[data-hover]").hidden = true;
      if (!drag) {
        if (dropped) this.choose(session, event.ctrlKey || event.metaKey || event.shiftKey);
        return;
      }
      if (dropped && drag.to) void this.act(this.plan.move([...drag.to].map(([id, to]) => ({ id, to }))));
    };
    on("pointermove", (move) => {
      const away = Math.hypot(move.clientX - start.x, move.clientY - start.y);
      if (!this.drag && away > far) {
        if (finger) return end(false); // it scrolls
        begin();
      }
      if (this.drag) this.follow(move.clientX, move.clientY);
    });
    on("touchmove", (move) => this.drag && move.preventDefault(), false);
    on("pointerup", () => end(true));
    on("pointercancel", () => end(false));
    on("keydown", (key) => key.key === "Escape" && end(false));
  }

  private minute(): number {
    return this.board.querySelector(".plan-times")!.getBoundingClientRect().height / ((this.until - this.from) / 60_000);
  }

  // follow shows where what is dragged would stand, and what speaks against it.
  private follow(x: number, y: number): void {
    const drag = this.drag;
    const first = drag?.cards[0];
    if (!drag || !first) return;
    this.along(x, y);
    for (const shadow of this.board.querySelectorAll(".plan-shadow")) shadow.remove();
    const under = document.elementFromPoint(x, y);
    this.tray.classList.toggle("plan-over", !drag.stretch && this.tray.contains(under));
    if (!drag.stretch && this.tray.contains(under)) {
      drag.to = new Map(drag.cards.map((each) => [each.id, undefined]));
      this.hover(x, y, word("to_tray"), false);
      return;
    }
    const column = drag.stretch ? this.column(first.slot?.room ?? "") : under?.closest<HTMLElement>("[data-room]");
    if (!column) {
      drag.to = undefined;
      need("[data-hover]").hidden = true;
      return;
    }
    const at = this.from + ((y - column.getBoundingClientRect().top) / this.minute()) * 60_000;
    drag.to = this.target(drag, first, column.dataset.room ?? "", at);
    const moving = new Set(drag.cards.map((each) => each.id));
    const clashes: string[] = [];
    const warnings: string[] = [];
    for (const each of drag.cards) {
      const to = drag.to.get(each.id);
      if (!to) continue;
      const found = this.plan.clashes(each, to, moving);
      clashes.push(...found.map((clash) => this.tell(clash)));
      warnings.push(...this.plan.warnings(each, to, moving).map((warning) => this.tell(warning)));
      const shadow = make("div", `plan-shadow${found.length > 0 ? " plan-clash" : ""}`);
      shadow.style.top = this.height(to.start - this.from);
      shadow.style.height = this.height(to.end - to.start);
      this.column(to.room)?.append(shadow);
    }
    const to = drag.to.get(first.id);
    const when = to ? `${this.clock.format(to.start)}–${this.clock.format(to.end)} · ${this.plan.room(to.room) || word("everywhere")}` : "";
    this.hover(x, y, [when, ...[...clashes, ...warnings].slice(0, 3)].join("\n"), clashes.length > 0, warnings.length > 0);
  }

  // target is where the dragged sessions would go: as far from the one that was taken as before; those without a slot behind it.
  private target(drag: Drag, first: Session, room: string, at: number): Map<string, Slot | undefined> {
    const snap = (time: number) => this.from + Math.round((time - this.from) / step) * step;
    if (drag.stretch && first.slot) return new Map([[first.id, { ...first.slot, end: Math.max(snap(at), first.slot.start + shortest) }]]);
    const start = Math.max(snap(at - drag.grabbed), this.day.start);
    const order = ["", ...this.plan.rooms.map((each) => each.id)];
    const aside = order.indexOf(room) - order.indexOf(first.slot?.room ?? room);
    let behind = start + first.minutes * 60_000;
    const to = new Map<string, Slot | undefined>();
    for (const each of drag.cards) {
      if (each === first || !each.slot || !first.slot) {
        const begins = each === first ? start : behind;
        const long = each.slot ? each.slot.end - each.slot.start : each.minutes * 60_000;
        if (each !== first) behind += long;
        to.set(each.id, { room, start: begins, end: begins + long });
        continue;
      }
      const target = order[Math.min(Math.max(order.indexOf(each.slot.room) + aside, 0), order.length - 1)] ?? "";
      const begins = each.slot.start + start - first.slot.start;
      to.set(each.id, { room: target, start: begins, end: begins + each.slot.end - each.slot.start });
    }
    return to;
  }

  private hover(x: number, y: number, text: string, bad: boolean, warns = false): void {
    const hover = need("[data-hover]");
    hover.textContent = text;
    hover.classList.toggle("plan-clash", bad);
    hover.classList.toggle("plan-warn", warns && !bad);
    hover.hidden = false;
    hover.style.left = `${Math.min(x + 16, innerWidth - hover.offsetWidth - 8)}px`;
    hover.style.top = `${Math.min(y + 16, innerHeight - hover.offsetHeight - 8)}px`;
  }

  // along scrolls the grid when something is dragged to its border.
  private along(x: number, y: number): void {
    const box = this.scroll.getBoundingClientRect();
    const by = (at: number, from: number, to: number) => (at < from + edge && at > from - edge ? -12 : at > to - edge && at < to + edge ? 12 : 0);
    this.scroll.scrollBy(by(x, box.left, box.right), by(y, box.top, box.bottom));
  }
}

function need<T extends HTMLElement>(selector: string): T {
  const found = document.querySelector<T>(selector);
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

function make(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

// word is a text of the page in its reader's language, with {Names} filled in.
function word(name: string, fill: Record<string, string> = {}): string {
  const text = document.querySelector<HTMLTemplateElement>(`template[data-word="${name}"]`)?.content.textContent ?? name;
  return text.replace(/\{(\w+)\}/g, (_, key: string) => fill[key] ?? "");
}

const root = document.querySelector<HTMLElement>("[data-plan]");
if (root) {
  Plan.read(root.dataset.plan ?? "")
    .then((plan) => {
      root.hidden = false;
      need("[data-loading]").hidden = true;
      new Grid(root, plan);
    })
    .catch((problem: unknown) => {
      console.error(problem);
      need("[data-loading]").hidden = true;
      need("[data-failed]").hidden = false;
    });
}
