// What a device keeps: scans that were not sent yet, and the list of each performance.
const NAME = "upstage-door", SCANS = "scans", LISTS = "lists";

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

let opened;
const database = () =>
  (opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(SCANS, { keyPath: "nonce" });
      request.result.createObjectStore(LISTS, { keyPath: "id" });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  }));

const at = async (name, mode) => (await database()).transaction(name, mode).objectStore(name);

export const keepScan = async (scan) => done((await at(SCANS, "readwrite")).put(scan));
export const dropScan = async (nonce) => done((await at(SCANS, "readwrite")).delete(nonce));
export const waitingScans = async () => done((await at(SCANS, "readonly")).getAll());
export const keepList = async (list) => done((await at(LISTS, "readwrite")).put(list));
export const keptList = async (id) => done((await at(LISTS, "readonly")).get(id));
