// How a page's script asks: the worker for secrets, the service for answers.
export class Refused extends Error {
  constructor(problem) {
    super(problem.detail ?? "Command did not answer as expected. Reload the page and try again.");
    this.code = problem.code ?? "";
    this.challenge = problem.extensions?.challenge;
  }
}

// Starts the worker when it is first needed: reading a page loads nothing of it.
export function secretKeeper(address) {
  let worker = null;
  let count = 0;
  const waiting = new Map();
  const start = () => {
    worker = new Worker(address, { type: "module" });
    worker.onmessage = ({ data: { id, result, fault } }) => {
      const { done, failed } = waiting.get(id);
      waiting.delete(id);
      if (fault === undefined) done(result);
      else failed(new Error(fault));
    };
    worker.onerror = () => {
      for (const { failed } of waiting.values()) failed(new Error("This browser is too old."));
      waiting.clear();
    };
  };
  return (deed, given = {}) =>
    new Promise((done, failed) => {
      if (worker === null) start();
      count += 1;
      waiting.set(count, { done, failed });
      worker.postMessage({ id: count, deed, given });
    });
}

export async function ask(method, path, formToken, content) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: {
        Accept: "application/json",
        ...(content && { "Content-Type": "application/json" }),
        "X-Enigm-Form": formToken,
      },
      body: content && JSON.stringify(content),
    });
  } catch {
    throw new Refused({ detail: "Command cannot be reached. Check your connection and try again: what you typed stays here." });
  }
  if (answer.status === 204) return {};
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(body);
  return body;
}

// Runs a form's deed with its button off, and shows what refused it.
export function onSubmit(form, deed) {
  form.addEventListener("submit", async event => {
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])");
    const refusal = form.querySelector(".refusal");
    const progress = form.querySelector(".progress-line");
    refusal.hidden = true;
    button.disabled = true;
    try {
      await deed(text => { if (progress) progress.textContent = text; });
    } catch (error) {
      refusal.textContent = error.message;
      refusal.hidden = false;
    } finally {
      button.disabled = false;
      if (progress) progress.textContent = "";
    }
  });
}
