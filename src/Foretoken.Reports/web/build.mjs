// Bundles the report page into one file: node build.mjs OUTPUT. The program fills in title and data at run time.
import { build } from "esbuild";
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2];
if (!output) {
  console.error("usage: node build.mjs OUTPUT");
  process.exit(2);
}

const common = { bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8", logLevel: "warning" };
const [script, style, page, license] = await Promise.all([
  build({ ...common, entryPoints: [join(here, "src/main.js")], format: "iife", target: "es2020", define: { "process.env.NODE_ENV": '"production"' } }),
  build({ ...common, entryPoints: [join(here, "src/report.css")] }),
  readFile(join(here, "src/report.html"), "utf8"),
  readFile(join(here, "node_modules/echarts/NOTICE"), "utf8"),
]);

// esbuild writes "</script" inside strings as "<\/script"; a page that ends early would be a silent loss, so check.
const js = script.outputFiles[0].text;
if (/<\/script/i.test(js)) {
  throw new Error("the bundle would end the script element");
}

const notice = license.trim().replace(/--+>?/g, "-");
const html = page
  .replace("/*STYLE*/", () => style.outputFiles[0].text.trim())
  .replace("/*SCRIPT*/", () => js.trim())
  .replace("NOTICE", () => notice);
await mkdir(dirname(output), { recursive: true });
await writeFile(output, html);
