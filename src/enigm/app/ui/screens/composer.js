// The place to write; a draft stays with its conversation.
import { html } from "../vendor/lit.js";
import { store } from "../store.js";
import { sendMessage } from "../sync.js";
import { View } from "../view.js";
import { icon } from "../parts/icons.js";

// What one message holds (enigm.app.content). A field that cut a long text short would lose its end.
const TEXT_BYTES_MAX = 64_000;
const encoder = new TextEncoder();

class Composer extends View {
  static properties = { conversation: {}, state: {}, title: {} };

  #shown = "";

  render() {
    const closed = this.#closed();
    if (closed) return html`<p class="composer closed">${closed}</p>`;
    const draft = store.drafts.get(this.conversation) ?? "";
    const tooLong = isTooLong(draft);
    return html`${tooLong ? html`<p class="composer-note" role="alert">This is too long for one message: send it in parts.</p>` : ""}
    <form class="composer" @submit=${this.#send}>
      <textarea id="composer" rows="1" placeholder="Message" aria-label="Message to ${this.title}" dir="auto" enterkeyhint="send"
        @input=${this.#typed} @keydown=${this.#key}></textarea>
      <button class="send" type="submit" aria-label="Send" ?disabled=${!draft.trim() || tooLong}>${icon("send", "mirror")}</button>
    </form>`;
  }

  updated() {
    const area = this.querySelector("textarea");
    if (!area || this.#shown === this.conversation) return;
    this.#shown = this.conversation;
    area.value = store.drafts.get(this.conversation) ?? "";
  }

  #closed() {
    if (this.state === "blocked") return `You blocked ${this.title}. Unblock in the details to write again.`;
    if (this.state === "left") return "You left this conversation. What you received stays here.";
    if (this.state === "removed") return "You were removed from this group. What you received stays here.";
    if (this.state === "requested") return `You can write more once ${this.title} accepts your request.`;
    return "";
  }

  #typed = (event) => {
    const before = store.drafts.get(this.conversation) ?? "";
    if (event.target.value) store.drafts.set(this.conversation, event.target.value);
    else store.drafts.delete(this.conversation);
    if (kindOf(before) !== kindOf(event.target.value)) this.requestUpdate();
  };

  #key = (event) => {
    // On a touch keyboard Enter makes a line, as people expect there.
    const touch = window.matchMedia("(pointer: coarse)").matches;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || touch) return;
    void this.#send(event);
  };

  #send = async (event) => {
    event.preventDefault();
    const area = this.querySelector("textarea");
    const id = this.conversation;
    const text = area.value.trim();
    if (!text || isTooLong(text)) return;
    area.value = "";
    store.drafts.delete(id);
    this.requestUpdate();
    area.focus();
    try {
      await sendMessage(id, text);
    } catch (problem) {
      // Nothing typed is lost: it goes back where it was.
      if (!store.drafts.has(id)) store.drafts.set(id, text);
      if (this.conversation === id && !area.value) area.value = text;
      this.refused(problem);
      this.requestUpdate();
    }
  };
}

function isTooLong(text) {
  return encoder.encode(text).length > TEXT_BYTES_MAX;
}

/** What of a text the form shows: that there is one, and that it is too long. */
function kindOf(text) {
  return `${Boolean(text.trim())} ${isTooLong(text)}`;
}

customElements.define("enigm-composer", Composer);
