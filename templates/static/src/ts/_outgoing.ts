// Scans on their way to the server. A scan keeps its nonce until it is answered, so sending it again changes nothing; without
// a network it waits here and is never dropped by itself.
export interface Scan {
  fields: Record<string, string>;
  at: number; // performance.now() of the scan: no clock of the device is trusted
  nonce: string;
}

// Outcome is how it went: busy is a server that gives no answer, unsent a network that does not reach it.
export type Outcome = "answered" | "unsent" | "busy" | "signed-out" | "failed";

// How the door stands with its server.
export type Line = "online" | "offline" | "busy" | "signed-out";

export interface Reply {
  outcome: Outcome;
  html: string; // of an answer
}

const patience = 5000; // milliseconds for one attempt
const pauses = [1000, 2000, 4000, 8000]; // between attempts; the last one stays

export class Outgoing {
  readonly waiting: Scan[] = [];
  private attempt = 0;
  private timer = 0;
  private retrying = false;
  why: Outcome = "unsent"; // of what waits

  // told shows the reply to a scan. drained shows those to scans that had waited, oldest first, once all were sent that get
  // through; began is when the first was.
  constructor(
    private readonly url: string,
    private readonly page: string,
    private readonly others: () => number, // scans that wait elsewhere on this phone
    private readonly told: (reply: Reply) => void,
    private readonly drained: (replies: Reply[], began: number) => void,
    private readonly changed: (line: Line) => void,
  ) {
    window.addEventListener("online", () => void this.retry());
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting.length > 0) event.preventDefault(); // the browser asks before it throws them away
    });
  }

  // standing are the headers in which a paired phone says, with what it asks, how many scans wait and which page it shows.
  standing(): Record<string, string> {
    return { "HX-Request": "true", "Turnout-Queue": String(this.waiting.length + this.others()), "Turnout-Page": this.page };
  }

  // send gives a scan's reply to told. The same scan again, while the first one waits, is no second one: it is sent anew under
  // its nonce.
  async send(fields: Record<string, string>, nonce = newNonce()): Promise<void> {
    const same = (scan: Scan) => JSON.stringify(scan.fields) === JSON.stringify(fields);
    if (this.waiting.some(same)) {
      this.told({ outcome: this.why, html: "" });
      return this.retry();
    }
    const scan = { fields, at: performance.now(), nonce };
    const reply = await this.post(scan);
    if (kept(reply)) this.keep(scan);
    this.told(reply);
  }

  // ask gives the reply to a scan that does not wait here: where there is none in time, somebody else decides.
  ask(fields: Record<string, string>, nonce: string, within: number): Promise<Reply> {
    return this.post({ fields, at: performance.now(), nonce }, within);
  }

  // retry sends what waits, oldest first, until one does not get through. It waits for nobody to look at an answer.
  async retry(): Promise<void> {
    if (this.retrying) return;
    this.retrying = true;
    clearTimeout(this.timer);
    const began = performance.now();
    const replies: Reply[] = [];
    for (let scan = this.waiting[0]; scan; scan = this.waiting[0]) {
      const reply = await this.post(scan);
      if (kept(reply)) {
        this.later();
        break;
      }
      this.attempt = 0;
      this.waiting.shift();
      this.changed("online");
      replies.push(reply);
    }
    this.retrying = false;
    if (replies.length > 0) this.drained(replies, began);
  }

  private keep(scan: Scan): void {
    this.waiting.push(scan);
    this.changed(lineOf(this.why));
    this.later();
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.retry(), pauses[Math.min(this.attempt++, pauses.length - 1)]);
  }

  private async post(scan: Scan, within = patience): Promise<Reply> {
    const reply = await this.fetch(scan, within);
    if (kept(reply)) this.why = reply.outcome;
    this.changed(lineOf(reply.outcome));
    return reply;
  }

  private async fetch(scan: Scan, within: number): Promise<Reply> {
    const age = String(Math.round(performance.now() - scan.at));
    try {
      const response = await fetch(this.url, {
        method: "POST",
        body: new URLSearchParams({ ...scan.fields, nonce: scan.nonce, age_ms: age }),
        headers: this.standing(),
        redirect: "error",
        signal: AbortSignal.timeout(within),
      });
      if (response.ok) return { outcome: "answered", html: await response.text() };
      return { outcome: outcomeOf(response.status), html: "" };
    } catch {
      return { outcome: "unsent", html: "" };
    }
  }
}

// kept tells whether a scan stays here: nobody decided it.
function kept(reply: Reply): boolean {
  return reply.outcome !== "answered" && reply.outcome !== "failed";
}

// outcomeOf says what a status other than 200 means.
export function outcomeOf(status: number): Outcome {
  if (status === 401) return "signed-out";
  return status >= 500 || status === 429 ? "busy" : "failed";
}

export function lineOf(outcome: Outcome): Line {
  if (outcome === "unsent") return "offline";
  return outcome === "busy" || outcome === "signed-out" ? outcome : "online";
}

// newNonce is a UUID; crypto.randomUUID is there in secure contexts only.
export function newNonce(): string {
  if (crypto.randomUUID) return crypto.randomUUID();
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
