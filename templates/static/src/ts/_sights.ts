// Which of the codes in view is meant, and whether it is a new one.
import type { Sight } from "./_reader";

const gone = 2000; // milliseconds out of view after which the same code counts anew

// meant is the code that somebody holds up: large and in the middle.
export function meant(sights: Sight[]): Sight | undefined {
  const off = (sight: Sight) => Math.hypot(sight.x - 0.5, sight.y - 0.5);
  const weight = (sight: Sight) => sight.size - off(sight);
  return sights.reduce<Sight | undefined>((best, sight) => (best && weight(best) >= weight(sight) ? best : sight), undefined);
}

// Sights remembers the codes that were taken until they have left the view for a while.
export class Sights {
  private readonly last = new Map<string, number>();

  // fresh gives the code to take, if the picture shows a new one.
  fresh(sights: Sight[], now: number): string | undefined {
    for (const [text, seen] of this.last) if (now - seen > gone) this.last.delete(text);
    for (const sight of sights) if (this.last.has(sight.text)) this.last.set(sight.text, now);
    const code = meant(sights)?.text;
    return code && !this.last.has(code) ? code : undefined;
  }

  taken(code: string, now: number): void {
    this.last.set(code, now);
  }
}
