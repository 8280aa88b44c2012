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
