// The scanner's page. With a network the server decides; without one this device does, keeps the
// scan, and sends it later. What was not sent is counted in sight.
import { listKey, readCode } from "./codes.mjs";
import { judge, passes } from "./judge.mjs";
import { dropScan, keepList, keepScan, keptList, waitingScans } from "./store.mjs";

const PATIENCE_MS = 700, RELOAD_MS = 60_000, RETRY_MS = 5_000, MOST_AT_ONCE = 100, LATEST = 6;
const KEY_DIGITS = 20, KEPT = "upstage-door-1"; // as `worker.js` names it

const find = (name) => document.querySelector(`[data-${name}]`);
const main = find("door"), result = find("result"), net = find("net"), form = find("scan");
const here = `/door/${main.dataset.performance}/`;
const performanceNumber = Number(main.dataset.number);
const words = (key) => document.querySelector(`[data-net-words="${key}"]`).content.textContent;

let list = null, tickets = new Map(), isOnline = navigator.onLine, mustSignIn = false;

const device = () => {
  let id = localStorage.getItem("upstage-door-device");
  if (!id) {
    id = crypto.randomUUID().slice(0, 4).toUpperCase();
    localStorage.setItem("upstage-door-device", id);
  }
  const name = (localStorage.getItem("upstage-door-name") ?? "").trim();
  return name ? `${name} ${id}` : `Device ${id}`;
};

const ask = async (path, body, patience, at = here) => {
  const answer = await fetch(at + path, {
    method: body ? "POST" : "GET",
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
    cache: "no-store",
    redirect: "error",
    signal: AbortSignal.timeout(patience),
  });
  mustSignIn = answer.status === 401;
  if (!answer.ok) throw new Error(String(answer.status));
  isOnline = true;
  return answer.json();
};

const showFigures = (figures) => {
  find("inside").textContent = figures.inside;
  find("expected").textContent = figures.expected;
};

const showNet = async () => {
  const count = (await waitingScans()).length;
  const key = mustSignIn ? "sign_in" : isOnline ? "online" : "offline";
  const tone = mustSignIn ? "bad" : isOnline ? "good" : "amber";
  const said = count ? `${words(key)} ${words("waiting").replace("{count}", count)}` : words(key);
  find("sign-in").hidden = !mustSignIn;
  net.dataset.tone = count && tone === "good" ? "amber" : tone;
  if (net.textContent !== said) net.textContent = said;
};

const takeList = (loaded) => {
  list = loaded;
  tickets = new Map(loaded.tickets.map((each) => [each.key, each]));
  find("list").textContent = words("list")
    .replace("{count}", tickets.size)
    .replace("{time}", new Date(loaded.made_at).toLocaleTimeString([], { timeStyle: "short" }));
};

const reload = async () => {
  try {
    const loaded = await ask("list", null, 20_000);
    takeList({ ...loaded, id: main.dataset.performance });
    showFigures(loaded.figures);
    await remember();
  } catch {
    isOnline = false;
  }
  await showNet();
};

const note = (key, direction, verdict) => {
  const listed = tickets.get(key);
  if (listed && passes(verdict)) listed.inside = direction === "in";
};

// Who passed here and is not known to the server yet is in, on this device, after a reload as well.
const remember = async () => {
  for (const scan of await waitingScans()) note(scan.key, scan.direction, scan.shown);
  if (list) await keepList(list);
};

const bodyOf = (scans) => ({
  device: device(),
  scans: scans.map((scan) => ({
    nonce: scan.nonce,
    code: scan.code,
    direction: scan.direction,
    age_ms: Math.max(0, Date.now() - scan.at),
    shown: scan.shown,
  })),
});

let isSending = false;
const send = async () => {
  if (isSending) return;
  isSending = true;
  try {
    const waiting = await waitingScans();
    for (const place of new Set(waiting.map((scan) => scan.performance))) {
      const scans = waiting.filter((scan) => scan.performance === place);
      for (let from = 0; from < scans.length; from += MOST_AT_ONCE) {
        const some = scans.slice(from, from + MOST_AT_ONCE);
        const answered = await ask("scans", bodyOf(some), 20_000, place);
        for (const scan of some) await dropScan(scan.nonce);
        if (place === here) showFigures(answered.figures);
      }
    }
    if (!waiting.length && !isOnline) showFigures((await ask("figures", null, 5_000)).figures);
  } catch {
    isOnline = false;
  }
  isSending = false;
  await showNet();
};

const show = (scan, verdict, said, isUnsent) => {
  const template = document.querySelector(`template[data-verdict="${verdict}"]`);
  const filled = template.content.cloneNode(true);
  const line = filled.querySelector(".verdict").textContent.trim();
  filled.querySelector("[data-place]").textContent = said.place ?? "";
  filled.querySelector("[data-detail]").textContent = said.detail ?? "";
  if (!isUnsent) filled.querySelector("[data-unsent]").remove();
  result.replaceChildren(filled);
  result.dataset.tone = template.dataset.tone;
  if (template.dataset.tone !== "good") navigator.vibrate?.([80, 60, 80]);
  const item = document.createElement("li"), time = document.createElement("time");
  time.textContent = new Date(scan.at).toLocaleTimeString([], { timeStyle: "short" });
  item.append(`${line.replace(/\s+/g, " ")} ${said.place ?? ""}`, time);
  find("latest").prepend(item);
  find("latest-title").hidden = false;
  while (find("latest").children.length > LATEST) find("latest").lastChild.remove();
};

const onThisDevice = async (code, direction) => {
  if (!list) return { verdict: "unverified", said: {}, key: "" };
  const claims = await readCode(code, list);
  const key = claims ? await listKey(claims.ticket, KEY_DIGITS) : "";
  const listed = tickets.get(key);
  const about = { direction, performance: performanceNumber };
  const said = { place: listed?.place, detail: listed?.detail };
  return { verdict: judge(claims, listed, about), said, key };
};

let isBusy = Promise.resolve();
const take = (code) => (isBusy = isBusy.then(() => check(code), () => check(code)));

const check = async (code) => {
  const direction = new FormData(form).get("direction");
  const scan = { nonce: crypto.randomUUID(), code, direction, at: Date.now(), shown: null };
  const alone = await onThisDevice(code, direction);
  if (isOnline && !mustSignIn) {
    try {
      const answered = await ask("scans", bodyOf([scan]), PATIENCE_MS);
      const [answer] = answered.answers;
      note(alone.key, direction, answer.verdict);
      showFigures(answered.figures);
      show(scan, answer.verdict, answer, false);
      await remember();
      await showNet();
      return;
    } catch {
      isOnline = false;
    }
  }
  note(alone.key, direction, alone.verdict);
  await keepScan({ ...scan, shown: alone.verdict, key: alone.key, performance: here });
  show(scan, alone.verdict, alone.said, true);
  await showNet();
};

// A scanner types where the cursor is, and ends with Enter.
const code = document.querySelector("#code");
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = code.value.trim();
  code.value = "";
  code.focus();
  if (typed) take(typed);
});
document.addEventListener("keydown", (event) => {
  const isElsewhere = !event.target.closest?.("input, button, a, summary");
  if (isElsewhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey) code.focus();
});

// The camera, where the browser itself reads codes.
const startCamera = async () => {
  if (!("BarcodeDetector" in window)) return;
  if (!(await BarcodeDetector.getSupportedFormats()).includes("qr_code")) return;
  const button = find("camera"), video = find("video");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  button.hidden = false;
  let stream = null, last = "", lastAt = 0;
  const stop = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.hidden = true;
    button.textContent = words("camera_on");
  };
  const look = async () => {
    if (!stream) return;
    const [found] = await detector.detect(video).catch(() => []);
    const isNew = found && (found.rawValue !== last || Date.now() - lastAt > 4_000);
    if (isNew) {
      [last, lastAt] = [found.rawValue, Date.now()];
      await take(found.rawValue);
    }
    setTimeout(look, 120);
  };
  button.addEventListener("click", async () => {
    if (stream) return stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      button.textContent = words("camera_refused");
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    button.textContent = words("camera_off");
    look();
  });
};

const name = document.querySelector("#device");
name.value = localStorage.getItem("upstage-door-name") ?? "";
name.addEventListener("change", () => localStorage.setItem("upstage-door-name", name.value));
find("send").addEventListener("click", send);
find("reload").addEventListener("click", reload);
find("more").hidden = false;
addEventListener("online", () => send().then(reload));
addEventListener("offline", () => ((isOnline = false), showNet()));

const kept = await keptList(main.dataset.performance);
if (kept) takeList(kept);
await remember();
// The worker was not there yet when this page was loaded, so the page keeps itself.
navigator.serviceWorker
  ?.register("/door/worker.js", { scope: "/door/" })
  .then(async () => (await caches.open(KEPT)).add(here))
  .catch(() => null); // without a worker all goes on until the page is closed
await reload();
await send();
document.documentElement.dataset.ready = "true";
setInterval(reload, RELOAD_MS);
setInterval(() => (isOnline ? null : send()), RETRY_MS);
startCamera();
