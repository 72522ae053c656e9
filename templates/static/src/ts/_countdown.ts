// <span class="countdown" data-until="2026-06-04T16:30:00Z" data-left="{} left" data-over="Time is up">: minutes and seconds
// until then. The page says the moment in words, which stay while it is more than a day away; when it is over, [data-reload] loads the page anew.
export function countdowns(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>("[data-until]")) {
    const until = Date.parse(element.dataset.until ?? "");
    if (Number.isNaN(until) || element.dataset.running) continue;
    element.dataset.running = "yes";
    const text = element.querySelector<HTMLElement>("[data-text]") ?? element;
    const tick = () => {
      const left = Math.max(0, Math.round((until - Date.now()) / 1000));
      if (left < 120) element.dataset.low = "";
      if (left > 86_400) return;
      text.textContent = left > 0 ? (element.dataset.left ?? "{}").replace("{}", format(left)) : (element.dataset.over ?? "0:00");
      if (left > 0) return;
      clearInterval(timer);
      if (element.dataset.reload !== undefined) setTimeout(() => location.reload(), 1500);
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
}

function format(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
