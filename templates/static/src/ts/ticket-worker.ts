// Keeps the pages of tickets that were opened on this device, so that they open at a door without a network. The network is
// asked first, so that a canceled ticket says so; a kept copy says that it is one. Nothing else of the site is kept.
/// <reference lib="webworker" />
declare const self: ServiceWorkerGlobalScope;

const store = "tickets-1";
const patience = 2500; // milliseconds that the network has before a copy is shown
const justNow = 10_000; // milliseconds in which the page looks again that was told of an answer
const needs = /"(\/(?:static|theme|pictures)\/[^"?#]+)"/g; // of a page, beside itself
const isNeed = /^\/(?:static|theme|pictures)\//;

const late = new Map<string, number>(); // when the network answered, by page, after a copy was shown

self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(activate()));

async function activate(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith("tickets-") && name !== store) await caches.delete(name);
  await tidy();
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && isTicket(url)) event.respondWith(page(event, url));
  else if (isNeed.test(url.pathname)) event.respondWith(need(request));
});

// {keep: address}: the page was opened before there was a worker to see it
self.addEventListener("message", (event) => {
  const url = new URL(event.data.keep);
  if (url.origin !== location.origin || !isTicket(url)) return;
  event.waitUntil((async () => {
    const there = (await caches.match(nameOf(url), { cacheName: store })) ?? (await ask(url.href, url));
    if (there.ok) event.source?.postMessage("kept");
  })());
});

function isTicket(url: URL): boolean {
  return /^\/tickets\/[a-z]+_[0-9a-z]+$/.test(url.pathname) && url.searchParams.has("secret");
}

// nameOf is under what a page is kept: its address in whatever language.
function nameOf(url: URL): string {
  return url.origin + url.pathname + "?secret=" + encodeURIComponent(url.searchParams.get("secret") ?? "");
}

async function page(event: FetchEvent, url: URL): Promise<Response> {
  const copy = await copyOf(url);
  const came = late.get(nameOf(url));
  late.delete(nameOf(url));
  if (copy && came && Date.now() - came < justNow) return copy; // asking again would only be as slow again
  const answer = ask(event.request, url).catch(() => undefined);
  event.waitUntil(answer);
  const first = copy ? await Promise.race([answer, pause()]) : await answer;
  if (first && first.status < 500) return first;
  if (!copy) return first ?? Response.error();
  if (!first) event.waitUntil(answer.then((came) => came && came.status < 500 && tell(event.resultingClientId, url)));
  return asSaved(copy);
}

const pause = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience));

// ask asks the network and keeps, or forgets, what it says.
async function ask(request: Request | string, url: URL): Promise<Response> {
  const answer = await fetch(request);
  if (answer.ok) await keep(url, answer.clone());
  else if (answer.status === 404 || answer.status === 410) await forget(url);
  return answer;
}

async function keep(url: URL, answer: Response): Promise<void> {
  const cache = await caches.open(store);
  const html = await answer.text();
  await cache.put(nameOf(url), new Response(html, { headers: answer.headers }));
  for (const path of needsOf(html)) if (!(await cache.match(path))) await cache.add(path).catch(() => undefined);
  await tidy();
}

async function forget(url: URL): Promise<void> {
  await (await caches.open(store)).delete(nameOf(url));
  await tidy();
}

const needsOf = (html: string) => [...html.matchAll(needs)].map((found) => found[1]!);

// tidy drops pages whose event is long over, and what no page needs any more.
async function tidy(): Promise<void> {
  const cache = await caches.open(store);
  const used = new Set<string>();
  const others: Request[] = [];
  for (const request of await cache.keys()) {
    if (!isTicket(new URL(request.url))) {
      others.push(request);
      continue;
    }
    const copy = await cache.match(request);
    if (!copy || isOver(copy)) await cache.delete(request);
    else for (const path of needsOf(await copy.text())) used.add(path);
  }
  for (const request of others) if (!used.has(new URL(request.url).pathname)) await cache.delete(request);
}

const isOver = (copy: Response) => Date.parse(copy.headers.get("Turnout-Keep-Until") ?? "") < Date.now();

async function copyOf(url: URL): Promise<Response | undefined> {
  const copy = await caches.match(nameOf(url), { cacheName: store });
  return copy && !isOver(copy) ? copy : undefined;
}

// asSaved uncovers what a page says about being a copy, and covers what needs a network.
async function asSaved(copy: Response): Promise<Response> {
  const html = (await copy.text()).replaceAll("hidden data-when-saved", "data-when-saved").replaceAll(" data-when-live", " hidden data-when-live");
  return new Response(html, { headers: copy.headers });
}

async function need(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: store, ignoreVary: true })) ?? fetch(request);
}

async function tell(client: string, url: URL): Promise<void> {
  late.set(nameOf(url), Date.now());
  (await self.clients.get(client))?.postMessage("fresh");
}
