// Hand scanners that type: characters in quick succession and Enter, wherever the focus is.
const machine = 50; // milliseconds a character at most, on average: no hand types a code that fast
const pause = 500; // milliseconds after which something new begins; a busy phone or a weak Bluetooth link makes gaps
const shortest = 8;

export function listen(scanned: (code: string) => void): void {
  let typed = "";
  let began = 0;
  let last = 0;
  let field: HTMLInputElement | undefined;
  let before = "";
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const now = event.timeStamp;
      const quick = now - began < machine * (typed.length + 1);
      if (event.key === "Enter") {
        const code = typed;
        typed = "";
        if (!quick || code.length < shortest) return;
        event.preventDefault();
        event.stopPropagation();
        if (field) field.value = before; // the scanner typed into a field that is for something else
        scanned(code);
      } else if (event.key.length === 1) {
        if (typed === "" || now - last > pause) {
          typed = "";
          began = now;
          field = event.target instanceof HTMLInputElement ? event.target : undefined;
          before = field?.value ?? "";
        }
        typed += event.key;
        last = now;
        // A button with the focus must not be pressed by a blank in a code.
        if (typed.length > 1 && quick && !field) event.preventDefault();
      }
    },
    { capture: true },
  );
}
