// The door: what the camera sees, a hand scanner types or a search finds goes to the server, and its answer fills the screen. A paired phone
// decides alone when no server answers.
import { Answers } from "./_answers";
import { forgetApp, keepApp, onlyDoor } from "./_app";
import { orderCode } from "./_code";
import { openLens } from "./_lens";
import { type Hearing, Offline, type Told } from "./_offline";
import { type Line, lineOf, newNonce, Outgoing, outcomeOf, type Reply } from "./_outgoing";
import { Panels } from "./_panels";
import { questions } from "./_questions";
import { chooseReader } from "./_reader";
import { keepAwake, signal, type Tone } from "./_signals";
import { Sights } from "./_sights";
import { lookupOf, readTicket } from "./_ticket";
import { listen } from "./_wedge";

const okFor = 1600; // milliseconds that a yes stays; a no stays until a tap or the next scan
const readFor = 6000; // that a yes stays which says more
const kioskFor = 6000; // that a no stays where people scan their own tickets: the next in the queue taps nothing away
const doubleTap = 500; // milliseconds in which a second tap is still the first one
const countEvery = 2000;
const alone = 1500; // milliseconds after which a paired phone decides by itself
const glance = 40; // milliseconds between two looks at the picture

function door(root: HTMLElement): void {
  const part = <T extends HTMLElement>(name: string) => document.querySelector<T>(`[data-${name}]`);
  const video = part<HTMLVideoElement>("video");
  const answer = part("answer");
  if (!video || !answer) return;
  const sights = new Sights();
  const camera = openLens(video);
  const outgoing = new Outgoing(root.dataset.scans ?? "", root.dataset.page ?? "", () => offline?.waiting.length ?? 0, told, drained, network);
  let offline: Offline | undefined; // of a paired phone, once it has read what it keeps
  const panels = new Panels((name) => {
    if (name === "log") void load(part("log"), root.dataset.scans ?? "");
  });
  panels.show(location.search.match(/[?&](q|code)=/) || document.querySelector(".errors") ? "find" : "");
  const settings = new Settings(root.dataset.gate ?? "");
  const paired = root.dataset.gate !== undefined;
  const kiosk = root.dataset.kiosk !== undefined;
  let underway = 0; // scans that are not answered yet
  let line = Promise.resolve();
  let clear = 0;
  let seen = 0;

  // Scanning

  // scan sends one scan after the other: a hand scanner may be faster than the network.
  function scan(fields: Record<string, string>, nonce?: string): Promise<void> {
    const way = document.querySelector<HTMLInputElement>("input[name=way]:checked")?.value ?? "entry";
    const form = answering();
    if (form?.matches("[data-asked]")) void post(form).catch(() => undefined); // a hand scanner does not wait; what is missing is asked again
    underway++;
    const mine = line.then(() => attempt({ direction: way, gate: settings.gate, ...fields }, nonce)).finally(() => underway--);
    line = mine.catch((problem: unknown) => console.error(problem)); // the next one is scanned all the same
    return line;
  }

  // inTurn does something between two scans: its answer does not cover that of the next in the queue.
  function inTurn(work: () => Promise<void>): Promise<void> {
    underway++;
    const mine = line.then(work).finally(() => underway--);
    line = mine.catch((problem: unknown) => console.error(problem));
    return line;
  }

  // attempt asks the server, and this phone where it may answer and the server does not.
  async function attempt(fields: Record<string, string>, nonce = newNonce()): Promise<void> {
    const { code = "", direction = "", gate = "" } = fields;
    const own = offline; // it stays this scan's, whatever another page of this phone does meanwhile
    if (!code || !own?.ready) return outgoing.send(fields, nonce);
    const reply: Reply = standing === "online" || standing === "signed-out" ? await outgoing.ask(fields, nonce, alone) : { outcome: "unsent", html: "" };
    if (reply.outcome === "unsent" || reply.outcome === "busy") {
      const decision = await own.take(code, direction, gate, nonce);
      say(new Answers(own.book).draw(decision));
      return;
    }
    told(reply);
    const ticket = toneOf(fragment(reply.html)) === "ok" && readTicket(code);
    if (ticket) void own.answered(await lookupOf(ticket), direction, gate);
  }

  async function prepare(): Promise<void> {
    let lost = false;
    await onlyDoor(() => {
      lost = true;
      offline?.stop();
      offline = undefined;
      document.addEventListener("visibilitychange", () => !document.hidden && location.reload()); // whoever comes back to it wants it
    });
    const started = await Offline.start(root.dataset.list ?? "", root.dataset.url ?? "", () => outgoing.standing(), delivered, () => network(standing));
    if (lost) {
      started?.stop(); // another page of this phone decides by now
      return;
    }
    offline = started;
    offline?.listen(heard);
    network(standing);
    await keepApp().catch(() => undefined); // without it the door works as long as its page is open
  }

  function heard(how: Hearing): void {
    if (how === "unknown") void ended();
  }

  // delivered lists what the server knew better than this phone: other doors let the same tickets in.
  function delivered(told: Told[]): void {
    const { book } = offline ?? {};
    const doubled = told.filter((each) => each.conflict);
    if (!book || doubled.length === 0) return;
    const answers = new Answers(book);
    const late = template("doubled");
    for (const { conflict } of doubled) {
      const line = document.createElement("li");
      line.textContent = conflict ? answers.conflict(conflict) : "";
      late.querySelector("ul")?.append(line);
    }
    if (answer?.firstElementChild) answer.querySelector("[data-tone]")?.append(late);
    else say(late);
    if (settings.sound) signal("warn");
  }

  async function look(): Promise<void> {
    const read = await chooseReader(document.body.dataset.zxing ?? "");
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, glance));
      if (!camera.running || !video?.videoWidth || underway > 0 || panels.current || document.hidden || answering() || document.querySelector("dialog[open]")) continue;
      const code = sights.fresh(await read(video).catch(() => []), performance.now());
      if (!code) continue;
      await scan({ code });
      sights.taken(code, performance.now());
    }
  }

  // answering is the form in which somebody writes down what they were told: what they have typed is not lost to the next in the queue.
  function answering(): HTMLFormElement | undefined {
    return answer?.querySelector<HTMLFormElement>(":is([data-asked], [data-override]):is(:focus-within, [data-typed])") ?? undefined;
  }

  // Answers

  let said = 0; // when the last answer came

  function told(reply: Reply): void {
    const decided = reply.outcome === "answered" || reply.outcome === "failed";
    if (decided && panels.current === "find") void find(); // what was found stands otherwise now, and its nonces are used
    say(read(reply));
  }

  // drained shows the newest of the answers to scans that had waited, and lists those before it that let nobody in. The answer to a
  // scan made meanwhile keeps the screen: somebody stands there.
  function drained(replies: Reply[], began: number): void {
    if (panels.current === "find") void find();
    const answers = replies.map(read);
    const newest = answering() || (said > began && answer?.firstElementChild) ? undefined : answers.pop();
    if (newest) say(newest);
    const refused = answers.filter((each) => toneOf(each) !== "ok");
    if (refused.length > 0) list(refused);
  }

  // read makes of a reply what the screen shows, and shows the counters that came with it.
  function read({ outcome, html }: Reply): DocumentFragment {
    if (outcome !== "answered") return template(outcome);
    const content = fragment(html);
    const counters = content.querySelector<HTMLTemplateElement>("template[data-counters-now]");
    if (counters) part("counters")?.replaceChildren(counters.content.cloneNode(true));
    counters?.remove();
    return content;
  }

  function say(content: DocumentFragment): void {
    dismiss();
    said = performance.now();
    const tone = toneOf(content);
    answer?.replaceChildren(content);
    if (answer) questions(answer);
    if (tone && settings.sound) signal(tone);
    if (kiosk) {
      clear = window.setTimeout(dismiss, tone === "ok" ? kioskFor / 2 : kioskFor);
      return;
    }
    if (tone === "ok" && !answer?.querySelector("[data-others], [data-notices], [data-asked]")) {
      clear = window.setTimeout(dismiss, okFor);
    } else {
      goOn();
      // Others of the order, or what is to be known of somebody, take longer to read; whoever touches them wants more time.
      if (tone === "ok" && !answer?.querySelector("[open] > [data-asked]")) seen = window.setTimeout(dismiss, readFor);
    }
    answer?.querySelector("[data-retry]")?.addEventListener("click", () => void outgoing.retry());
  }

  // list puts below the answer on the screen whom the door did not let in while nobody looked; it stays until a tap.
  function list(refused: DocumentFragment[]): void {
    clearTimeout(clear);
    const late = template("late");
    for (const each of refused) {
      const line = document.createElement("li");
      for (const part of each.querySelectorAll(".door-word, .door-name, .door-order")) {
        const words = document.createElement("bdi");
        words.textContent = part.textContent;
        line.append(line.childElementCount > 0 ? " · " : "", words);
      }
      late.querySelector("ul")?.append(line);
    }
    answer?.querySelector("[data-tone]")?.append(late);
    goOn();
    if (settings.sound) signal("refuse");
  }

  // goOn shows how an answer that stays goes away, and when taps begin to count.
  function goOn(): void {
    answer?.querySelector(".door-go-on")?.remove();
    answer?.querySelector("[data-tone]")?.append(template("go-on"));
    const button = answer?.querySelector<HTMLButtonElement>("[data-go-on]");
    if (button) clear = window.setTimeout(() => (button.disabled = false), said + doubleTap - performance.now());
  }

  function dismiss(): void {
    clearTimeout(clear);
    clearTimeout(seen);
    answer?.replaceChildren();
  }
  for (const touch of ["pointerdown", "focusin"] as const) {
    answer.addEventListener(touch, (event) => {
      if ((event.target as Element).closest("form, details")) clearTimeout(seen);
    });
  }
  answer.addEventListener("input", (event) => {
    const form = (event.target as Element).closest<HTMLFormElement>("form");
    if (form) form.dataset.typed = "yes"; // whoever has typed something presses a button to leave it
  });
  answer.addEventListener("click", (event) => {
    if (performance.now() - said < doubleTap) return; // meant for what was there before
    if ((event.target as Element).closest("form, details")) return; // somebody answers for it
    const pressed = (event.target as Element).closest<HTMLElement>("a, button");
    if (pressed ? pressed.matches("[data-go-on]") : !answering()) dismiss();
  });
  let swallowed = false; // the key that is down was for the answer: neither its press nor what the browser makes of it counts
  document.addEventListener("keypress", (event) => {
    if (swallowed) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const covered = answer.childElementCount > 0;
    swallowed = false;
    if (event.key === "Escape") {
      if (covered) dismiss();
      else panels.close();
    } else if (covered && (event.key === "Enter" || event.key === " ")) {
      if ((event.target as Element).closest("[data-answer] :is(a, button, form, details)")) return; // pressed by the browser
      event.preventDefault(); // what the answer covers is not meant
      swallowed = true;
      if (!event.repeat && performance.now() - said >= doubleTap) dismiss();
    }
  });

  // Online or not, and what waits

  let standing: Line = navigator.onLine ? "online" : "offline";

  function network(line: Line): void {
    standing = line;
    for (const each of ["online", "offline", "busy", "signed-out"]) {
      const badge = part(each);
      if (badge) badge.hidden = each !== line;
    }
    const bar = part("waiting");
    const decided = offline?.waiting ?? [];
    const count = outgoing.waiting.length + decided.length;
    const waits = count > 0; // what waits would be lost
    if (bar) bar.hidden = !waits;
    const text = bar?.querySelector<HTMLElement>("[data-text]");
    if (text) text.textContent = (text.dataset.text ?? "{}").replace("{}", String(count));
    const last = part("synced");
    if (last && offline?.synced) last.textContent = (last.dataset.text ?? "{}").replace("{}", new Answers(offline.book).clock(offline.synced));
    for (const leave of document.querySelectorAll<HTMLButtonElement>("[data-unpair] button")) leave.disabled = waits;
    for (const why of document.querySelectorAll<HTMLElement>("[data-unpair-waits]")) why.hidden = !waits;
  }
  part("show-waiting")?.addEventListener("click", () => {
    if (outgoing.waiting.length > 0) say(template(outgoing.why));
    else showDecided();
  });

  // showDecided says that what waits was decided, and which scans the server does not take.
  function showDecided(): void {
    const content = template("decided");
    for (const scan of offline?.waiting.filter((each) => each.refused) ?? []) {
      const line = document.createElement("li");
      line.textContent = `${new Date(Date.parse(scan.scanned_at) + scan.skew_ms).toLocaleTimeString()} · ${scan.refused}`;
      content.querySelector("ul")?.append(line);
    }
    say(content);
  }
  window.addEventListener("beforeunload", (event) => {
    if (offline?.endangered) event.preventDefault();
  });
  window.addEventListener("offline", () => network("offline"));
  window.addEventListener("online", () => void offline?.sync().then(heard));

  // ended says, once, that this phone was revoked, and forgets what it knew of tickets.
  let told401 = false;
  async function ended(): Promise<void> {
    network("signed-out");
    if (told401) return;
    told401 = true;
    say(template("signed-out"));
    await Promise.all([offline?.forget(), forgetApp()]);
  }

  async function count(): Promise<void> {
    if (document.hidden) return;
    const asked = performance.now();
    try {
      const response = await fetch(root.dataset.stats ?? "", { headers: outgoing.standing(), redirect: "error", signal: AbortSignal.timeout(countEvery) });
      offline?.measure(response, asked);
      const now = response.ok ? "online" : lineOf(outcomeOf(response.status));
      network(now);
      if (now === "signed-out" && paired) void ended();
      else told401 = false;
      const counters = response.ok ? fragment(await response.text()) : undefined;
      if (counters && asked > said) part("counters")?.replaceChildren(counters); // else an answer was newer
    } catch {
      network("offline");
    }
  }
  setInterval(() => void count(), countEvery);

  // Search, forms

  part<HTMLFormElement>("find")?.addEventListener("submit", (event) => {
    event.preventDefault();
    void find();
  });
  let typing = 0;
  part("find")?.addEventListener("input", () => {
    clearTimeout(typing);
    typing = window.setTimeout(() => void find(), 200);
  });
  let searches = 0;
  async function find(by = "q"): Promise<void> {
    const query = part("find")?.querySelector("input")?.value ?? "";
    const mine = ++searches;
    clearTimeout(typing);
    await load(part("results"), `${root.dataset.search}?${new URLSearchParams({ [by]: query })}`, () => mine === searches);
  }

  // typed takes a code from keys: an order's is looked up and is no scan.
  function typed(code: string, nonce?: string): Promise<void> {
    if (!part("find") || !orderCode.test(code.replace(/[\s-]/g, ""))) return scan({ code }, nonce);
    const field = part("find")?.querySelector("input");
    if (field) field.value = code.trim();
    dismiss();
    panels.open("find");
    document.querySelector<HTMLElement>('[data-panel="find"]')?.focus(); // a phone's keyboard goes, and what was found is seen
    return find("code");
  }

  root.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    const data = new FormData(form);
    const nonce = String(data.get("nonce"));
    if (form.matches("[data-let-in]")) {
      event.preventDefault();
      once(form, scan({ ticket_id: String(data.get("ticket_id")), direction: String(data.get("direction")) }, nonce));
    } else if (form.matches("[data-code]")) {
      event.preventDefault();
      const sent = typed(String(data.get("code")), nonce).then(() => {
        form.reset();
        form.querySelector<HTMLInputElement>("[name=nonce]")?.setAttribute("value", newNonce());
      });
      once(form, sent);
    } else if (form.matches("[data-override], [data-others], [data-asked]")) {
      if (form.dataset.confirm && form.dataset.confirmed !== "yes") return; // it is asked first
      event.preventDefault();
      once(form, inTurn(() => setAside(form)));
    } else if (form.matches("[data-annul]") && form.dataset.confirmed === "yes") {
      event.preventDefault();
      void load(part("log"), form.action, () => true, new URLSearchParams(new FormData(form) as unknown as Record<string, string>)).then(count);
    }
  });

  // setAside sends a supervisor's word against a refusal, who comes in with others of their order, or what was answered; without an answer the form stays.
  async function setAside(form: HTMLFormElement): Promise<void> {
    try {
      const response = await post(form);
      if (response.ok) told({ outcome: "answered", html: await response.text() });
      else if (form.dataset.typed) signal("refuse"); // what was typed stays, to be sent again
      else say(template("failed"));
    } catch {
      network("offline");
      if (settings.sound) signal("refuse");
    }
  }

  function post(form: HTMLFormElement): Promise<Response> {
    const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    return fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" }, redirect: "error", signal: AbortSignal.timeout(5000) });
  }

  // once keeps a form from being sent again before its scan went through.
  function once(form: HTMLFormElement, sent: Promise<void>): void {
    const button = form.querySelector("button");
    if (!button) return;
    button.disabled = true;
    void sent.finally(() => (button.disabled = false));
  }

  async function load(into: HTMLElement | null, url: string, still = () => true, body?: URLSearchParams): Promise<void> {
    try {
      const response = await fetch(url, { method: body ? "POST" : "GET", body, headers: { "HX-Request": "true" }, signal: AbortSignal.timeout(5000) });
      const outcome = response.ok ? "answered" : outcomeOf(response.status);
      network(lineOf(outcome));
      const content = response.ok ? fragment(await response.text()) : template(outcome === "signed-out" ? "search-signed-out" : "search-busy");
      if (still()) into?.replaceChildren(content);
    } catch {
      network("offline");
      if (still()) into?.replaceChildren(template("search-failed"));
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (form.matches("[data-unpair]") && form.dataset.confirmed === "yes") void Promise.all([offline?.forget(), forgetApp()]);
  });

  listen((code) => void typed(code));
  keepAwake();
  if (paired) void prepare();
  void look();
}

// Settings are kept on this device.
class Settings {
  private readonly field = document.querySelector<HTMLInputElement>("#f-gate-name");
  private readonly box = document.querySelector<HTMLInputElement>("[data-sound]");

  // A paired phone has a gate of its own, which its server knows.
  constructor(private readonly fixed: string) {
    if (this.field) this.field.value = stored("turnout.gate") || new URLSearchParams(location.search).get("gate") || "";
    if (this.box) this.box.checked = stored("turnout.sound") !== "off";
    this.field?.addEventListener("input", () => this.keep());
    this.box?.addEventListener("change", () => this.keep());
    document.querySelector("[data-try-sounds]")?.addEventListener("click", () => {
      for (const [i, tone] of (["ok", "warn", "refuse"] as const).entries()) setTimeout(() => signal(tone), i * 900);
    });
    this.keep();
  }

  get gate(): string {
    return this.fixed || (this.field?.value.trim() ?? "");
  }

  get sound(): boolean {
    return this.box?.checked ?? true;
  }

  private keep(): void {
    const label = document.querySelector<HTMLElement>("[data-gate-shown]");
    if (label && !this.fixed) {
      label.textContent = this.gate && ` · ${this.gate}`;
      label.hidden = !this.gate;
    }
    try {
      if (!this.fixed) localStorage.setItem("turnout.gate", this.gate);
      localStorage.setItem("turnout.sound", this.sound ? "on" : "off");
    } catch {
      // it lasts for this page
    }
  }
}

function stored(key: string): string {
  try {
    return localStorage.getItem(key) ?? "";
  } catch {
    return "";
  }
}

// fragment reads what our own server drew.
function fragment(html: string): DocumentFragment {
  return document.createRange().createContextualFragment(html);
}

function toneOf(content: DocumentFragment): Tone | undefined {
  return content.querySelector<HTMLElement>("[data-tone]")?.dataset.tone as Tone | undefined;
}

function template(name: string): DocumentFragment {
  const found = document.querySelector<HTMLTemplateElement>(`template[data-say="${name}"]`);
  return (found?.content.cloneNode(true) as DocumentFragment | undefined) ?? new DocumentFragment();
}

const root = document.querySelector<HTMLElement>("[data-door]");
if (root) door(root);
