// Bundles the front-end libraries of the App and of Command into their vendor folders, which are
// never committed.
//
//   node scripts/build_ui.mjs
//
// The rest of both interfaces is served as it is written: plain ES modules and CSS.
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
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

const commandFolder = join(root, "src", "enigm", "faces", "command");
const commandVendor = join(commandFolder, "static", "vendor");
const packages = join(root, "node_modules");

await mkdir(commandVendor, { recursive: true });
// The hashes are those that the curves were reviewed with, wherever npm has put them.
const curves = createRequire(join(packages, "@noble", "curves", "index.js"));
const hashes = dirname(curves.resolve("@noble/hashes/sha2.js"));
await build({
  entryPoints: ["keys.js", "coins.js"].map(name => join(commandFolder, "browser", name)),
  outdir: commandVendor,
  alias: { "@noble/hashes": hashes },
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  legalComments: "inline",
  logLevel: "warning",
});
const copies = [
  ["basecoat-css/dist/basecoat.cdn.min.css", "basecoat.css"],
  ["htmx.org/dist/htmx.min.js", "htmx.js"],
  ["basecoat-css/LICENSE.md", "basecoat.LICENSE.txt"],
  ["htmx.org/LICENSE", "htmx.LICENSE.txt"],
  ["@serenity-kit/opaque/LICENSE", "opaque.LICENSE.txt"],
  ["@noble/curves/LICENSE", "noble.LICENSE.txt"],
  ["@scure/bip39/LICENSE", "bip39.LICENSE.txt"],
];
for (const [from, to] of copies) await copyFile(join(packages, from), join(commandVendor, to));
