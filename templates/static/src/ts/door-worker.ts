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
  event.waitUntil(ask(url.pathname, url).then((answer) => answer.ok && event.source?.postMessage("kept")));
});

async function page(event: FetchEvent, url: URL): Promise<Response> {
  const answer = ask(event.request, url).catch(() => undefined);
  const copy = await copyOf(url);
  const first = copy ? await Promise.race([answer, pause()]) : await answer;
  event.waitUntil(answer);
  if (first && first.status < 500) return first;
  return copy ?? first ?? Response.error();
}

const pause = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience));

// ask asks the network and keeps, or forgets, what it says. Of a page that searched, only what is there without the search is kept.
async function ask(request: Request | string, url: URL): Promise<Response> {
  const answer = await fetch(request);
  if (!isDoor.test(url.pathname) || /[?&](q|code)=/.test(url.search)) return answer;
  const cache = await caches.open(store);
  if (answer.ok && answer.headers.get("Turnout-Keep") === "door") await keep(cache, url, answer.clone());
  else if (answer.status < 500) await cache.delete(url.pathname); // no door of this phone's any more
  return answer;
}

async function keep(cache: Cache, url: URL, answer: Response): Promise<void> {
  const html = await answer.text();
  const used = new Set([...html.matchAll(needs)].map((found) => found[1]!));
  for (const path of used) if (!(await cache.match(path))) await cache.add(path);
  await cache.put(url.pathname, new Response(html, { headers: answer.headers }));
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (isNeed.test(pathname) && !used.has(pathname)) await cache.delete(request); // of an older page; other lists' pages need the same
  }
}

// copyOf is the kept page of a door; for the way to it, that of the door that was open last.
async function copyOf(url: URL): Promise<Response | undefined> {
  const cache = await caches.open(store);
  if (isDoor.test(url.pathname)) return cache.match(url.pathname);
  if (!/^\/door(\/[^/]+)?\/?$/.test(url.pathname)) return undefined;
  const last = (await cache.keys()).findLast((request) => isDoor.test(new URL(request.url).pathname));
  return last && Response.redirect(last.url);
}

async function need(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: store, ignoreVary: true })) ?? fetch(request);
}
