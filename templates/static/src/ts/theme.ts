// Loaded before the page is drawn, so that a theme chosen by hand does not flash; also says that scripts run.
export {};

const root = document.documentElement;
root.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
} catch {
  // storage is switched off: the system's theme stays
}
