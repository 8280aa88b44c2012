// What every page of the portal has on top of plain HTML: buttons beside the numbers of tickets.
for (const box of document.querySelectorAll(".stepper")) {
  const input = box.querySelector("input");
  const label = document.querySelector(`label[for="${input.id}"] .strong`);
  const step = (sign, by) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = sign;
    button.setAttribute("aria-label", `${sign} ${label?.textContent ?? ""}`);
    button.addEventListener("click", () => {
      const wanted = Number(input.value) + by;
      input.value = Math.min(Math.max(wanted, Number(input.min)), Number(input.max));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  };
  box.prepend(step("−", -1));
  box.append(step("+", 1));
}

// How many tickets are in the basket, on pages that all visitors see alike.
const mine = document.querySelector("#mine");
if (mine && !mine.childElementCount && document.cookie.includes("upstage-visitor=")) {
  fetch("/basket/mine").then(async (answer) => {
    if (answer.ok) mine.innerHTML = await answer.text();
  });
}

// Prices change as soon as another one is chosen.
const types = document.querySelector("#types");
if (types) {
  types.hidden = true;
  for (const select of types.elements)
    select.addEventListener("change", () => types.requestSubmit());
}

// The time that is left is the server's; here it only runs on, and is said aloud once.
const time = document.querySelector("#time");
if (time) {
  const left = document.querySelector("#left"), live = document.querySelector("#live");
  const ends = performance.now() + Number(time.dataset.left) * 1000;
  let warned = Number(time.dataset.left) <= Number(time.dataset.warn);
  const tick = () => {
    const seconds = Math.max(0, Math.round((ends - performance.now()) / 1000));
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    time.classList.toggle("is-warn", seconds <= Number(time.dataset.warn));
    if (!warned && seconds <= Number(time.dataset.warn)) {
      warned = true;
      live.textContent = time.dataset.soon;
    }
    if (seconds) return;
    clearInterval(clock);
    live.textContent = time.dataset.over;
    location.reload();
  };
  const clock = setInterval(tick, 1000);
  tick();
}

// What the bank says: asked again and again, more slowly each time.
const waiting = document.querySelector("#waiting");
if (waiting) {
  let pause = 1500;
  const ask = async () => {
    const answer = await fetch(waiting.dataset.state).catch(() => null);
    const said = answer?.ok ? (await answer.json()).state : "open";
    if (said !== "open") location.reload();
    else setTimeout(ask, (pause = Math.min(pause * 1.3, 10000)));
  };
  setTimeout(ask, pause);
}
