// The icons, drawn on a grid of 24 with one pen; they are decoration, words stand beside them.
import { html, svg } from "../vendor/lit.js";

const strokes = {
  back: svg`<path d="M15 5l-7 7 7 7"/>`,
  chats: svg`<path d="M20 11.500a7.500 7.500 0 0 1-11.300 6.500L4 19.500l1.500-4.400A7.500 7.500 0 1 1 20 11.500z"/>`,
  people: svg`<circle cx="9" cy="8.500" r="3.500"/><path d="M2.800 19.500c.5-3.600 3-5.500 6.200-5.500s5.700 1.900 6.200 5.500M15.500 5.300a3.500 3.500 0 0 1 0 6.400M17.500 14.400c2.100.7 3.400 2.400 3.700 5.100"/>`,
  person: svg`<circle cx="12" cy="8" r="4"/><path d="M4.500 20.500c.6-4.200 3.700-6.500 7.500-6.500s6.900 2.300 7.500 6.500"/>`,
  settings: svg`<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2.200"/><circle cx="9" cy="17" r="2.200"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  compose: svg`<path d="M12 4.500H6.500a2 2 0 0 0-2 2v11a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V12"/><path d="M17.800 3.700a1.770 1.770 0 0 1 2.500 2.500L12.500 14l-3.300.8.8-3.300z"/>`,
  search: svg`<circle cx="11" cy="11" r="6.500"/><path d="M16 16l4.500 4.500"/>`,
  close: svg`<path d="M6 6l12 12M18 6L6 18"/>`,
  send: svg`<path d="M4.500 12h14M12.500 5.500L19 12l-6.500 6.500"/>`,
  info: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 11v5.500M12 7.600v.1"/>`,
  lock: svg`<rect x="5" y="10.500" width="14" height="9.500" rx="2.500"/><path d="M8 10.500V8a4 4 0 0 1 8 0v2.500"/>`,
  shield: svg`<path d="M12 3.500l7 2.600v5.200c0 4.400-2.900 7.600-7 9.200-4.100-1.600-7-4.800-7-9.200V6.100z"/>`,
  verified: svg`<path d="M12 3.500l7 2.600v5.200c0 4.400-2.900 7.600-7 9.200-4.100-1.600-7-4.800-7-9.200V6.100z"/><path d="M8.700 12l2.300 2.300 4.300-4.500"/>`,
  clock: svg`<circle cx="12" cy="12" r="8"/><path d="M12 7.500V12l3 2"/>`,
  check: svg`<path d="M5 12.500l4.500 4.500L19 7.500"/>`,
  checks: svg`<path d="M2.500 12.700l4 4 8-9M11 15.300l1.500 1.400 8-9"/>`,
  question: svg`<circle cx="12" cy="12" r="8.500"/><path d="M9.600 9.600a2.500 2.500 0 1 1 3.500 2.400c-.7.3-1.100.8-1.100 1.700M12 16.600v.1"/>`,
  alert: svg`<circle cx="12" cy="12" r="8.500"/><path d="M12 7.500v5.300M12 16.300v.1"/>`,
  retry: svg`<path d="M19.500 12a7.500 7.500 0 1 1-2.200-5.300L19.500 9M19.500 4.500V9H15"/>`,
  devices: svg`<rect x="3" y="5" width="13" height="9.500" rx="1.800"/><path d="M2 18.500h11"/><rect x="15.500" y="9.500" width="6" height="10.500" rx="1.600"/>`,
  key: svg`<circle cx="8" cy="15.500" r="4"/><path d="M11 12.700L19.500 4.500M15.500 8.300l3 3"/>`,
  qr: svg`<rect x="4" y="4" width="6" height="6" rx="1"/><rect x="14" y="4" width="6" height="6" rx="1"/><rect x="4" y="14" width="6" height="6" rx="1"/><path d="M14 14h2.500v2.500M20 14v.1M14 20v-.1M17 20h3v-3"/>`,
  theme: svg`<path d="M19.500 14.300A8 8 0 0 1 9.700 4.500a8 8 0 1 0 9.800 9.800z"/>`,
  leave: svg`<path d="M14 7V5.500a2 2 0 0 0-2-2H6.500a2 2 0 0 0-2 2v13a2 2 0 0 0 2 2H12a2 2 0 0 0 2-2V17M9.500 12h11M17 8.500l3.500 3.500-3.500 3.500"/>`,
  trash: svg`<path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l.8 12a1.500 1.500 0 0 0 1.500 1.500h6.400a1.500 1.500 0 0 0 1.500-1.500l.8-12M10 11v5.500M14 11v5.500"/>`,
  block: svg`<circle cx="12" cy="12" r="8.500"/><path d="M6 6l12 12"/>`,
  down: svg`<path d="M5.500 9l6.500 6.500L18.500 9"/>`,
  next: svg`<path d="M9 5l7 7-7 7"/>`,
  copy: svg`<rect x="8.500" y="8.500" width="11.500" height="11.500" rx="2.200"/><path d="M15.500 8.500V6.200A2.200 2.200 0 0 0 13.300 4H6.200A2.200 2.200 0 0 0 4 6.200v7.100a2.200 2.200 0 0 0 2.200 2.200h2.300"/>`,
  offline: svg`<path d="M3.500 3.500l17 17M8.300 12.800a6 6 0 0 1 2.200-1.200M5.200 9.600A10.500 10.500 0 0 1 8.600 7.500M15.700 12.800a6 6 0 0 0-1.300-.9M18.800 9.600A10.500 10.500 0 0 0 11.500 6.700M12 17.500v.1"/>`,
  edit: svg`<path d="M16.300 4.700a2 2 0 0 1 2.900 2.900L8.500 18.300l-4 1 1-4z"/>`,
  mail: svg`<rect x="3.500" y="5.500" width="17" height="13" rx="2.500"/><path d="M4 7.500l8 6 8-6"/>`,
};

export function icon(name, kind = "") {
  return html`<svg class="icon ${kind}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${strokes[name]}</svg>`;
}

/** The mark: a rotor that reads as an e. */
export function mark() {
  return html`<svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
    <path d="M13 33h38a19 19 0 1 0-6.800 13.400" /><circle cx="51" cy="51" r="4.200" />
  </svg>`;
}
