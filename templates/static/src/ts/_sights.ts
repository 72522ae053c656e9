// Which of the codes in view is meant, and whether it is a new one.
import { ours } from "./_code";
import type { Sight } from "./_reader";

const gone = 2000; // milliseconds out of view after which the same code counts anew
const near = 700; // milliseconds that a code stays in view unread: not every look reads every code
const steady = 250; // milliseconds in which each way of looking had its turn, and nothing else came into view
const still = 0.12; // parts of the picture that a held code moves between two looks

const middle = { x: 0.5, y: 0.5 };

interface Seen {
  sight: Sight;
  since: number; // when it came to this place
  last: number;
}

// Sights remembers what is in view, and the codes that were taken until they have left the view for a while.
export class Sights {
  private readonly last = new Map<string, number>();
  private readonly view = new Map<string, Seen>();

  // fresh gives the code to take, if the picture shows a new one that somebody holds up.
  fresh(sights: Sight[], now: number): string | undefined {
    for (const [text, seen] of this.last) if (now - seen > gone) this.last.delete(text);
    for (const sight of sights) {
      // Another code in its place: that one was taken away.
      for (const [text, { sight: before }] of this.view) if (covers(before, sight) && !sights.some((each) => each.text === text)) this.view.delete(text);
      this.note(sight, now);
      if (this.last.has(sight.text)) this.last.set(sight.text, now);
    }
    for (const [text, seen] of this.view) if (now - seen.last > near) this.view.delete(text);
    const code = this.meant(now);
    return code && !this.last.has(code) ? code : undefined;
  }

  taken(code: string, now: number): void {
    this.last.set(code, now);
  }

  private note(sight: Sight, now: number): void {
    const before = this.view.get(sight.text);
    const held = before && Math.hypot(sight.x - before.sight.x, sight.y - before.sight.y) < still;
    this.view.set(sight.text, { sight, since: held ? before.since : now, last: now });
  }

  // meant is a ticket over the middle with nothing beside it, at once. With others in view it must cover the middle alone, and away from
  // the middle it must be alone, each steadily: the one that is meant may be the one that this look could not read.
  private meant(now: number): string | undefined {
    const tickets = [...this.view.values()].filter((seen) => ours(seen.sight.text));
    const among = tickets.length > 0 ? tickets : [...this.view.values()]; // a poster's link beside a ticket is not meant
    const inMiddle = among.filter((seen) => covers(seen.sight, middle));
    const [seen, another] = inMiddle.length > 0 ? inMiddle : among;
    if (!seen || another || seen.last !== now) return undefined;
    const atOnce = tickets.length === 1 && this.view.size === 1 && inMiddle.length === 1;
    return atOnce || now - seen.since >= steady ? seen.sight.text : undefined;
  }
}

function covers(sight: Sight, place: { x: number; y: number }): boolean {
  return Math.abs(sight.x - place.x) < sight.width / 2 && Math.abs(sight.y - place.y) < sight.height / 2;
}
