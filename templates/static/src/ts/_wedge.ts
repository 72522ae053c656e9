// Hand scanners that type: characters in quick succession and Enter, wherever the focus is.
const pause = 60; // milliseconds between two characters: no hand types a code that fast
const shortest = 8;

export function listen(scanned: (code: string) => void): void {
  let typed = "";
  let last = 0;
  let field: HTMLInputElement | undefined;
  let before = "";
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const quick = event.timeStamp - last < pause;
      last = event.timeStamp;
      if (event.key === "Enter") {
        const code = typed;
        typed = "";
        if (!quick || code.length < shortest) return;
        event.preventDefault();
        event.stopPropagation();
        if (field) field.value = before; // the scanner typed into a field that is for something else
        scanned(code);
      } else if (event.key.length === 1) {
        if (!quick) {
          typed = "";
          field = event.target instanceof HTMLInputElement ? event.target : undefined;
          before = field?.value ?? "";
        }
        typed += event.key;
        // A button with the focus must not be pressed by a blank in a code.
        if (typed.length > 1 && !field) event.preventDefault();
      }
    },
    { capture: true },
  );
}
