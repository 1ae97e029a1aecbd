// Bundles each page into one file: node build.mjs FOLDER. The program fills in title and data at run time.
import { build } from "esbuild";
import { readFile, writeFile, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  console.error("usage: node build.mjs FOLDER");
  process.exit(2);
}

const pages = [
  { script: "src/main.js", style: "src/report.css", page: "src/report.html", output: "report.template.html" },
  { script: "src/tune/tune.js", style: "src/tune/tune.css", page: "src/tune/tune.html", output: "tune.template.html" },
];
const common = { bundle: true, minify: true, write: false, legalComments: "none", charset: "utf8", logLevel: "warning" };
const license = await readFile(join(here, "node_modules/echarts/NOTICE"), "utf8");
const notice = license.trim().replace(/--+>?/g, "-");
await mkdir(folder, { recursive: true });
await Promise.all(pages.map(async ({ script, style, page, output }) => {
  const [code, look, frame] = await Promise.all([
    build({ ...common, entryPoints: [join(here, script)], format: "iife", target: "es2020", define: { "process.env.NODE_ENV": '"production"' } }),
    build({ ...common, entryPoints: [join(here, style)] }),
    readFile(join(here, page), "utf8"),
  ]);

  // esbuild writes "</script" inside strings as "<\/script"; a page that ends early would be a silent loss, so check.
  const js = code.outputFiles[0].text;
  if (/<\/script/i.test(js)) {
    throw new Error("the bundle would end the script element");
  }

  const html = frame
    .replace("/*STYLE*/", () => look.outputFiles[0].text.trim())
    .replace("/*SCRIPT*/", () => js.trim())
    .replace("NOTICE", () => notice);
  await writeFile(join(folder, output), html);
}));
