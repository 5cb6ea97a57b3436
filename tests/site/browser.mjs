// Opens every page of a site in Chromium, as the person who was handed it would: from the disk and from a server,
// light and dark, wide and narrow, with the keyboard, on paper, and without JavaScript.
//
//   node browser.mjs SITE SERVER_URL SCREENSHOTS PLANTED_WORD
//
// SITE is the folder of the site, SERVER_URL where `runbook docs serve` shows the same one (or `-`). PLANTED_WORD
// stands in the prose of one step and nowhere else, as WORD=PAGE#ANCHOR.
import { chromium } from "playwright-core";
import { createRequire } from "node:module";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const [site, server, screenshots, planted] = process.argv.slice(2);
const [word, place] = planted.split("=");
const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const found = [];
const wrong = (what) => { found.push(what); console.error(`✗ ${what}`); };
const expect = (holds, what) => { if (!holds) wrong(what); };

function pages(folder, prefix = "") {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = prefix + entry.name;
    if (entry.isDirectory()) return entry.name === "files" ? [] : pages(path.join(folder, entry.name), name + "/");
    return entry.name.endsWith(".html") ? [name] : [];
  }).sort();
}
const all = pages(site);
// One of each kind is enough where the pages of a kind do not differ.
const kinds = new Map();
const singular = { runbooks: "runbook", runs: "run" };
for (const page of all) kinds.set(page.includes("/") ? singular[page.split("/")[0]] : page, page);
const planted_page = place.split("#")[0];
kinds.set("runbook", planted_page);

fs.mkdirSync(screenshots, { recursive: true });
const profile = fs.mkdtempSync(path.join(os.tmpdir(), "runbook-site-"));
const launch = (options) => chromium.launchPersistentContext(fs.mkdtempSync(path.join(profile, "p")), {
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
  ...options,
});

// What a page does that nobody asked for.
async function listen(page, where) {
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) wrong(`${where.now}: console: ${message.text()}`); });
  page.on("pageerror", (error) => wrong(`${where.now}: ${error.message}`));
  page.on("requestfailed", (request) => wrong(`${where.now}: failed request ${request.url()}`));
  page.on("request", (request) => {
    const allowed = ["file:", "data:"].includes(new URL(request.url()).protocol) || (server !== "-" && request.url().startsWith(server));
    if (!allowed) wrong(`${where.now}: asks the network for ${request.url()}`);
  });
}

async function links(page, where) {
  const broken = await page.evaluate(() => {
    const here = [...document.querySelectorAll("a[href^='#']")].filter((link) => {
      const id = decodeURIComponent(link.getAttribute("href").slice(1));
      return id && !document.getElementById(id);
    });
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
    return [...here.map((link) => `link to ${link.getAttribute("href")} leads nowhere`), ...twice.map((id) => `the id ${id} stands twice`)];
  });
  broken.forEach((what) => wrong(`${where.now}: ${what}`));
  const files = await page.evaluate(() => [...document.querySelectorAll("a[href], img[src]")].map((one) => new URL(one.getAttribute("href") || one.getAttribute("src"), document.baseURI).href).filter((address) => address.startsWith("file:")));
  for (const address of new Set(files)) {
    const [file, anchor] = decodeURIComponent(new URL(address).pathname + "#" + new URL(address).hash.slice(1)).split(/#(.*)/s);
    if (!fs.existsSync(file)) wrong(`${where.now}: link to ${file}, which is not there`);
    else if (anchor && file.endsWith(".html") && !fs.readFileSync(file, "utf8").includes(`id="${anchor.replaceAll("&", "&amp;")}"`)) wrong(`${where.now}: link to ${file}#${anchor}, which is not there`);
  }
}

async function accessible(page, where) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"], preload: false }));
  for (const one of result.violations) wrong(`${where.now}: axe ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join("; ")}`);
}

const wide = async (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
const name = (kind, rest) => path.join(screenshots, `${kind.replace(".html", "")}-${rest}.png`);

async function everyPage(base, look) {
  const context = await launch({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  const page = await context.newPage();
  const where = { now: "" };
  await listen(page, where);
  for (const one of all) {
    where.now = base + one;
    await page.goto(base + one);
    expect(await page.locator("h1").count() === 1, `${where.now}: not exactly one h1`);
    if (look) await links(page, where);
    const kind = [...kinds].find(([, chosen]) => chosen === one);
    if (!look || !kind) continue;
    await accessible(page, where);
    await page.screenshot({ path: name(kind[0], "light"), fullPage: true });
    await page.emulateMedia({ colorScheme: "dark" });
    await accessible(page, { now: `${where.now} (dark)` });
    await page.screenshot({ path: name(kind[0], "dark"), fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 375, height: 812 });
    expect(await wide(page) <= 0, `${where.now}: wider than 375 px, by ${await wide(page)}`);
    await page.screenshot({ path: name(kind[0], "narrow"), fullPage: true });
    await page.setViewportSize({ width: 1440, height: 900 });
  }
  await context.close();
}

async function search(base) {
  const context = await launch({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const where = { now: `${base} search` };
  await listen(page, where);
  await page.goto(base + "index.html");
  await page.keyboard.press("/");
  await page.keyboard.type(word);
  const first = page.locator("#rb-search-results a").first();
  await first.waitFor({ timeout: 5000 });
  await accessible(page, where);
  await page.screenshot({ path: name("search", base.startsWith("file") ? "file" : "served") });
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.href.includes(planted_page), { timeout: 5000 });
  expect(decodeURIComponent(page.url()).endsWith(place), `search for ${word} led to ${page.url()}, not to ${place}`);
  await page.keyboard.press("/");
  await page.keyboard.press("Escape");
  expect(await page.locator("dialog[open]").count() === 0, "Escape does not close the search");
  await context.close();
}

async function theme(base) {
  const context = await launch({ colorScheme: "light", viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.goto(base + "index.html");
  const light = await paper();
  await page.click("#rb-theme");
  const dark = await paper();
  expect(light !== dark, "the theme button changes nothing");
  await page.goto(base + planted_page);
  expect(await paper() === dark, "the theme is forgotten on the next page");
  await context.close();
}

async function keyboard(base) {
  const context = await launch({ viewport: { width: 1200, height: 800 } });
  const page = await context.newPage();
  await page.goto(base + planted_page);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement.className) === "skip", "the first stop is not the way to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement.id) === "rb-content", "the way to the content leads elsewhere");
  // Every control is a stop, and every stop can be seen.
  await page.goto(base + planted_page);
  const wanted = await page.evaluate(() => [...document.querySelectorAll("a[href], button, summary, input")].filter((one) => one.checkVisibility()).length);
  const seen = new Set();
  for (let stop = 0; stop < wanted * 2; stop += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const one = document.activeElement;
      if (one === document.body) return null;
      const style = getComputedStyle(one);
      const box = one.querySelector("rect") ? getComputedStyle(one.querySelector("rect")) : null;
      const shown = style.outlineStyle !== "none" || one.className === "anchor" || (box && box.strokeWidth === "2.5px");
      one.dataset.seen = one.dataset.seen || String(Math.random());
      return { id: one.dataset.seen, shown, what: one.outerHTML.slice(0, 80), counts: one.matches("a[href], button, summary, input") };
    });
    if (!at) break;
    if (at.counts) seen.add(at.id);
    if (!at.shown) { wrong(`focus cannot be seen on ${at.what}`); break; }
  }
  expect(seen.size >= wanted, `the keyboard reaches ${seen.size} of ${wanted} controls`);
  await context.close();
}

async function paper(base) {
  const context = await launch({ viewport: { width: 1000, height: 800 } });
  const page = await context.newPage();
  await page.goto(base + planted_page);
  await page.emulateMedia({ media: "print" });
  const printed = await page.evaluate(() => ({
    side: document.querySelector(".side").checkVisibility(),
    copy: [...document.querySelectorAll(".copy-button")].some((one) => one.checkVisibility()),
    boxes: [...document.querySelectorAll(".done input")].filter((one) => one.checkVisibility() && one.getBoundingClientRect().width > 10).length,
    steps: document.querySelectorAll(".card.step").length,
    signs: [...document.querySelectorAll(".sign")].filter((one) => one.checkVisibility()).length,
  }));
  expect(!printed.side && !printed.copy, "the navigation or the buttons are printed");
  expect(printed.steps > 0 && printed.boxes === printed.steps && printed.signs === printed.steps, `not every step has a box and a line on paper: ${JSON.stringify(printed)}`);
  const pdf = await page.pdf({ format: "A4", path: path.join(screenshots, "runbook.pdf") });
  expect(pdf.length > 10000, "the printed runbook is empty");
  await page.screenshot({ path: name("runbook", "print"), fullPage: true });
  await context.close();
}

async function withoutScript(base) {
  const context = await launch({ viewport: { width: 1200, height: 800 }, javaScriptEnabled: false });
  const page = await context.newPage();
  for (const one of new Set(kinds.values())) {
    const where = `${base}${one} without JavaScript`;
    await page.goto(base + one);
    const text = await page.locator("main").innerText();
    expect(text.length > 120, `${where}: there is nothing to read`);
    expect(await page.locator("button:visible").count() === 0, `${where}: a button does nothing`);
  }
  await page.goto(base + place);
  const anchor = place.split("#")[1];
  expect(await page.locator(`[id="${anchor}"]`).isVisible(), `${place} cannot be seen without JavaScript`);
  await page.screenshot({ path: name("runbook", "no-script") });
  await context.close();
}

async function policy() {
  for (const one of all) {
    const text = fs.readFileSync(path.join(site, one), "utf8");
    const has = /<meta http-equiv="Content-Security-Policy" content="default-src 'none';[^"]*">/.test(text);
    expect(has && !text.includes("unsafe-"), `${one} has no strict policy`);
  }
}

const began = Date.now();
try {
  const file = `file://${path.resolve(site)}/`;
  await policy();
  await everyPage(file, true);
  await search(file);
  await theme(file);
  await keyboard(file);
  await paper(file);
  await withoutScript(file);
  if (server !== "-") {
    await everyPage(server, false);
    await search(server);
  }
} finally {
  // Chromium goes on writing for a moment after it was closed.
fs.rmSync(profile, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
}
console.log(`${all.length} pages, ${kinds.size} kinds, ${Math.round((Date.now() - began) / 1000)}s, ${found.length} wrong`);
process.exit(found.length ? 1 : 0);
