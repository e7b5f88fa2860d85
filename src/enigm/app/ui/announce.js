// Tells a screen reader what arrived, politely: one hidden line that is replaced.

/** Say that somebody wrote; one's own lines were typed and need no saying. */
export function announce(message) {
  if (message.mine) return;
  const region = document.getElementById("news");
  if (!region) return;
  const line = message.sender_name ? `${message.sender_name}: ${message.text}` : message.text;
  region.textContent = line;
}
