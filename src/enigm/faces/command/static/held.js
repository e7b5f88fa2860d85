// Stands before the page: a form whose script is still on its way waits for it. Sent without it, a
// code would be paid without change.
addEventListener("submit", event => {
  const form = event.target;
  if (!("coins" in form.dataset) || "taken" in form.dataset) return;
  event.preventDefault();
  form.dataset.waiting = "";
}, true);
