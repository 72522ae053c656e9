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
