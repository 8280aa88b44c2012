// Keeps the pages and modules of the door, so that a device opens them without a network. The list
// and the scans are the page's own business: they are never answered from here.
const KEPT = "upstage-door-1";
const MODULES = ["door.mjs", "codes.mjs", "judge.mjs", "store.mjs"].map((name) => `/door/${name}`);
const PATIENCE_MS = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await (await caches.open(KEPT)).addAll(MODULES);
      await self.skipWaiting();
    })(),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      for (const name of await caches.keys()) {
        if (name.startsWith("upstage-door-") && name !== KEPT) await caches.delete(name);
      }
      await self.clients.claim();
    })(),
  );
});

const isKept = (request) => {
  if (request.method !== "GET") return false;
  const { pathname } = new URL(request.url);
  return MODULES.includes(pathname) || /^\/door\/([0-9a-f]{32}\/)?$/.test(pathname);
};

const fromNetwork = async (request) => {
  const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) });
  // A sign-in page came instead of the page that was asked for: it is shown, and not kept.
  if (answer.ok && !answer.redirected) (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
};

self.addEventListener("fetch", (event) => {
  if (!isKept(event.request)) return;
  event.respondWith(
    fromNetwork(event.request).catch(async () => {
      return (await caches.match(event.request)) ?? Response.error();
    }),
  );
});
