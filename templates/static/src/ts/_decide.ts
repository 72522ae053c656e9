// Decides scans without a server, as it would: what a code says of itself, what is known of its ticket, the list, its rules.
import type { DoorList, Kept, Past, Waiting } from "./_kept";
import { type Condition, enter, inside, type Pass } from "./_rules";
import { type DoorRecord, fromBase64, lookupOf, open, readTicket, short, type TicketCode, verify } from "./_ticket";

// Decision is what a door says without a server.
export interface Decision {
  result: "accepted" | "refused";
  reason: string; // of a refusal
  direction: string;
  code?: TicketCode; // undefined for what is no code of ours
  lookup: string;
  record?: DoorRecord; // undefined for one that is not here, or not for this code
  type: string; // the name of the ticket's type
  unsynced: boolean; // sold or given a new code after we last heard of the server: only its signature speaks for it
  earlier?: Past; // when it came in before
  failed: Condition[];
  again: number; // minutes from 1970, 0 for not known
}

// Book is what is in memory of one list: its tickets, who passed, and what waits.
export class Book {
  tickets = new Map<string, string>();
  passes = new Map<string, Past>();
  readonly waiting = new Map<IDBValidKey, Waiting>();

  constructor(
    readonly list: string,
    private readonly kept: Kept,
    public door: DoorList | undefined,
  ) {}

  // decide answers about a code at a moment in milliseconds of the server's clock. It changes nothing.
  async decide(text: string, direction: string, gate: string, at: number): Promise<Decision> {
    const answer: Decision = { result: "refused", reason: "", direction, lookup: "", type: "", unsynced: false, failed: [], again: 0 };
    const code = readTicket(text);
    const door = this.door;
    if (!code || !door) return { ...answer, reason: "unknown_ticket" };
    answer.code = code;
    if (code.event !== door.event.number) return { ...answer, reason: "wrong_list" };
    answer.lookup = await lookupOf(code);
    const key = door.keys.find((k) => k.id === code.key) ?? door.keys[0];
    if (!key || !(await verify(code, fromBase64(key.public)))) return { ...answer, reason: "bad_signature" };
    const name = short(answer.lookup);
    const sealed = await this.kept.record(this.list, name).catch(() => undefined);
    const record = sealed && (await open(code, answer.lookup, sealed));
    if (record) answer.record = record;
    const type = door.ticket_types.find((t) => t.number === code.type);
    answer.type = type?.name ?? "";
    const state = this.tickets.get(name);
    answer.unsynced = state === undefined;
    answer.reason = state || refusal(door, code, record?.add_ons ?? [], at);
    if (answer.reason) return answer;

    const past = this.past(name);
    const pass: Pass = { at: Math.floor(at / 60_000), gate, type: type?.id ?? "", add_ons: record?.add_ons ?? [], entries: past.entries, exits: past.exits, inside: past.inside };
    if (direction === "exit") {
      if (!inside(door.list, pass)) return { ...answer, reason: "not_inside" };
      return { ...answer, result: "accepted" };
    }
    const verdict = enter(door.list, pass);
    if (!verdict.reason) return { ...answer, result: "accepted" };
    const earlier = verdict.reason === "already_checked_in" ? { earlier: past } : {};
    return { ...answer, reason: verdict.reason, failed: verdict.failed, again: verdict.again, ...earlier };
  }

  // past is when a ticket passed, as the server knows it and as waits here.
  past(name: string): Past {
    let past = this.passes.get(name) ?? never;
    for (const scan of this.waiting.values()) if (scan.list === this.list && short(scan.lookup) === name) past = folded(past, scan);
    return past;
  }
}

export const never: Past = { entries: [], exits: [], inside: false, entered_at: "", gate: "" };

// folded is a past with one more scan.
export function folded(past: Past, scan: Pick<Waiting, "result" | "direction" | "gate" | "scanned_at" | "skew_ms">): Past {
  if (scan.result !== "accepted") return past;
  const at = Date.parse(scan.scanned_at) + scan.skew_ms;
  const minute = Math.floor(at / 60_000);
  if (scan.direction === "exit") return past.entries.length > 0 ? { ...past, exits: sorted(past.exits, minute), inside: false } : past;
  return { ...past, entries: sorted(past.entries, minute), inside: true, entered_at: new Date(at).toISOString(), gate: scan.gate };
}

const sorted = (minutes: number[], one: number): number[] => [...minutes, one].sort((a, b) => a - b);

// refusal is what stands in a ticket's way at this list, whoever comes with it and how often.
function refusal(door: DoorList, code: TicketCode, addOns: string[], at: number): string {
  const { list } = door;
  if (list.ticket_types.length === 0 ? code.mode !== "in_person" : !list.ticket_types.includes(code.type)) return "wrong_list";
  if (list.add_ons.length > 0 && !addOns.some((id) => list.add_ons.includes(id))) return "wrong_list";
  if (list.starts_at && at < Date.parse(list.starts_at)) return "not_yet_valid";
  if (list.ends_at && at >= Date.parse(list.ends_at)) return "no_longer_valid";
  return "";
}
