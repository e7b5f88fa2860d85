// Light, dark, or as the system says.

// A cookie, because the port changes with every start and only cookies outlive it. It holds one
// of three words and nothing else; other programs on 127.0.0.1 may see which.
const NAME = "enigm-theme";
const YEAR_SECONDS = 31_536_000;
export const THEMES = ["system", "light", "dark"];

export function theme() {
  const found = document.cookie.match(/(?:^|; )enigm-theme=(\w+)/);
  return found && THEMES.includes(found[1]) ? found[1] : "system";
}

export function setTheme(name) {
  document.cookie = `${NAME}=${name}; Max-Age=${YEAR_SECONDS}; Path=/; SameSite=Strict`;
  applyTheme();
}

export function applyTheme() {
  const name = theme();
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
}
