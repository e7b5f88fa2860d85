// Copy buttons: they appear where a script runs, and say that it worked.
function prepare(within) {
  for (const button of within.querySelectorAll("[data-copy]")) button.hidden = false;
}

document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy).textContent.trim();
  await navigator.clipboard.writeText(button.dataset.copy === "pay-amount" ? text.replace(/[^0-9.]/g, "") : text);
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = before; }, 1500);
});

prepare(document);
new MutationObserver(() => prepare(document)).observe(document.querySelector("main"), {
  childList: true,
  subtree: true,
});
