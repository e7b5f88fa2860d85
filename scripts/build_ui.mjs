// Bundles the App's one front-end library into src/enigm/app/ui/vendor/, which is never committed.
//
//   node scripts/build_ui.mjs
//
// The rest of the interface is served as it is written: plain ES modules and CSS.
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const vendor = join(root, "src", "enigm", "app", "ui", "vendor");

// One bundle, so that the `lit-html` Trusted Types policy is created exactly once: the
// Content-Security-Policy does not allow a second one.
const entry = `
export { LitElement, html, svg, nothing } from "lit";
export { repeat } from "lit/directives/repeat.js";
export { classMap } from "lit/directives/class-map.js";
export { ifDefined } from "lit/directives/if-defined.js";
export { live } from "lit/directives/live.js";
`;

await mkdir(vendor, { recursive: true });
await build({
  stdin: { contents: entry, resolveDir: root, sourcefile: "lit-entry.js" },
  outfile: join(vendor, "lit.js"),
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline",
  logLevel: "warning",
});
await copyFile(join(root, "node_modules", "lit", "LICENSE"), join(vendor, "lit.LICENSE.txt"));
