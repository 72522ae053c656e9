// Makes the door an app of this phone: its page opens without a network. forgetApp ends that.
export async function keepApp(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/door/worker.js", { scope: "/door/" });
  const { active } = await navigator.serviceWorker.ready;
  active?.postMessage({ keep: location.href });
}

export async function forgetApp(): Promise<void> {
  const registration = await navigator.serviceWorker?.getRegistration("/door/");
  registration?.active?.postMessage("forget");
}

// onlyDoor makes this page the one of this phone that decides: another, which it does not know of, would let in what this one has let in. The
// page that was opened last has it, as one in the background may be asleep; lost is called when it goes to a newer one.
export function onlyDoor(lost: () => void): Promise<void> {
  if (!navigator.locks) return Promise.resolve();
  return new Promise((resolve) => {
    navigator.locks
      .request("turnout-door", { steal: true }, () => {
        resolve();
        return new Promise<never>(() => undefined); // for as long as the page is there
      })
      .catch(lost);
  });
}
