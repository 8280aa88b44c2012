// Reads a ticket code as `orders/files/ticket_code.py` does: digits by any keyboard's layout, then
// 24 bytes and their Ed25519 signature. `verified` is null where the browser cannot check it.
const DIGITS = 212, BYTES = 88, HEAD = 24, FEWEST = 100, FORM = 1;
const PREFIX = new TextEncoder().encode("upstage-ticket");

const asDigits = function* (text, layouts) {
  const typed = [...text.replace(/\s+/g, "")];
  if (typed.length <= FEWEST || typed.length > DIGITS) return;
  for (const layout of layouts) {
    const keys = [...layout];
    const digits = typed
      .map((sign) => (keys.includes(sign) ? layouts[0][keys.indexOf(sign)] : sign))
      .join("");
    if (/^[0-9]+$/.test(digits)) yield digits;
  }
};

const bytesOf = (digits) => {
  const hex = BigInt(digits).toString(16).padStart(BYTES * 2, "0");
  if (hex.length > BYTES * 2) return null;
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
};

const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const fromBase64url = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));

const isSigned = async (publicKey, body, signature) => {
  const key = await crypto.subtle.importKey("raw", fromBase64url(publicKey), "Ed25519", false, [
    "verify",
  ]);
  const message = new Uint8Array(PREFIX.length + body.length);
  message.set(PREFIX);
  message.set(body, PREFIX.length);
  return crypto.subtle.verify("Ed25519", key, signature, message);
};

const claimsOf = async (bytes, keys) => {
  const head = new DataView(bytes.buffer);
  const mine = keys[head.getUint8(1)];
  if (head.getUint8(0) !== FORM || !mine) return null;
  const body = bytes.slice(0, HEAD), signature = bytes.slice(HEAD);
  let verified = false;
  try {
    for (const key of mine) verified ||= await isSigned(key, body, signature);
  } catch {
    verified = null;
  }
  if (verified === false) return null;
  return {
    ticket: hexOf(bytes.slice(2, 18)),
    version: head.getUint16(18),
    performance: head.getUint32(20),
    verified,
  };
};

export const readCode = async (text, { layouts, keys }) => {
  for (const digits of asDigits(text, layouts)) {
    const bytes = bytesOf(digits);
    const claims = bytes && (await claimsOf(bytes, keys));
    if (claims) return claims;
  }
  return null;
};

export const listKey = async (ticket, digits) => {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(ticket));
  return hexOf(new Uint8Array(hash)).slice(0, digits);
};
