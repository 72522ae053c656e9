// Draws what this door decided alone, in the words that its page brought along.
import type { Book, Decision } from "./_decide";
import { type Condition } from "./_rules";

const minute = 60_000;

export class Answers {
  private readonly words = document.querySelector<HTMLTemplateElement>("template[data-words]")?.content;
  private readonly lang = document.documentElement.lang.replace(/^en$/, "en-GB"); // days before months, as the server writes them
  private readonly zone: string | undefined;

  constructor(private readonly book: Book) {
    this.zone = known(book.door?.event.time_zone ?? "UTC");
  }

  draw(decision: Decision): DocumentFragment {
    const { reason, record, earlier } = decision;
    const accepted = decision.result === "accepted";
    const word = accepted ? this.find("accepted", decision.direction) : this.find("reason", reason);
    const template = document.querySelector<HTMLTemplateElement>(`template[data-decided="${accepted ? "ok" : (word?.dataset.tone ?? "refuse")}"]`);
    const drawn = template ? (template.content.cloneNode(true) as DocumentFragment) : document.createDocumentFragment();
    const section = drawn.querySelector<HTMLElement>("section");
    if (!section) return drawn;
    section.dataset.result = decision.result;
    section.dataset.reason = reason;
    const fill = (part: string, text: string) => {
      const found = section.querySelector(`.door-${part}`);
      if (text) found?.append(text);
      else found?.remove();
    };
    if (document.querySelector("[data-kiosk]")) return this.kiosk(drawn, fill, accepted, word?.textContent ?? reason, record?.name ?? "");
    fill("word", word?.textContent ?? reason);
    fill("name", record?.name ?? "");
    fill("type", decision.type);
    fill("order", record?.order ? this.say("order", "", { Code: record.order }) : "");
    const notices = section.querySelector<HTMLElement>(".door-notices");
    for (const { kind, text } of record?.notices ?? []) {
      const line = this.find("notice", kind)?.firstElementChild?.cloneNode(true) as HTMLElement | undefined;
      if (text) line?.appendChild(document.createElement("bdi")).append(text);
      notices?.append(line ?? "");
    }
    if (!record?.notices?.length) notices?.remove();
    const notes: string[] = [];
    if (accepted && decision.unsynced) notes.push(this.say("unsynced"));
    if (earlier?.entered_at) notes.push(this.say(earlier.gate ? "first_at_gate" : "first_at", "", { ...this.moment(Date.parse(earlier.entered_at)), Gate: earlier.gate }));
    if (!accepted) notes.push(...this.near(decision), this.say("todo", reason));
    for (const note of notes.filter(Boolean)) {
      const line = document.createElement("p");
      line.className = "door-note";
      line.textContent = note;
      section.querySelector(".door-order, [data-alone]")?.before(line);
    }
    return drawn;
  }

  // kiosk says what those around somebody who scans their own ticket may read: a first name, and that they shall ask.
  private kiosk(drawn: DocumentFragment, fill: (part: string, text: string) => void, accepted: boolean, word: string, name: string): DocumentFragment {
    fill("word", accepted ? word : this.say("kiosk-ask"));
    fill("name", accepted ? (name.trim().split(" ")[0] ?? "") : word);
    for (const part of ["type", "order", "notices", "alone"]) fill(part, "");
    return drawn;
  }

  // clock is a time of day at the event.
  clock(at: number): string {
    return this.moment(at).Time;
  }

  // conflict says that another door let the same ticket in.
  conflict(other: { gate: string; at: string }): string {
    return this.say("conflict", "", { ...this.moment(Date.parse(other.at)), Gate: other.gate || "–" });
  }

  // near says what would have let the ticket in.
  private near(decision: Decision): string[] {
    const { list } = this.book.door ?? {};
    const says: string[] = [];
    if (decision.reason === "not_yet_valid" && list?.starts_at) says.push(this.say("near", "opens", { When: this.when(Date.parse(list.starts_at)) }));
    if (decision.reason === "no_longer_valid" && list?.ends_at) says.push(this.say("near", "closed", { When: this.when(Date.parse(list.ends_at)) }));
    says.push(...decision.failed.map((condition) => this.unmet(condition)));
    if (decision.again) says.push(this.say("near", "again", { When: this.when(decision.again * minute) }));
    return says;
  }

  private unmet(c: Condition): string {
    const door = this.book.door;
    const named = { types: door?.ticket_types, add_ons: door?.add_ons }[c.kind];
    const names = (c.any ?? []).map((id) => (c.kind === "weekdays" ? this.weekday(Number(id)) : named ? named.find((each) => each.id === id)?.name : id)).filter(Boolean);
    const [from, until] = c.kind === "between" ? [this.when((c.from ?? 0) * minute), this.when((c.until ?? 0) * minute)] : [clocked(c.from), clocked(c.until)];
    const number = c.number ?? 0;
    const form = new Intl.PluralRules(this.lang).select(number) === "one" ? "one" : "other";
    const values = { Names: names.join(", "), From: from, Until: until, Number: new Intl.NumberFormat(this.lang).format(number) };
    return this.say("near", `${c.kind}.${form}`, values) || this.say("near", c.kind, values);
  }

  private weekday(day: number): string {
    return new Intl.DateTimeFormat(this.lang, { weekday: "long", timeZone: "UTC" }).format(Date.UTC(2024, 0, day)); // 1 January 2024 was a Monday
  }

  private moment(at: number): { Time: string; Date: string } {
    const as = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(this.lang, { timeZone: this.zone, ...options }).format(at);
    return { Time: as({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" }), Date: as({ weekday: "short", day: "numeric", month: "short" }) };
  }

  private when(at: number): string {
    const { Time, Date } = this.moment(at);
    return `${Date} ${Time}`;
  }

  // say gives a text of the page with its {Values} filled in, "" for none.
  private say(kind: string, of = "", values: Record<string, string> = {}): string {
    return (this.find(kind, of)?.textContent ?? "").replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
  }

  private find(kind: string, of = ""): HTMLElement | null {
    return this.words?.querySelector(`[data-${kind}="${CSS.escape(of)}"]`) ?? null;
  }
}

// known gives a zone that this browser knows: an old one does not know each. Times are then of the phone's own clock.
function known(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone;
  } catch {
    return undefined;
  }
}

const clocked = (minutes = 0): string => `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
