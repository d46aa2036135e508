// Builds static/dist from static/src: bundled, minified, named by content hash, listed in manifest.json.
// Run by `make build`; the pages find their files through the manifest, so that browsers may keep them for ever.
import { build } from "esbuild";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// name in the manifest → source below static/src
const ENTRIES = {
  "console.js": "js/console.js",
  "widget.js": "js/widget/loader.js",
  "widget-frame.js": "js/widget/frame.js",
  "widget-help.js": "js/widget-help/help.js",
  "phone.js": "js/phone.js",
  "shop.js": "js/shop.js",
  "help.js": "js/help.js",
  "console.css": "css/console.css",
  "widget.css": "css/widget.css",
  "widget-help.css": "css/widget-help.css",
  "widget-write.css": "css/widget-write.css",
  "shop.css": "css/shop.css",
  "public.css": "css/public.css",
  "phone.css": "css/phone.css",
  "help.css": "css/help.css",
};

// Other people's sites embed these by name, so they also exist without a hash.
const STABLE = ["widget.js"];

const here = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(here, "src");
const target = path.join(here, "dist");
const fresh = path.join(here, "dist.tmp");

const missing = Object.values(ENTRIES).filter((file) => !existsSync(path.join(source, file)));
if (missing.length) {
  console.error(`static/build.mjs: these entry points do not exist:\n${missing.map((f) => `  static/src/${f}`).join("\n")}`);
  process.exit(1);
}

await rm(fresh, { recursive: true, force: true });
await mkdir(fresh, { recursive: true });

// The console is a module: what only some pages or some moments need is a file of its own, fetched then.
const MODULES = ["console.js"];

const bundle = (names, options) =>
  build({
    entryPoints: names.map((name) => ({ in: path.join(source, ENTRIES[name]), out: path.parse(name).name })),
    bundle: true,
    minify: true,
    target: "es2020",
    outdir: fresh,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".svg": "file", ".png": "file", ".webp": "file", ".woff2": "file", ".mp3": "file" },
    legalComments: "linked",
    metafile: true,
    logLevel: "warning",
    ...options,
  }).catch(() => process.exit(1)); // esbuild has printed what is wrong and where
const results = [
  await bundle(Object.keys(ENTRIES).filter((name) => !MODULES.includes(name)), { format: "iife" }),
  await bundle(MODULES, { format: "esm", splitting: true }),
];

const manifest = {};
for (const [file, output] of results.flatMap((one) => Object.entries(one.metafile.outputs))) {
  if (!output.entryPoint || !Object.values(ENTRIES).some((one) => path.resolve(output.entryPoint) === path.join(source, one))) continue;
  const name = Object.keys(ENTRIES).find((key) => path.resolve(output.entryPoint) === path.join(source, ENTRIES[key]));
  manifest[name] = path.basename(file);
}
// The parts of a module: pages name those that it cannot start without, so that they come together with it.
for (const name of MODULES) {
  const outputs = results[1].metafile.outputs;
  const file = (out) => path.basename(out);
  const atOnce = new Set(Object.keys(outputs).filter((out) => file(out) === manifest[name]));
  for (const out of atOnce) for (const one of outputs[out].imports) if (one.kind === "import-statement") atOnce.add(one.path);
  for (const out of Object.keys(outputs)) {
    if (!out.endsWith(".js") || file(out) === manifest[name]) continue;
    manifest[`${name}/${atOnce.has(out) ? "at-once" : "later"}/${file(out)}`] = file(out);
  }
}
for (const name of STABLE) await cp(path.join(fresh, manifest[name]), path.join(fresh, name));
if (existsSync(path.join(source, "img"))) await cp(path.join(source, "img"), path.join(fresh, "img"), { recursive: true });
await writeFile(path.join(fresh, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

// The old build stays until the new one is whole.
await rm(target, { recursive: true, force: true });
await rename(fresh, target);
for (const [name, file] of Object.entries(manifest)) if (!name.includes("/")) console.log(`${name} -> static/dist/${file}`);
