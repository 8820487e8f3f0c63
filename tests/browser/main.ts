// `npm run -s report-in-browser`: the page of a report as a browser has it.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const PROGRAM = resolve("dist/src/cli/main.js");
const RUN = [
  ...["bench", "tests/fixtures/tiny.json", "--executor", "virtual", "--cores", "2,4"],
  ...["--pages", "1,8", "--iommus", "0,1", "--quiet"],
  ...["--policy", "strict,overlapped,deferred,batch(2),batch(8)"],
  ...["--profile", "akaros-2020,haswell-2s"],
];
const { source: axe } = createRequire(import.meta.url)("axe-core") as { source: string };

let failed = 0;
let passed = 0;

function check(what: string, isSo: boolean, otherwise: unknown = ""): void {
  if (isSo) passed++;
  else failed++;
  process.stdout.write(`${isSo ? "ok" : "FAILED"}: ${what}${isSo ? "" : ` ${otherwise}`}\n`);
}

function findChromium(): string {
  const places = (process.env.PATH ?? "").split(delimiter);
  const candidates = NAMES.flatMap((name) => places.map((place) => join(place, name)));
  const found = [process.env.CHROMIUM ?? "", ...candidates].find((path) => existsSync(path));
  if (found !== undefined) return found;
  process.stderr.write("there is no Chromium: apt-get install chromium, or name one in CHROMIUM\n");
  process.exit(2);
}

/** A page that notes what it should not do. */
async function open(browser: Browser, url: string, colorScheme: "light" | "dark") {
  const page = await browser.newPage({ viewport: { width: 1100, height: 900 }, colorScheme });
  const wrong: string[] = [];
  page.on("console", (message) => wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) wrong.push(request.url());
  });
  await page.goto(url);
  return { page, wrong };
}

async function checkPlots(page: Page): Promise<void> {
  const pictures = await page.locator("svg[role=img]").all();
  const boxes = await Promise.all(pictures.map((picture) => picture.boundingBox()));
  const large = boxes.filter((box) => box !== null && box.width > 300 && box.height > 150);
  const isThere = await page.locator("#batch-size svg").first().isVisible();
  check("what policies gather is plotted", isThere);
  check("every plot can be seen", boxes.length > 6 && large.length === boxes.length, boxes.length);
  const height = await page.evaluate("document.querySelector('svg path').getBBox().height");
  check("marks have a size", Number(height) > 0, height);
}

async function checkFilters(page: Page): Promise<void> {
  const marks = page.locator("#latency-over-cores svg [data-policy='0']:visible");
  const before = await marks.count();
  const strict = page.getByRole("checkbox", { name: "strict" });
  await strict.uncheck();
  check("a policy that is not asked for is hidden", before > 0 && (await marks.count()) === 0);
  const shown = await page.getByRole("status").textContent();
  check("the page says what it shows", /5 of 6 policies/.test(shown ?? ""), shown);
  await strict.focus();
  await page.keyboard.press("Space");
  check("by keyboard it is there again", (await marks.count()) === before);

  const plots = page.locator("article:visible");
  const all = await plots.count();
  await page.getByRole("combobox", { name: "machine" }).selectOption({ index: 1 });
  const some = await plots.count();
  check("a machine that is not asked for is hidden", some > 0 && some < all, `${some} of ${all}`);
  await page.getByRole("button", { name: "everything" }).click();
  check("everything is there again", (await plots.count()) === all);
}

async function checkKeyboard(page: Page): Promise<void> {
  await page.reload();
  await page.keyboard.press("Tab");
  const first = await page.locator(":focus").textContent();
  check("the first stop leads past the header", first === "to the plots", first);
  await page.keyboard.press("Enter");
  check("and to the plots", (await page.locator("main:focus").count()) === 1);
  const data = page.locator("summary", { hasText: "Data" }).first();
  await data.focus();
  await page.keyboard.press("Enter");
  check("Enter opens a table", await page.locator("table").first().isVisible());
}

async function checkAccessibility(page: Page, scheme: string): Promise<void> {
  await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
  await page.evaluate(axe);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0].html} (${nodes.length})`);
  check(`axe finds nothing, ${scheme}`, found.length === 0, `\n${found.join("\n")}`);
}

const folder = join(mkdtempSync(join(tmpdir(), "shootdown-browser-")), "run");
execFileSync(process.execPath, [PROGRAM, ...RUN, "--out", folder], { stdio: "ignore" });
execFileSync(process.execPath, [PROGRAM, "report", folder], { stdio: "ignore" });
const url = pathToFileURL(join(folder, "report.html")).href;
// Root has no sandbox of its own; the page is ours.
const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox"] });
try {
  for (const scheme of ["light", "dark"] as const) {
    const { page, wrong } = await open(browser, url, scheme);
    await checkPlots(page);
    await page.screenshot({ path: join(folder, `${scheme}.png`), fullPage: true });
    await checkFilters(page);
    await checkKeyboard(page);
    await checkAccessibility(page, scheme);
    check(`nothing on the console, nothing from elsewhere, ${scheme}`, wrong.length === 0, wrong);
    if (scheme === "light") {
      const pdf = await page.pdf({ format: "A4" });
      writeFileSync(join(folder, "print.pdf"), pdf);
      check("it prints", pdf.length > 20_000, pdf.length);
    }
    await page.close();
  }
} finally {
  await browser.close();
}
process.stdout.write(`screenshots: ${folder}\n${passed} passed, ${failed} failed\n`);
if (failed > 0) process.exitCode = 1;
