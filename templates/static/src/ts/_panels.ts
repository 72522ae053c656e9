// The door's panels over the camera: search, last scans, settings. One is open at a time.
export class Panels {
  private readonly panels = document.querySelectorAll<HTMLElement>("[data-panel]");
  private readonly buttons = document.querySelectorAll<HTMLElement>("[data-open-panel]");
  private opener?: HTMLElement;

  constructor(private readonly opened: (name: string) => void) {
    for (const button of this.buttons)
      button.addEventListener("click", () => {
        const name = button.dataset.openPanel ?? "";
        if (this.current === name) this.close();
        else this.open(name, button);
      });
    for (const panel of this.panels) panel.querySelector("[data-close]")?.addEventListener("click", () => this.close());
  }

  get current(): string {
    return [...this.panels].find((panel) => !panel.hidden)?.dataset.panel ?? "";
  }

  open(name: string, opener?: HTMLElement): void {
    this.opener = opener;
    this.show(name);
    const panel = [...this.panels].find((each) => each.dataset.panel === name);
    (panel?.querySelector<HTMLElement>("input[type=search]") ?? panel)?.focus();
    this.opened(name);
  }

  close(): void {
    this.show("");
    this.opener?.focus();
    this.opener = undefined;
  }

  show(name: string): void {
    for (const panel of this.panels) panel.hidden = panel.dataset.panel !== name;
    for (const button of this.buttons) button.setAttribute("aria-expanded", String(button.dataset.openPanel === name));
  }
}
