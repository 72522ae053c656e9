// Keeps the page of a paired phone's door, so that it opens without a network. The network is asked first; pages with somebody's name in
// them (what a search found) are never kept. What the door knows of tickets is elsewhere: see _kept.ts.
/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;

const store = "door-1";
const patience = 2500; // milliseconds that the network has before the kept page is shown
const needs = /"(\/(?:static|theme|pictures)\/[^"?#]+)"/g; // of a page, beside itself
const isNeed = /^\/(?:static|theme|pictures)\//;
const isDoor = /^\/door\/[^/]+\/lists\/[^/]+$/;

self.addEventListener("install", () => void self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(event, url));
  else if (isNeed.test(url.pathname)) event.respondWith(need(request));
});

// {keep: address}: the page was opened before there was a worker to see it. "forget": this phone is no door any more.
self.addEventListener("message", (event) => {
  if (event.data === "forget") {
    event.waitUntil(caches.delete(store));
    return;
  }
  const url = new URL(event.data.keep);
  if (url.origin !== location.origin || !isDoor.test(url.pathname)) return;
  const { asked, kept } = ask(url.pathname, url);
  event.waitUntil(Promise.all([asked, kept]).then(([answer]) => answer.ok && event.source?.postMessage("kept")));
});

async function page(event: FetchEvent, url: URL): Promise<Response> {
  const { asked, kept } = ask(event.request, url);
  event.waitUntil(kept.catch(() => undefined)); // what cannot be kept now is shown all the same
  const answer = asked.catch(() => undefined);
  const copy = isDoor.test(url.pathname) ? await (await caches.open(store)).match(url.pathname) : undefined;
  const first = copy ? await Promise.race([answer, pause()]) : await answer;
  if (first && first.status < 500) return first;
  return copy ?? (await lastDoor(url)) ?? first ?? Response.error();
}

const pause = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience));

// ask asks the network and keeps, or forgets, what it says. Of a page that searched, only what is there without the search is kept.
function ask(request: Request | string, url: URL): { asked: Promise<Response>; kept: Promise<void> } {
  const asked = fetch(request);
  if (!isDoor.test(url.pathname) || /[?&](q|code)=/.test(url.search)) return { asked, kept: Promise.resolve() };
  const copied = asked.then((answer) => answer.clone()); // before anybody reads it
  const kept = copied.then(async (answer) => {
    const cache = await caches.open(store);
    if (answer.ok && answer.headers.get("Turnout-Keep") === "door") await keep(cache, url, answer);
    else if (answer.status < 500) await cache.delete(url.pathname); // no door of this phone's any more
  });
  return { asked: copied.then(() => asked), kept };
}

async function keep(cache: Cache, url: URL, answer: Response): Promise<void> {
  const html = await answer.text();
  for (const path of needsOf(html)) if (!(await cache.match(path))) await cache.add(path);
  await cache.put(url.pathname, new Response(html, { headers: answer.headers }));
  const used = new Set<string>(); // by this page, and by those of other lists, which may be of an older version
  const kept = await cache.keys();
  for (const request of kept) {
    if (!isDoor.test(new URL(request.url).pathname)) continue;
    for (const path of needsOf((await (await cache.match(request))?.text()) ?? "")) used.add(path);
  }
  for (const request of kept) {
    const { pathname } = new URL(request.url);
    if (isNeed.test(pathname) && !used.has(pathname)) await cache.delete(request);
  }
}

const needsOf = (html: string) => new Set([...html.matchAll(needs)].map((found) => found[1]!));

// lastDoor leads from the way to a door, where there is no network, to the one that was opened last, of the event that the way names.
async function lastDoor(url: URL): Promise<Response | undefined> {
  const way = /^\/door(?:\/([^/]+))?\/?$/.exec(url.pathname);
  if (!way) return undefined;
  const from = way[1] ? `/door/${way[1]}/` : "/door/";
  const last = (await (await caches.open(store)).keys()).findLast((request) => {
    const { pathname } = new URL(request.url);
    return isDoor.test(pathname) && pathname.startsWith(from);
  });
  return last && Response.redirect(last.url);
}

async function need(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: store, ignoreVary: true })) ?? fetch(request);
}
