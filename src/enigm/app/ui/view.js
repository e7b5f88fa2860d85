// What every part of the page shares: drawn in the page itself, redrawn when the store changes.
import { LitElement } from "./vendor/lit.js";
import { say, store } from "./store.js";

export class View extends LitElement {
  #changed = () => this.requestUpdate();

  // No shadow: one set of styles, and labels that reach across parts.
  createRenderRoot() {
    return this;
  }

  connectedCallback() {
    super.connectedCallback();
    store.addEventListener("change", this.#changed);
    window.addEventListener("hashchange", this.#changed);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    store.removeEventListener("change", this.#changed);
    window.removeEventListener("hashchange", this.#changed);
  }

  /** Do something that may be refused; a refusal is said in plain words. */
  async attempt(deed) {
    if (this.busy) return undefined;
    this.busy = true;
    this.problem = "";
    this.requestUpdate();
    try {
      return await deed();
    } catch (problem) {
      this.refused(problem);
      return undefined;
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }

  /** Where a refusal is shown; forms show it beside their button instead. */
  refused(problem) {
    say(problem.message, "bad");
  }
}

/** A form that shows its refusal in its own place. */
export class FormView extends View {
  problem = "";

  refused(problem) {
    this.problem = problem.message;
  }
}
