// Hand scanners that type: characters in quick succession and Enter, Tab or nothing, wherever the focus is.
import { orderCode, ours, oursIn } from "./_code";

const machine = 50; // milliseconds a character at most, on average: no hand types so fast
const pause = 100; // milliseconds after which something new may have begun:
const hiccup = 1000; // a busy phone or a weak Bluetooth link makes gaps, too
const silence = 300; // milliseconds after which a scanner that sends no Enter is through
const shortest = 8;
const most = 400; // keys that are kept

type Field = HTMLInputElement | HTMLTextAreaElement;

interface Key {
  key: string; // what this keyboard's layout makes of it
  place: string; // what it is on the keyboard that scanners believe in, the American one
  gap: number; // milliseconds since the one before
}

interface Found {
  code: string;
  from: number; // its first key
}

export function listen(scanned: (code: string) => void): void {
  let keys: Key[] = [];
  let fields: { field: Field | undefined; before: string }[] = []; // as each key found it
  let last = -hiccup;
  let timer = 0;
  let ended = -hiccup; // when a code was taken without an Enter, which may come yet

  function forget(): void {
    clearTimeout(timer);
    keys = [];
    fields = [];
  }

  function take(found: Found): void {
    const at = fields[found.from];
    if (at?.field) at.field.value = at.before; // the scanner typed into a field that is for something else
    forget();
    scanned(found.code);
  }

  function end(event: KeyboardEvent): void {
    const found = event.timeStamp - last > hiccup ? undefined : codeIn(keys);
    if (found || event.timeStamp - ended < hiccup) {
      event.preventDefault();
      event.stopPropagation();
    }
    ended = -hiccup;
    if (found) take(found);
    else forget();
  }

  function type(event: KeyboardEvent): void {
    if (event.timeStamp - last > hiccup || keys.length >= most) forget();
    const field = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement ? event.target : undefined;
    const quick = machineTyped(keys);
    keys.push({ key: event.key.length === 1 ? event.key : "", place: placeOf(event), gap: keys.length > 0 ? event.timeStamp - last : 0 });
    fields.push({ field, before: field?.value ?? "" });
    last = event.timeStamp;
    if (quick && !field) event.preventDefault(); // a button with the focus must not be pressed by a blank in a code
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      const found = codeIn(keys);
      if (!found || !ours(found.code)) return;
      ended = performance.now();
      take(found);
    }, silence);
  }

  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      if (event.key === "Enter" || event.key === "Tab") end(event);
      else if (event.key.length === 1 || event.key === "Dead") type(event);
    },
    { capture: true },
  );
  document.addEventListener("paste", (event) => {
    const code = oursIn(event.clipboardData?.getData("text") ?? "");
    if (!code || (event.target as Element).closest("[data-code]")) return; // there it is typed in and looked at first
    event.preventDefault();
    scanned(code);
  });
}

function placeOf(event: KeyboardEvent): string {
  return /^(?:Key|Digit)(.)$/.exec(event.code)?.[1] ?? event.key;
}

// codeIn finds the code that ends with the last key. What a hand typed before it ended with a pause; a pause in the code itself shows by
// the code's being whole only with what was before.
function codeIn(keys: Key[]): Found | undefined {
  const starts = keys.map((key, i) => (i === 0 || key.gap > pause ? i : -1)).filter((i) => i >= 0);
  for (const from of starts.reverse()) {
    const text = (name: "key" | "place") => keys.slice(from).map((key) => key[name]).join("").trim();
    for (const each of [text("key"), text("place")]) if (ours(each)) return { code: each, from };
    if (orderCode.test(text("key")) && speed(keys.slice(from)) < machine) return { code: text("key"), from };
  }
  const from = beginning(keys);
  const rest = keys.slice(from);
  if (!machineTyped(rest)) return undefined;
  const typed = rest.map((key) => key.key).join("");
  return { code: oursIn(typed) ?? oursIn(rest.map((key) => key.place).join("")) ?? typed, from };
}

// beginning is the start of what was typed in one go; once it is a machine that types, pauses do not end it.
function beginning(keys: Key[]): number {
  let from = 0;
  keys.forEach((key, i) => {
    if (key.gap > pause && !machineTyped(keys.slice(from, i))) from = i;
  });
  return from;
}

function machineTyped(keys: Key[]): boolean {
  return keys.length >= shortest && speed(keys) < machine;
}

// speed is milliseconds a character, without the pauses.
function speed(keys: Key[]): number {
  const gaps = keys.slice(1).map((key) => key.gap).filter((gap) => gap <= pause);
  return gaps.length > 0 ? gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length : Infinity;
}
