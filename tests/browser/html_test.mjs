// SPDX-License-Identifier: Apache-2.0
// report.html in Debian's chromium: nothing is fetched, nothing that a name holds runs, and people can read, find, sort,
// group, reveal and print what it says, with script and without. usage: run html_test.mjs [PICTURES]: also writes pictures.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { close, devtools, launch, open } from "./browser.mjs";
import { lookAccessible } from "./accessible.mjs";
import { lookHostile, seesFaults } from "./hostile.mjs";
import { check, count, faults, infoOf, makeReport, printedText } from "./support.mjs";

const areNamesShown = (page) => page.evaluate(() =>
  [...document.querySelectorAll("main .n b")].some((name) => name.offsetParent !== null));
const rowCells = (page, column) => page.$$eval("#rows tbody tr", (rows, at) => rows.map((row) => row.cells[at].innerText), column);

async function lookAtWords(page) {
  const text = await page.innerText("body");
  for (const words of ["MATCH, INCOMPLETE", "1 volume (300.0 KiB)", "The inside of archives: 1 entry, 8.8 KiB",
    "Unallocated space inside file systems, with what they keep for themselves: about", "2024-04-29T08:12:00",
    "stored image hash not verified in this run", "not recorded", "AB/12-3", "DRAFT",
    "Results relate only to the items examined", "No match is not absence", "claims no compliance",
    "2024-05-01T10:00:00.000Z (UTC); local 2024-05-01 "])
    check(`the report says '${words}'`, text.includes(words));
  check("the report speaks of possession", text.match(/possess|owned by|belongs to/gi), null);
  const big = await page.$$eval(".big", (boxes) => boxes.map((box) => ({ bottom: box.getBoundingClientRect().bottom < innerHeight,
    size: getComputedStyle(box.querySelector(".words")).fontSize })));
  check("the verdict and what was not checked stand on the first screen", big.every((box) => box.bottom));
  check("they are of one size", big[0].size, big[1].size);
  check("scope, exhibits and matches stand there too", await page.$$eval("#verdict caption", (all) => all.filter((one) =>
    one.closest("table").getBoundingClientRect().bottom < innerHeight).map((one) => one.innerText)),
    ["Scope of this verdict", "Exhibits", "Matches by set, category and strength"]);
}

async function lookAtNames(page) {
  check("names show before they are asked for", await areNamesShown(page), false);
  check("names are in the text for screen readers", (await page.innerText("body")).includes("/Users/"), false);
  await page.fill("#filter", "users/anna");
  check("hidden names can be filtered for", await infoOf(page), "no finding (of 120)");
  await page.check("#show-names");
  check("names show when asked for", await areNamesShown(page));
  check("the filter finds shown names", (await infoOf(page)).includes("of 80 findings"));
  await page.uncheck("#show-names");
  check("names that were hidden again can be filtered for", await infoOf(page), "no finding (of 120)");
  await page.check("#show-names");
}

async function lookAtTable(page) {
  await page.fill("#filter", "deleted MP4");
  check("the filter wants all words, in any case", (await infoOf(page)).startsWith("1 to 6 of 6 findings (of 120)"));
  await page.fill("#filter", "");
  await page.click(".dataTables_scrollHead th:has-text('Size')");
  const sizes = (await rowCells(page, 7)).map(Number);
  check("sizes are sorted as numbers", sizes, [...sizes].sort((a, b) => a - b));
  check("there are sizes", sizes.length > 10);
  await page.selectOption("#group", { label: "State" });
  check("groups are counted", await page.$$eval(".groups button", (all) => all.map((one) => one.innerText)),
    ["allocated: 90", "deleted: 15", "deleted, placement assumed: 15"]);
  await page.click(".groups button >> nth=2");
  check("a group can be looked at alone", (await infoOf(page)).includes("of 15 findings"));
  await page.focus("#rows tbody tr");
  await page.keyboard.press("Enter");
  const detail = await page.innerText("#detail");
  for (const words of ["that this name belonged to them is not established", "SHA-256", "Volume offset", "32256",
    "md5+sha1 agree", "Media offset and length", "series"])
    check(`a finding chosen by the keyboard says '${words}'`, detail.includes(words));
}

async function look(browser, path, pictures) {
  const page = await open(browser, path);
  await lookAtWords(page);
  await lookAtNames(page);
  await lookAtTable(page);
  if (pictures) await page.screenshot({ path: join(pictures, "report-findings.png") });
  check("an ordinary report is quiet", page.told, []);
  await close(page);
}

async function lookWithoutScript(browser, path) {
  const page = await open(browser, path, { script: false });
  const tree = (await devtools(page, "Accessibility.getFullAXTree")).nodes.filter((node) => !node.ignored);
  const names = tree.map((node) => node.name?.value ?? "");
  for (const words of ["MATCH, INCOMPLETE", "md5", "bad.txt", "Findings", "(hidden)"])
    check(`without script the report says '${words}'`, names.some((name) => name.includes(words)));
  check("without script every finding is a row", tree.filter((node) => node.role?.value === "row").length > 120);
  check("without script names show before they are asked for", names.some((name) => name.includes("/Users/")), false);
  check("without script the page does not scroll sideways",
    (await devtools(page, "Page.getLayoutMetrics")).cssContentSize.width <= 1280);
  await page.keyboard.press("Tab");  // past "To the findings"
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  const shown = (await devtools(page, "Accessibility.getFullAXTree")).nodes.filter((node) => !node.ignored);
  check("without script names show when asked for", shown.some((node) => node.name?.value.includes("/Users/")));
  await page.keyboard.press("Space");
  const text = await printedText(page);
  check("without script all findings are printed", count(text, "AB/12-3") >= 120);
  check("a report without script is quiet", page.told, []);
  await close(page);
}

async function lookNarrow(browser, path) {
  const page = await open(browser, path, { width: 420 });
  check("a narrow page does not scroll sideways", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await close(page);
}

function checkPages(what, text) {
  const pages = count(text, "\f");
  for (let number = 1; number <= pages; ++number)
    check(`${what}: page ${number} is numbered`, text.split("\f")[number - 1].includes(`page ${number} of ${pages}`));
  check(`${what}: there are pages`, pages > 1);
}

async function lookPrinted(browser, path) {
  const page = await open(browser, path), text = await printedText(page);
  checkPages("on paper", text);
  check("all findings are printed", count(text, "AB/12-3, p0,") >= 120);
  check("nothing of the screen is printed", text.match(/Show names|Filter|Group by|To the findings/g), null);
  check("names are printed that nobody asked for", text.includes("/Users/"), false);
  await page.check("#show-names");
  await page.fill("#filter", "deleted mp4");
  const filtered = await printedText(page);
  check("on paper stand the findings that the filter left", count(filtered, "AB/12-3, p0,"), 6);
  check("on paper stand names that are shown", filtered.includes("/Users/"));
  await close(page);
}

async function lookLarge(browser, path) {
  const page = await open(browser, path);
  await page.fill("#filter", "deleted p0 category");
  check("100,000 rows are filtered", (await infoOf(page)).includes("of 25,000 findings (of 100,000)"));
  await page.selectOption("#group", { label: "Matches" });
  check("100,000 rows are grouped", (await page.innerText(".groups")).includes(": 33,33"));
  await page.fill("#filter", "");
  await page.$eval(".dataTables_scrollBody", (body) => { body.scrollTop = body.scrollHeight / 2; });
  await page.waitForFunction(() => /^(4[5-9]|5[0-4]),/.test(document.querySelector(".dataTables_info").textContent));
  check("only some rows are in the page", await page.$$eval("#rows tbody tr", (rows) => rows.length < 200));
  const text = await printedText(page);
  check("on paper stand the first rows, and how many there are",
    text.includes("The first 1000 of 100000 findings") && count(text, "AB/12-3, p0,") === 1000);
  check("a large report is quiet", page.told, []);
  await close(page);
}

async function takePictures(browser, path, pictures) {
  mkdirSync(pictures, { recursive: true });
  for (const [name, how] of Object.entries({ light: {}, dark: { dark: true }, narrow: { width: 420 } })) {
    const page = await open(browser, path, how);
    await page.screenshot({ path: join(pictures, `report-${name}.png`) });
    await close(page);
  }
}

const browser = await launch(), pictures = process.argv[2];
try {
  const small = makeReport("small", 120), hostile = makeReport("hostile", 50, "hostile");
  if (pictures) await takePictures(browser, small, pictures);
  await look(browser, small, pictures);
  await lookWithoutScript(browser, small);
  await lookAccessible(browser, small);
  await lookNarrow(browser, small);
  await lookPrinted(browser, small);
  await seesFaults(browser);
  await lookHostile(browser, hostile, checkPages);
  await lookLarge(browser, makeReport("large", 100000));
} finally {
  await browser.close();
}
for (const fault of faults) console.log("FAULT: " + fault);
console.log("the HTML report in a browser: " + (faults.length === 0 ? "as it should be" : `${faults.length} faults`));
process.exitCode = faults.length === 0 ? 0 : 1;
