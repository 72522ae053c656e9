// <p data-my-time data-start="…Z" data-end="…Z" data-zone="Europe/Berlin" data-text="{} in your time zone" hidden>: shown when the
// viewer's zone has another clock at that time.
export function myTimes(root: ParentNode): void {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const element of root.querySelectorAll<HTMLElement>("[data-my-time]")) {
    const start = new Date(element.dataset.start ?? "");
    const end = new Date(element.dataset.end ?? "");
    if (Number.isNaN(start.getTime()) || Number.isNaN(end.getTime())) continue;
    const options: Intl.DateTimeFormatOptions = { weekday: "short", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const lang = document.documentElement.lang.replace(/^en$/, "en-GB"); // "Thu 4 June", as the page itself writes
    const there = new Intl.DateTimeFormat(lang, { ...options, timeZone: element.dataset.zone });
    const here = new Intl.DateTimeFormat(lang, { ...options, timeZone: own });
    if (there.format(start) === here.format(start)) continue;
    element.textContent = (element.dataset.text ?? "{}").replace("{}", here.formatRange(start, end));
    element.hidden = false;
  }
}
