// The working draft of an agenda as the grid holds it: what stands where, what cannot take place like that, and what was done, to be taken back.

export interface Slot {
  room: string; // "": everywhere, or online
  start: number; // milliseconds from 1970
  end: number;
}

export interface Session {
  id: string;
  version: number;
  title: string;
  kind: string;
  status: string;
  track: string;
  speakers: string[];
  minutes: number;
  favourites: number; // how many people marked it
  slot?: Slot;
}

export interface Named {
  id: string;
  name: string;
}

export interface Day {
  date: string;
  start: number;
  end: number;
}

// Window is a time at which a speaker can be there.
interface Window {
  start: number;
  end: number;
}

interface Speaker {
  name: string;
  times: Window[]; // none: always
}

// Clash is why a slot cannot be like that: with another session in its room, with one of its speakers, when one of them cannot be there, outside the event, or in a room that has fewer seats than people marked it. A warning says what is better otherwise: a
// speaker has little time between two rooms, or the track takes place twice at once.
export interface Clash {
  kind: "room" | "speaker" | "outside_event" | "availability" | "capacity" | "short_change" | "track";
  warns?: boolean;
  with?: Session;
  names: string[]; // of the room, of the speakers whom both have, or of those who cannot be there
  minutes?: number; // between the two
  seats?: number; // of the room
}

const walkingTime = 10 * 60_000; // as agenda.WalkingTime

export interface Move {
  id: string;
  to?: Slot;
}

// Step is what takes moves back. A session that others have changed stands in the plan as another object since.
type Step = (Move & { session: Session })[];

interface Sent {
  id: string;
  version: number;
  duration_minutes: number;
  room_id: string | null;
  starts_at: string | null;
  ends_at: string | null;
}

interface SentSession extends Sent {
  favourites: number;
  title: string;
  kind: string;
  status: string;
  track_id: string | null;
  speaker_ids: string[];
}

export interface Draft {
  event: { title: string; time_zone: string; starts_at: string; ends_at: string };
  days: { date: string; starts_at: string; ends_at: string }[];
  rooms: (Named & { capacity: number | null })[];
  tracks: (Named & { color: string })[];
  speakers: (Named & { times: { starts_at: string; ends_at: string }[] })[];
  sessions: SentSession[];
  cursor: string;
}

// Refused is an answer that is no yes, in the server's words.
export class Refused extends Error {
  constructor(
    readonly stale: boolean,
    message: string,
  ) {
    super(message);
  }
}

const slotOf = (s: Sent): Slot | undefined => (s.starts_at && s.ends_at ? { room: s.room_id ?? "", start: Date.parse(s.starts_at), end: Date.parse(s.ends_at) } : undefined);
const same = (a?: Slot, b?: Slot) => a === b || (a !== undefined && b !== undefined && a.room === b.room && a.start === b.start && a.end === b.end);
function put(session: Session, slot?: Slot): void {
  session.slot = slot;
  if (slot) session.minutes = Math.ceil((slot.end - slot.start) / 60_000);
}
export const overlap = (a: Slot, b: Slot) => a.start < b.end && b.start < a.end;

// free is what speakers.Free decides: whether somebody can be there all the time.
const free = (times: Window[], slot: Slot) => times.length === 0 || times.some((time) => slot.start >= time.start && slot.end <= time.end);

export class Plan {
  readonly sessions = new Map<string, Session>();
  rooms: (Named & { capacity: number | null })[] = [];
  readonly days: Day[];
  readonly zone: string;
  readonly begin: number;
  readonly end: number;
  private readonly speakers = new Map<string, Speaker>();
  private readonly undone: Step[] = [];
  private readonly done: Step[] = [];
  private cursor: string;
  private last: Promise<unknown> = Promise.resolve(); // what was done last
  private line: Promise<unknown> = Promise.resolve(); // one request after the other: each names the versions that the last one gave

  constructor(
    private readonly base: string,
    draft: Draft,
  ) {
    this.zone = draft.event.time_zone;
    this.begin = Date.parse(draft.event.starts_at);
    this.end = Date.parse(draft.event.ends_at);
    this.days = draft.days.map((day) => ({ date: day.date, start: Date.parse(day.starts_at), end: Date.parse(day.ends_at) }));
    this.cursor = draft.cursor;
    this.take(draft);
  }

  static async read(base: string): Promise<Plan> {
    return new Plan(base, await asked<Draft>(`${base}/draft`));
  }

  // take puts in what the server says, and gives the sessions of which it says something new.
  private take(draft: Draft): Session[] {
    this.rooms = draft.rooms;
    const told = this.hearSpeakers(draft);
    const news: Session[] = [...this.sessions.values()].filter((s) => s.speakers.some((id) => told.has(id)));
    for (const s of draft.sessions) {
      const known = this.sessions.get(s.id);
      if (known && known.version >= s.version) continue;
      const session = { id: s.id, version: s.version, title: s.title, kind: s.kind, status: s.status, track: s.track_id ?? "", speakers: s.speaker_ids, minutes: s.duration_minutes, favourites: s.favourites, slot: slotOf(s) };
      this.sessions.set(s.id, session);
      if (known && news.includes(known)) news.splice(news.indexOf(known), 1);
      news.push(session);
    }
    this.cursor = draft.cursor;
    return news;
  }

  // hearSpeakers gives the ids of those of whom the server says something new.
  private hearSpeakers(draft: Draft): Set<string> {
    const told = new Set<string>();
    for (const who of draft.speakers) {
      const fresh = { name: who.name, times: who.times.map((time) => ({ start: Date.parse(time.starts_at), end: Date.parse(time.ends_at) })) };
      if (JSON.stringify(this.speakers.get(who.id)) !== JSON.stringify(fresh)) told.add(who.id);
      this.speakers.set(who.id, fresh);
    }
    return told;
  }

  private name(speaker: string): string {
    return this.speakers.get(speaker)?.name ?? "";
  }

  // hear gives the sessions that others have changed.
  hear(): Promise<Session[]> {
    return this.next(async () => this.take(await asked<Draft>(`${this.base}/draft?${new URLSearchParams({ since: this.cursor })}`)));
  }

  names(session: Session): string[] {
    return session.speakers.map((id) => this.name(id));
  }

  room(id: string): string {
    return this.rooms.find((room) => room.id === id)?.name ?? "";
  }

  dayOf(slot: Slot): Day | undefined {
    return this.days.find((day) => day.start <= slot.start && slot.start < day.end);
  }

  // clashes are those that a session has in a slot, or would have; sessions that move with it have left their place.
  clashes(session: Session, slot: Slot, moving: ReadonlySet<string> = new Set()): Clash[] {
    const found: Clash[] = [];
    if (slot.start < this.begin || slot.end > this.end) found.push({ kind: "outside_event", names: [] });
    const seats = this.rooms.find((room) => room.id === slot.room)?.capacity;
    if (seats && session.favourites > seats) found.push({ kind: "capacity", names: [this.room(slot.room)], seats });
    const away = session.speakers.filter((id) => !free(this.speakers.get(id)?.times ?? [], slot));
    if (away.length > 0) found.push({ kind: "availability", names: away.map((id) => this.name(id)) });
    for (const other of this.sessions.values()) {
      if (!other.slot || other.id === session.id || moving.has(other.id) || !overlap(other.slot, slot)) continue;
      if (slot.room && other.slot.room === slot.room) found.push({ kind: "room", with: other, names: [this.room(slot.room)] });
      const both = session.speakers.filter((id) => other.speakers.includes(id));
      if (both.length > 0) found.push({ kind: "speaker", with: other, names: both.map((id) => this.name(id)) });
    }
    return found;
  }

  // warnings are what agenda.FindWarnings finds of a session in a slot.
  warnings(session: Session, slot: Slot, moving: ReadonlySet<string> = new Set()): Clash[] {
    const found: Clash[] = [];
    for (const other of this.sessions.values()) {
      if (!other.slot || other.id === session.id || moving.has(other.id)) continue;
      const apart = Math.max(slot.start - other.slot.end, other.slot.start - slot.end);
      const elsewhere = other.slot.room !== slot.room;
      if (apart < 0 && session.track && session.track === other.track && (elsewhere || !slot.room)) found.push({ kind: "track", warns: true, with: other, names: [] });
      if (apart < 0 || apart >= walkingTime || !elsewhere || !slot.room || !other.slot.room) continue;
      const both = session.speakers.filter((id) => other.speakers.includes(id));
      if (both.length > 0) found.push({ kind: "short_change", warns: true, with: other, names: both.map((id) => this.name(id)), minutes: apart / 60_000 });
    }
    return found;
  }

  // gap is the first time of a day at which a session fits into a room without a clash.
  gap(session: Session, room: string, day: Day): Slot | undefined {
    const long = session.minutes * 60_000;
    const from = Math.max(day.start, this.begin);
    const taken = [...this.sessions.values()].flatMap((other) => (other.slot && other.slot.end > from && other.slot.end < day.end ? [other.slot.end] : []));
    for (const start of [from, ...taken.sort((a, b) => a - b)]) {
      const slot = { room, start, end: start + long };
      if (slot.end <= Math.min(day.end, this.end) && this.clashes(session, slot).length === 0) return slot;
    }
    return undefined;
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  // move gives sessions their slots at once here, and then at the server. When it refuses, they stand again as they do there.
  move(moves: Move[]): Promise<Session[]> {
    return this.latest(this.carry(moves).then((step) => {
      if (!step) return [];
      this.done.push(step);
      this.undone.length = 0;
      return this.of(step);
    }));
  }

  undo(): Promise<Session[]> {
    return this.latest(this.again(this.done, this.undone));
  }

  redo(): Promise<Session[]> {
    return this.latest(this.again(this.undone, this.done));
  }

  private latest(work: Promise<Session[]>): Promise<Session[]> {
    this.last = work.catch(() => undefined);
    return work;
  }

  // again takes a step back, unless somebody else has changed one of its sessions since. What was begun before it is a step by then.
  private async again(from: Step[], to: Step[]): Promise<Session[]> {
    await this.last;
    const step = from.pop();
    if (!step) return [];
    if (step.some((each) => this.sessions.get(each.id) !== each.session)) throw new Refused(true, "");
    try {
      const back = await this.carry(step);
      if (back) to.push(back);
    } catch (problem) {
      if (!(problem instanceof Refused)) from.push(step); // the server did not answer: it can be tried again
      throw problem;
    }
    return this.of(step);
  }

  private of(moves: Move[]): Session[] {
    return moves.flatMap((move) => this.sessions.get(move.id) ?? []);
  }

  // carry does moves and gives the step that takes them back; undefined when all stand so already.
  private async carry(moves: Move[]): Promise<Step | undefined> {
    const real = moves.flatMap((move) => {
      const session = this.sessions.get(move.id);
      return session && !same(session.slot, move.to) ? [{ session, to: move.to, from: session.slot, minutes: session.minutes }] : [];
    });
    if (real.length === 0) return undefined;
    for (const { session, to } of real) put(session, to);
    await this.next(async () => {
      try {
        // What others changed meanwhile stands here as another object: their word stays.
        if (real.some(({ session }) => this.sessions.get(session.id) !== session)) throw new Refused(true, "");
        const answer = await asked<{ sessions: Sent[] }>(`${this.base}/moves`, { moves: real.map(({ session, to }) => ({ session_id: session.id, version: session.version, room_id: to?.room ?? "",
          starts_at: to ? new Date(to.start).toISOString() : null, ends_at: to ? new Date(to.end).toISOString() : null })) });
        answer.sessions.forEach((sent, at) => {
          const each = real[at];
          if (each) each.session.version = sent.version;
        });
      } catch (problem) {
        for (const { session, from, minutes } of real) {
          session.slot = from;
          session.minutes = minutes;
        }
        if (problem instanceof Refused && problem.stale) this.take(await asked<Draft>(`${this.base}/draft?${new URLSearchParams({ since: this.cursor })}`));
        throw problem;
      }
    });
    return real.map(({ session, from }) => ({ id: session.id, to: from, session }));
  }

  private next<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.line.then(work);
    this.line = mine.catch(() => undefined);
    return mine;
  }
}

const patience = 10_000; // milliseconds

async function asked<T>(url: string, body?: unknown): Promise<T> {
  const response = await fetch(url, { method: body ? "POST" : "GET", body: body ? JSON.stringify(body) : undefined, redirect: "error", signal: AbortSignal.timeout(patience),
    headers: { Accept: "application/json", ...(body ? { "Content-Type": "application/json" } : {}) } });
  if (response.ok) return (await response.json()) as T;
  const said = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
  throw new Refused(said.code === "stale" || response.status === 412 || response.status === 409, said.detail ?? response.statusText);
}
