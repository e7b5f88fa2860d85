// Moving through lists with the arrow keys.

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Put on a list: arrows, Home and End move the focus among its links and buttons. */
export function arrows(event) {
  const items = [...event.currentTarget.querySelectorAll("[data-item]")];
  const at = items.indexOf(document.activeElement);
  let to = -1;
  if (event.key in STEPS) to = Math.max(0, Math.min(items.length - 1, at + STEPS[event.key]));
  else if (event.key === "Home") to = 0;
  else if (event.key === "End") to = items.length - 1;
  if (to < 0 || items.length === 0) return;
  event.preventDefault();
  items[to].focus();
}
