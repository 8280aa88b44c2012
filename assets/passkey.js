// Lets the browser make or use a passkey, and posts its answer with an ordinary form. The page gives
// a button `data-passkey` ("create" or "get") with `data-options`, beside a hidden input `answer`.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  event.preventDefault();
  const form = button.closest("form");
  const say = (words) => (form.querySelector("[data-passkey-says]").textContent = words);
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    say("This browser cannot use passkeys.");
    return;
  }
  const options = JSON.parse(button.dataset.options);
  say("Follow your device or your browser…");
  try {
    const credential =
      button.dataset.passkey === "create"
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
          })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
          });
    form.elements.answer.value = JSON.stringify(credential.toJSON());
  } catch {
    say("Nothing came back from your device. Try again.");
    return;
  }
  say("");
  form.submit();
});
