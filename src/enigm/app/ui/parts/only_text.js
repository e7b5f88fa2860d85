// What is pasted or dropped and is no text: said plainly, and nothing that was typed is lost.
import { say, store } from "../store.js";

const ONLY_TEXT = "Enigm sends text only, so far. The file was not added.";

export function watchFiles() {
  window.addEventListener("paste", (event) => {
    const { types } = event.clipboardData;
    if (types.includes("Files") && !types.includes("text/plain")) say(ONLY_TEXT, "bad");
  });
  // A browser would open a dropped file in place of the App.
  window.addEventListener("dragover", (event) => holds(event) && event.preventDefault());
  window.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    say(ONLY_TEXT, "bad");
  });
  // Drafts are in this tab's memory alone: the browser asks before it drops them.
  window.addEventListener("beforeunload", (event) => store.drafts.size && event.preventDefault());
}

function holds({ dataTransfer }) {
  return dataTransfer.types.includes("Files");
}
