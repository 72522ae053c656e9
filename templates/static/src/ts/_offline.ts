// The door that goes on without a network: it reads in time what the server knows, decides alone when the server does not answer, keeps
// what it decided, and tells it in order once the server answers again.
import { Book, type Decision, folded, never } from "./_decide";
import { type Change, Kept, type Known, type Past, type Waiting } from "./_kept";
import { type Bytes, fromBase64, hex, short, shortSize } from "./_ticket";

const listenEvery = 4000; // milliseconds between two questions what is new
const describeEvery = 30_000; // what the list accepts
const recordsEvery = 12_000; // names and add-ons of tickets that are known already
const patience = 30_000; // for the first, large answer on a slow line
const atOnce = 100; // scans in one telling

// Told is what the server made of a scan that waited.
export interface Told {
  scan: Waiting;
  conflict?: { gate: string; at: string }; // another door let the same ticket in
}

interface News {
  cursor: string;
  more: boolean;
  reset: boolean;
}

interface TicketNews extends News {
  lookups: string;
  revoked: [string, string][] | null;
  passes: (Past & { lookup: string })[] | null;
}

interface RecordNews extends News {
  records: string;
}

interface BatchAnswer {
  items: { nonce: string; conflict_with?: { gate: string; at: string }; error?: { message: string } }[];
}

// Hearing is how the server stands with this phone: it answered, did not, or does not know the phone any more.
export type Hearing = "heard" | "silent" | "unknown";

export class Offline {
  skew = 0; // milliseconds to add to this phone's clock
  private bestTrip = Infinity;
  private measured = -Infinity;
  private described = -Infinity;
  private recorded = -Infinity;
  private working: Promise<Hearing> | undefined;
  private stopped = false;
  private unkept = 0; // keys of scans that could not be kept: this page still has them

  private constructor(
    private readonly kept: Kept,
    private readonly known: Known,
    readonly book: Book,
    private readonly url: string, // of the door
    private readonly headers: () => Record<string, string>,
    private readonly told: (answers: Told[]) => void,
    private readonly changed: () => void,
  ) {}

  // start gives what a phone needs to go on alone; undefined where its browser keeps nothing or computes no codes.
  static async start(list: string, url: string, headers: () => Record<string, string>, told: (answers: Told[]) => void, changed: () => void): Promise<Offline | undefined> {
    if (!crypto.subtle || !window.indexedDB) return undefined;
    try {
      const kept = await Kept.open();
      const known = await kept.known(list);
      const book = new Book(list, kept, known.door);
      const offline = new Offline(kept, known, book, url, headers, told, changed);
      [book.tickets, book.passes, offline.skew] = await Promise.all([kept.tickets(list), kept.passes(list), kept.skew()]);
      for (const [key, { refused, ...scan }] of await kept.waiting()) book.waiting.set(key, refused && scan.list !== list ? { ...scan, refused } : scan);
      return offline;
    } catch {
      return undefined;
    }
  }

  // ready says that this door can decide alone: it has heard what it accepts and whose tickets are valid.
  get ready(): boolean {
    return this.book.door !== undefined && this.known.tickets !== undefined;
  }

  // synced is when we last heard everything, by the server's clock, 0 for never.
  get synced(): number {
    return this.known.synced ?? 0;
  }

  // endangered says that scans wait which this page alone knows: closing it would lose them.
  get endangered(): boolean {
    return [...this.book.waiting.keys()].some(isUnkept);
  }

  get waiting(): Waiting[] {
    return [...this.book.waiting.values()];
  }

  // take decides a scan and keeps it, before anybody sees the answer.
  async take(text: string, direction: string, gate: string, nonce: string): Promise<Decision> {
    const now = Date.now();
    const decision = await this.book.decide(text, direction, gate, now + this.skew);
    if (!decision.code || !decision.lookup || decision.code.ticket < 1) return decision; // nothing that a server could look up
    const scan: Waiting = {
      list: this.book.list, nonce, number: decision.code.ticket, lookup: decision.lookup, direction, gate,
      scanned_at: new Date(now).toISOString(), skew_ms: Math.round(this.skew), result: decision.result, reason: decision.reason,
    };
    const key = await this.kept.queue(scan).catch(() => `unkept ${++this.unkept}`);
    this.book.waiting.set(key, scan);
    this.changed();
    return decision;
  }

  // answered notes that the server let a code in or out, so that this door knows it should the network go.
  async answered(lookup: string, direction: string, gate: string): Promise<void> {
    const scan = { result: "accepted", direction, gate, scanned_at: new Date().toISOString(), skew_ms: this.skew };
    await this.keep([], [], [[short(lookup), scan]]).catch(() => undefined);
  }

  // measure reads the server's clock from an answer: half of the way there and back is how old it is.
  measure(response: Response, began: number): void {
    const theirs = Date.parse(response.headers.get("Turnout-Time") ?? "");
    const now = performance.now();
    const trip = now - began;
    if (!theirs || (trip > this.bestTrip && now - this.measured < describeEvery)) return;
    const skew = theirs + trip / 2 - Date.now();
    [this.bestTrip, this.measured] = [trip, now];
    if (Math.abs(skew - this.skew) > trip / 2 + 50) void this.kept.keepSkew(skew).catch(() => undefined);
    this.skew = skew;
  }

  // sync tells what waits and hears what is new; two at once are one.
  sync(): Promise<Hearing> {
    this.working ??= this.work().finally(() => (this.working = undefined));
    return this.working;
  }

  // forget drops what is known of tickets, when this phone is no door any more.
  async forget(): Promise<void> {
    this.book.door = this.known.door = this.known.tickets = this.known.records = this.known.synced = undefined;
    this.book.tickets.clear();
    this.book.passes.clear();
    await this.kept.forget().catch(() => undefined);
  }

  listen(hear: (how: Hearing) => void): void {
    const round = () => {
      if (!this.stopped) void this.sync().then(hear).finally(() => window.setTimeout(round, listenEvery));
    };
    round();
  }

  // stop ends the listening: another page of this phone is the door now, and tells what waits.
  stop(): void {
    this.stopped = true;
  }

  // keepLate keeps the scans that could not be kept when they were made.
  private async keepLate(): Promise<void> {
    for (const [key, scan] of [...this.book.waiting].filter(([key]) => isUnkept(key))) {
      const kept = await this.kept.queue(scan);
      this.book.waiting.delete(key);
      this.book.waiting.set(kept, scan);
    }
  }

  private async work(): Promise<Hearing> {
    try {
      await this.keepLate().catch(() => undefined);
      await this.tell();
      const now = performance.now();
      if (now - this.described > describeEvery) {
        this.book.door = this.known.door = await this.ask("/offline");
        this.described = now;
      }
      const fresh = await this.hearTickets();
      if (fresh || now - this.recorded > recordsEvery) {
        await this.hearRecords();
        this.recorded = now;
      }
      this.known.synced = Date.now() + this.skew;
      await this.kept.note(this.book.list, this.known);
      return "heard";
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.status !== 401) return "silent";
      await this.forget();
      return "unknown";
    } finally {
      this.changed();
    }
  }

  // tell sends what waits, oldest first, each list's own. Another list that this phone may not tell now does not keep it from the one that it is at.
  private async tell(): Promise<void> {
    const lists = new Set(this.waiting.filter((scan) => !scan.refused).map((scan) => scan.list));
    for (const list of lists) {
      try {
        await this.tellOf(list);
      } catch (problem) {
        if (list === this.book.list || !(problem instanceof Refused) || problem.status === 401) throw problem;
      }
    }
  }

  private async tellOf(list: string): Promise<void> {
    for (;;) {
      const some = [...this.book.waiting].filter(([, scan]) => scan.list === list && !scan.refused).slice(0, atOnce);
      if (some.length === 0) return;
      await this.settle(some, await this.send(list, some.map(([, scan]) => scan)));
    }
  }

  private async send(list: string, scans: Waiting[]): Promise<BatchAnswer> {
    const items = scans.map(({ list: _, ...item }) => ({ ...item, reason: item.reason || undefined }));
    try {
      return await this.ask("/scans/batch", { method: "POST", body: JSON.stringify({ items }) }, this.url.replace(this.book.list, list));
    } catch (problem) {
      if (!(problem instanceof Refused) || !problem.spoiled) throw problem;
      return { items: scans.map((scan) => ({ nonce: scan.nonce, error: { message: `${problem.status} ${problem.message}` } })) };
    }
  }

  private async settle(sent: [IDBValidKey, Waiting][], answer: BatchAnswer): Promise<void> {
    const taken: IDBValidKey[] = [];
    const refused: [IDBValidKey, Waiting][] = [];
    const passed: [string, Waiting][] = [];
    const told: Told[] = [];
    for (const [key, scan] of sent) {
      const item = answer.items.find((each) => each.nonce === scan.nonce);
      if (!item) continue;
      if (item.error) {
        refused.push([key, { ...scan, refused: item.error.message }]);
        continue;
      }
      taken.push(key);
      if (scan.list === this.book.list) passed.push([short(scan.lookup), scan]);
      told.push(item.conflict_with ? { scan, conflict: item.conflict_with } : { scan });
    }
    if (taken.length + refused.length === 0) throw new Refused(502, "an answer about nothing that was sent");
    // What is not noted here waits on the disk still, is told again after a reload, and gets the same answer.
    await this.keep(taken, refused, passed).catch(() => undefined);
    this.changed();
    this.told(told);
  }

  // keep notes which scans wait no longer, or in vain, and who passed.
  private async keep(taken: IDBValidKey[], refused: [IDBValidKey, Waiting][], passed: [string, Parameters<typeof folded>[1]][]): Promise<void> {
    for (const key of taken) this.book.waiting.delete(key);
    for (const [key, scan] of refused) this.book.waiting.set(key, scan);
    const passes = new Map<string, Past>();
    for (const [name, scan] of passed) {
      const past = folded(this.book.passes.get(name) ?? never, scan);
      passes.set(name, past);
      this.book.passes.set(name, past);
    }
    await this.kept.settle(this.book.list, taken, refused, [...passes]);
  }

  // hearTickets hears what is new, wholly or not at all: a part of everything is nothing that a door could decide by, and until all of it is there, what
  // was known before is better.
  private async hearTickets(): Promise<boolean> {
    let { tickets, passes } = this.book;
    let [cursor, reset] = [this.known.tickets, false];
    const [valid, others, came] = [[] as string[], [] as Change[], new Map<string, Past | null>()];
    const changed = new Map<string, string>();
    for (let more = true; more; ) {
      const news: TicketNews = await this.ask(`/offline/tickets${from(cursor)}`);
      if (news.reset) {
        [tickets, passes, reset] = [new Map(), new Map(), true];
        [valid.length, others.length] = [0, 0];
        changed.clear();
        came.clear();
      }
      const had = (name: string) => changed.get(name) ?? tickets.get(name);
      const learn = (name: string, state: string) => {
        if (had(name) === state) return;
        changed.set(name, state);
        if (state === "") valid.push(name);
        else others.push([name, state]);
      };
      for (const name of shorts(fromBase64(news.lookups))) learn(name, "");
      for (const [name, state] of news.revoked ?? []) learn(hex(fromBase64(name)), state);
      for (const { lookup, ...past } of news.passes ?? []) {
        const name = hex(fromBase64(lookup));
        if (JSON.stringify(past) !== JSON.stringify(passes.get(name))) came.set(name, past.entries.length > 0 ? past : null);
      }
      [cursor, more] = [news.cursor, news.more];
    }
    // What is not kept was not heard: it is asked for again.
    const known = { ...this.known, tickets: cursor };
    await this.kept.learn(this.book.list, known, valid.filter((name) => changed.get(name) === ""), others.filter(([name, state]) => changed.get(name) === state), [...came], reset);
    Object.assign(this.known, known);
    for (const [name, state] of changed) tickets.set(name, state);
    for (const [name, past] of came) past ? passes.set(name, past) : passes.delete(name);
    [this.book.tickets, this.book.passes] = [tickets, passes];
    return valid.length > 0;
  }

  private async hearRecords(): Promise<void> {
    for (let more = true; more; ) {
      const news: RecordNews = await this.ask(`/offline/records${from(this.known.records)}`);
      const known = { ...this.known, records: news.cursor };
      await this.kept.learnRecords(this.book.list, known, recordsOf(fromBase64(news.records)), news.reset);
      Object.assign(this.known, known);
      more = news.more;
    }
  }

  // ask gives what the server answers under the door's address. It fails with Refused for another answer than yes.
  private async ask<T>(path: string, more: RequestInit = {}, of = this.url): Promise<T> {
    const began = performance.now();
    const headers = { ...this.headers(), ...(more.body ? { "Content-Type": "application/json" } : {}) };
    const response = await fetch(of + path, { redirect: "error", cache: "no-store", signal: AbortSignal.timeout(patience), ...more, headers });
    this.measure(response, began);
    if (!response.ok) throw new Refused(response.status, response.statusText);
    return (await response.json()) as T;
  }
}

class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  // spoiled says that what was sent cannot be read by any server: sending it again does not help. Whatever else is said may pass: a door that was given to
  // another list and is given back, a proxy while the server starts.
  get spoiled(): boolean {
    return [400, 413, 422].includes(this.status);
  }
}

const isUnkept = (key: IDBValidKey): boolean => typeof key === "string";

const from = (cursor: string | undefined): string => (cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`);

const shorts = (bytes: Bytes): string[] => Array.from({ length: Math.floor(bytes.length / shortSize) }, (_, i) => hex(bytes.subarray(i * shortSize, (i + 1) * shortSize)));

// recordsOf takes a run of records apart: the beginning of the lookup, two bytes of length, the sealed record.
function recordsOf(run: Bytes): [string, Bytes][] {
  const records: [string, Bytes][] = [];
  const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
  for (let at = 0; at + shortSize + 2 <= run.length; ) {
    const name = hex(run.subarray(at, at + shortSize));
    const end = at + shortSize + 2 + view.getUint16(at + shortSize);
    records.push([name, run.slice(at + shortSize + 2, end)]);
    at = end;
  }
  return records;
}
