// Decides whether somebody may pass a door, as package checkin/rules of the server does: its testdata/cases.json holds for both. Instants
// are whole minutes from 1970 in UTC.
export interface Offset {
  from: number;
  minutes: number; // east of UTC
}

export interface Condition {
  kind: string;
  any?: string[];
  from?: number;
  until?: number;
  number?: number;
}

export interface Rules {
  entry: string;
  offsets: Offset[] | null;
  day_from: number;
  exit_at: number | null;
  rules: Condition[][] | null;
}

export interface Pass {
  at: number;
  gate: string;
  type: string;
  add_ons: string[] | null;
  entries: number[] | null;
  exits: number[] | null;
  inside: boolean;
}

export interface Verdict {
  reason: string; // "" for yes
  failed: Condition[];
  again: number; // when the same ticket may come in here, 0 for not known
}

const day = 24 * 60;
const last = (list: number[] | null): number => list?.at(-1) ?? 0;
const mod = (a: number, b: number): number => a - Math.floor(a / b) * b;

// enter decides about an entry.
export function enter(list: Rules, pass: Pass): Verdict {
  const [reason, again] = spent(list, pass);
  if (reason) return { reason, failed: [], again: passes(list, { ...pass, at: again }) ? again : 0 };
  let nearest: Condition[] | undefined;
  for (const rule of list.rules ?? []) {
    const failed = rule.filter((c) => !holds(list, c, pass));
    if (failed.length === 0) return { reason: "", failed: [], again: 0 };
    if (!nearest || failed.length < nearest.length) nearest = failed;
  }
  return nearest ? { reason: "rules", failed: nearest, again: waits(list, pass) } : { reason: "", failed: [], again: 0 };
}

// inside says whether somebody who came in is still inside: everybody is taken as gone at exit_at.
export function inside(list: Rules, pass: Pass): boolean {
  return pass.inside && (list.exit_at === null || last(pass.entries) >= lastExit(list, pass.at, list.exit_at));
}

function lastExit(list: Rules, at: number, exitAt: number): number {
  for (let n = Math.floor((local(list, at) - exitAt) / day); ; n--) {
    const exit = instant(list, n * day + exitAt);
    if (exit <= at) return exit; // else the clock showed this time twice, or not at all
  }
}

function nextExit(list: Rules, at: number): number {
  if (list.exit_at === null) return 0;
  for (let n = Math.floor((local(list, at) - list.exit_at) / day); ; n++) {
    const exit = instant(list, n * day + list.exit_at);
    if (exit > at) return exit;
  }
}

function local(list: Rules, at: number): number {
  let minutes = list.offsets?.[0]?.minutes ?? 0;
  for (const offset of list.offsets ?? []) if (offset.from <= at) minutes = offset.minutes;
  return at + minutes;
}

const dayOf = (list: Rules, at: number): number => Math.floor((local(list, at) - list.day_from) / day);
const dayEnd = (list: Rules, at: number): number => instant(list, (dayOf(list, at) + 1) * day + list.day_from);

// instant is the first one at which the wall clock shows at least so much.
function instant(list: Rules, shown: number): number {
  const offsets = list.offsets ?? [];
  for (const [i, offset] of offsets.entries()) {
    const at = i > 0 ? Math.max(shown - offset.minutes, offset.from) : shown - offset.minutes;
    const next = offsets[i + 1];
    if (!next || at < next.from) return at;
  }
  return shown;
}

const today = (list: Rules, pass: Pass): number => (pass.entries ?? []).filter((at) => dayOf(list, at) === dayOf(list, pass.at)).length;

function spent(list: Rules, pass: Pass): [reason: string, again: number] {
  const already = "already_checked_in";
  switch (list.entry) {
    case "multiple":
      return ["", 0];
    case "reentry":
      return inside(list, pass) ? [already, nextExit(list, pass.at)] : ["", 0];
    case "daily":
      return today(list, pass) > 0 ? [already, dayEnd(list, pass.at)] : ["", 0];
  }
  return [pass.entries?.length ? already : "", 0];
}

// holds says whether a condition is met; one of a kind that this page does not know never is.
function holds(list: Rules, c: Condition, pass: Pass): boolean {
  const { any = [], from = 0, until = 0, number = 0 } = c;
  switch (c.kind) {
    case "types":
      return any.includes(pass.type);
    case "add_ons":
      return (pass.add_ons ?? []).some((id) => any.includes(id));
    case "gates":
      return any.includes(pass.gate);
    case "weekdays":
      return any.includes(String(mod(dayOf(list, pass.at) + 3, 7) + 1)); // 1 January 1970 was a Thursday
    case "clock": {
      const at = mod(local(list, pass.at), day);
      return until <= from ? at >= from || at < until : at >= from && at < until;
    }
    case "between":
      return pass.at >= from && pass.at < until;
    case "entries":
      return (pass.entries ?? []).length < number;
    case "today":
      return today(list, pass) < number;
    case "after_entry":
      return !pass.entries?.length || pass.at - last(pass.entries) >= number;
    case "after_exit":
      return !pass.exits?.length || pass.at - last(pass.exits) >= number;
    case "within_exit":
      return !pass.exits?.length || pass.at - last(pass.exits) <= number;
  }
  return false;
}

function passes(list: Rules, pass: Pass): boolean {
  return spent(list, pass)[0] === "" && (!list.rules?.length || list.rules.some((rule) => rule.every((c) => holds(list, c, pass))));
}

// waits is when the same ticket may come in at the same gate if it waits, within a week; 0 for never.
function waits(list: Rules, pass: Pass): number {
  const moments: number[] = [];
  for (const c of (list.rules ?? []).flat()) {
    switch (c.kind) {
      case "between":
        moments.push(c.from ?? 0);
        break;
      case "after_entry":
        moments.push(last(pass.entries) + (c.number ?? 0));
        break;
      case "after_exit":
        moments.push(last(pass.exits) + (c.number ?? 0));
        break;
      case "clock":
        for (let i = 0; i < 9; i++) moments.push(instant(list, (Math.floor(local(list, pass.at) / day) + i) * day + (c.from ?? 0)));
        break;
      case "weekdays":
      case "today":
        for (let i = 0, at = pass.at; i < 8; i++) moments.push((at = dayEnd(list, at)));
    }
  }
  moments.sort((a, b) => a - b);
  return moments.find((at) => at > pass.at && at <= pass.at + 8 * day && passes(list, { ...pass, at })) ?? 0;
}
