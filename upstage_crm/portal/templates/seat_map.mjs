// The map over the list of seats: one grid, one tab stop, arrows by neighbourhood. It only ticks the
// boxes of the list, so the form stays the one truth; and it never reads a text of the page.
const map = document.querySelector("#map");
if (map) await start();

async function start() {
  const form = document.querySelector("#seats"), frame = document.querySelector("#map-frame");
  const sum = document.querySelector("#sum"), live = document.querySelector("#live");
  const { plan, bits, most, lang } = map.dataset;
  const [named, free, taken, chosen, isTaken, tooMany, total, none, closer, further] =
    JSON.parse(map.dataset.words);
  const zones = JSON.parse(map.dataset.zones), specials = JSON.parse(map.dataset.specials);
  const marks = ["w", "c", "v"];
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

  const first = fetch(bits);  // both at once: one round trip
  const drawn = await fetch(plan);
  if (!drawn.ok) return;
  const parsed = new DOMParser().parseFromString(await drawn.text(), "image/svg+xml");
  const svg = document.importNode(parsed.documentElement, true);
  const rows = [...svg.querySelectorAll("g")].map((row) => [...row.children]);
  const seats = rows.flat(), at = new Map(seats.map((seat, index) => [seat, index]));
  const facts = seats.map((seat) => {
    const [zone, mark] = seat.classList;
    const { s: section, r: row } = seat.parentNode.dataset;
    const [price, minor] = zones[zone.slice(1)] ?? ["", 0];
    return { section, row, number: seat.dataset.n, price, minor, special: specials[marks.indexOf(mark)] };
  });
  const mine = new Set();
  let tag = "", states = [];

  const isFree = (index) => states[index] === 0 && facts[index].price !== "";
  const name = (index) => {
    const fact = facts[index];
    const state = mine.has(index) ? chosen : isFree(index) ? free : taken;
    return [fill(named, fact), fact.price, state, fact.special].filter(Boolean).join(", ");
  };
  const show = (index) => {
    const seat = seats[index];
    seat.setAttribute("aria-label", name(index));
    seat.setAttribute("aria-selected", mine.has(index));
    seat.setAttribute("aria-disabled", !isFree(index) && !mine.has(index));
  };
  const money = (minor) => {
    // A price of the page says how amounts are written here; only its digits are replaced.
    const sample = Object.values(zones)[0]?.[0] ?? "";
    const digits = sample.match(/[\d.,٠-٩٫٬\u00a0\u202f]*\d/)?.[0] ?? "";
    const decimals = digits.match(/[.,٫](\d+)$/)?.[1]?.length ?? 0;
    const amount = new Intl.NumberFormat(lang, {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals,
    }).format(minor / 10 ** decimals);
    return digits ? sample.replace(digits, amount) : amount;
  };
  const count = () => {
    const minor = [...mine].reduce((all, index) => all + facts[index].minor, 0);
    sum.textContent = mine.size ? fill(total, { count: mine.size, total: money(minor) }) : none;
  };
  const toggle = (index) => {
    if (mine.has(index)) mine.delete(index);
    else if (!isFree(index)) { live.textContent = fill(isTaken, facts[index]); return; }
    else if (mine.size >= Number(most)) { live.textContent = fill(tooMany, { most }); return; }
    else mine.add(index);
    const box = form.querySelector(`input[value="${index}"]`);
    if (box) box.checked = mine.has(index);
    show(index);
    count();
    live.textContent = name(index);
  };
  const refresh = async (given) => {
    const answer = await (given ?? fetch(bits, tag ? { headers: { "if-none-match": tag } } : {}));
    if (answer.status !== 200) return;
    tag = answer.headers.get("etag");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    seats.forEach((_, index) => {
      const state = (bytes[index >> 2] >> ((index & 3) << 1)) & 3;
      if (state === states[index]) return;
      states[index] = state;
      show(index);
    });
  };

  // One stop of the Tab key; the arrows go on from there.
  const x = (seat) => Number(seat.getAttribute("x"));
  const near = (row, seat) =>
    row?.reduce((a, b) => (Math.abs(x(b) - x(seat)) < Math.abs(x(a) - x(seat)) ? b : a));
  const go = (seat) => {
    svg.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    seat.setAttribute("tabindex", "0");
    seat.focus();
    seat.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  svg.setAttribute("role", "grid");
  svg.setAttribute("aria-labelledby", "choose");
  svg.setAttribute("aria-describedby", "map-help");
  rows.forEach((row) => row[0].parentNode.setAttribute("role", "row"));
  seats.forEach((seat) => {
    seat.setAttribute("role", "gridcell");
    seat.setAttribute("tabindex", "-1");
  });
  svg.addEventListener("keydown", (event) => {
    const seat = event.target.closest("use");
    if (!seat) return;
    const line = rows.findIndex((row) => row.includes(seat)), place = rows[line].indexOf(seat);
    const to = {
      ArrowRight: rows[line][place + 1], ArrowLeft: rows[line][place - 1],
      Home: rows[line][0], End: rows[line].at(-1),
      ArrowDown: near(rows[line + 1], seat), ArrowUp: near(rows[line - 1], seat),
    };
    if (event.key === " " || event.key === "Enter") toggle(at.get(seat));
    else if (!(event.key in to)) return;
    else if (to[event.key]) go(to[event.key]);
    event.preventDefault();
  });
  svg.addEventListener("click", (event) => {
    const seat = event.target.closest("use");
    if (!seat) return;
    toggle(at.get(seat));
    go(seat);
  });
  form.addEventListener("change", (event) => {
    const index = Number(event.target.value);
    if (event.target.name !== "seat" || event.target.checked === mine.has(index)) return;
    toggle(index);
    event.target.checked = mine.has(index);
  });

  // The size: the whole hall, or so large that a finger finds a seat; buttons, wheel and pinch.
  const { width, pitch } = svg.dataset;
  let scale = 1, fingers = new Map(), apart = 0;
  const fits = () => frame.clientWidth / Number(width);
  const size = (wanted, middle) => {
    const before = scale;
    scale = Math.min(Math.max(wanted, fits()), 4);
    const point = middle ?? [frame.clientWidth / 2, frame.clientHeight / 2];
    const left = (frame.scrollLeft + point[0]) / before, top = (frame.scrollTop + point[1]) / before;
    svg.style.width = `${Number(width) * scale}px`;
    frame.scrollLeft = left * scale - point[0];
    frame.scrollTop = top * scale - point[1];
  };
  const larger = document.querySelector("#map-in"), smaller = document.querySelector("#map-out");
  larger.setAttribute("aria-label", closer);
  smaller.setAttribute("aria-label", further);
  larger.addEventListener("click", () => size(scale * 1.4));
  smaller.addEventListener("click", () => size(scale / 1.4));
  const spread = () => {
    const [one, two] = [...fingers.values()];
    return Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
  };
  frame.addEventListener("pointerdown", (event) => {
    fingers.set(event.pointerId, event);
    if (fingers.size === 2) apart = spread();
  });
  frame.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    fingers.set(event.pointerId, event);
    if (fingers.size !== 2) return;
    const now = spread(), box = frame.getBoundingClientRect(), [one, two] = [...fingers.values()];
    size(scale * now / apart, [(one.clientX + two.clientX) / 2 - box.left, (one.clientY + two.clientY) / 2 - box.top]);
    apart = now;
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"])
    frame.addEventListener(end, (event) => fingers.delete(event.pointerId));

  await refresh(first);
  frame.append(svg);
  map.hidden = false;
  form.classList.add("beside-map");
  seats[0]?.setAttribute("tabindex", "0");
  const finger = 24 / Number(pitch);
  scale = fits();
  size(Math.max(fits(), innerWidth < 700 ? finger : Math.min(finger, fits() * 1.6)));
  frame.scrollLeft = (svg.clientWidth - frame.clientWidth) / 2;
  frame.scrollTop = 0;
  for (const box of form.querySelectorAll("input[name=seat]:checked")) toggle(Number(box.value));
  count();
  setInterval(() => { if (!document.hidden) refresh(); }, 5000);
  map.dataset.ready = Math.round(performance.now());
}
