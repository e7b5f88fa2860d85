// Strangers and groups that wait for a yes or a no.
import { html, repeat } from "../vendor/lit.js";
import * as api from "../api.js";
import { go, href } from "../router.js";
import { say, store } from "../store.js";
import { keepConversation } from "../sync.js";
import { View } from "../view.js";
import { avatar } from "../parts/avatar.js";
import { confirm } from "../parts/dialog.js";
import { icon } from "../parts/icons.js";
import { rowTime } from "../parts/marks.js";
import { emptyState, paneHead } from "../parts/pane.js";

class Requests extends View {
  render() {
    const waiting = [...store.state.requests.values()].sort((a, b) => b.at - a.at);
    return html`${paneHead("Requests", href("chats"))}
      <div class="scroll"><div class="page">
        ${waiting.length
          ? html`<p class="note">${icon("shield")}<span>They cannot tell that you have seen this. Until you accept, nothing more from them
              is shown, and you are not in their group.</span></p>
            ${repeat(waiting, (request) => request.id, (request) => this.#card(request))}`
          : emptyState("mail", "No requests", "When somebody new wants to talk to you, they wait here.")}
      </div></div>`;
  }

  #card(request) {
    const group = request.kind === "group";
    const title = group ? request.title : request.name;
    const wish = group ? `${request.name} invites you to a group` : "wants to talk to you";
    return html`<article class="card request" aria-label="Request from ${request.name}">
      <header>${avatar(title, group ? request.id : request.account, { kind: group ? "group" : "direct" })}
        <div><h3 dir="auto">${title}</h3><p>${wish}</p></div>
        ${rowTime(request.at)}</header>
      ${request.greeting ? html`<blockquote dir="auto">${request.greeting}</blockquote>` : ""}
      <div class="card-buttons">
        <button class="button primary" type="button" ?disabled=${this.busy} @click=${() => this.#accept(request)}>Accept</button>
        <button class="button soft" type="button" ?disabled=${this.busy} @click=${() => this.#refuse(request)}>Refuse</button>
        <button class="button quiet danger-text" type="button" ?disabled=${this.busy}
          @click=${() => this.#block(request)}>Block</button>
      </div>
    </article>`;
  }

  #accept(request) {
    return this.attempt(async () => {
      const made = await api.acceptRequest(request.id);
      store.put("requests", request.id, null);
      keepConversation(made);
      go("chats", made.id);
    });
  }

  #refuse(request) {
    return this.attempt(async () => {
      await api.refuseRequest(request.id);
      store.put("requests", request.id, null);
      say("Refused. They are not told.");
    });
  }

  async #block(request) {
    const sure = await confirm({
      title: `Block ${request.name}?`,
      text: "This request goes, and nothing more from this account is shown here. They are not told.",
      yes: "Block",
    });
    if (!sure) return;
    await this.attempt(async () => {
      await api.block(request.account);
      store.put("requests", request.id, null);
      say(`${request.name} is blocked.`);
    });
  }
}

customElements.define("enigm-requests", Requests);
