// Hand scanners that type: characters in quick succession and Enter, wherever the focus is.
const machine = 50; // milliseconds a character at most, on average: no hand types a code that fast
const pause = 100; // milliseconds after which something new begins,
const hiccup = 1000; // unless a scanner is in the middle of a code: a busy phone or a weak Bluetooth link makes gaps
const shortest = 8;

export function listen(scanned: (code: string) => void): void {
  let typed = "";
  let began = 0;
  let last = -hiccup;
  let field: HTMLInputElement | undefined;
  let before = "";
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const now = event.timeStamp;
      const gap = now - last;
      const scanner = typed.length >= shortest && last - began < machine * typed.length;
      if (event.key === "Enter") {
        const code = typed;
        typed = "";
        if (!scanner || gap > hiccup) return;
        event.preventDefault();
        event.stopPropagation();
        if (field) field.value = before; // the scanner typed into a field that is for something else
        scanned(code);
      } else if (event.key.length === 1) {
        if (gap > (scanner ? hiccup : pause)) {
          typed = "";
          began = now;
          field = event.target instanceof HTMLInputElement ? event.target : undefined;
          before = field?.value ?? "";
        } else if (gap > pause) {
          began += gap; // the gap does not count
        }
        typed += event.key;
        last = now;
        if (scanner && !field) event.preventDefault(); // a button with the focus must not be pressed by a blank in a code
      }
    },
    { capture: true },
  );
}
