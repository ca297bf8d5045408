// SPDX-License-Identifier: Apache-2.0
// A report whose every name, label and text was written by an attacker: whatever a person does with it, nothing runs,
// nothing is fetched and nothing leaves the page.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { close, open } from "./browser.mjs";
import { check, folder, printedText } from "./support.mjs";

// What would be told if it happened: a page that does it is told of.
export async function seesFaults(browser) {
  const path = join(folder, "faulty.html");
  writeFileSync(path, "<meta http-equiv='Content-Security-Policy' content=\"default-src 'unsafe-inline'; img-src file:\"><body>" +
    "<img src='gone.png'><script>console.log('said'); alert('asked'); eval('1'); </script><script>absent()</script>");
  const page = await open(browser, path);
  for (const word of ["request: file:.*gone.png", "console: said", "dialog: asked", "error: .*unsafe-eval", "error: absent"])
    check(`a page's '${word}' is seen`, page.told.some((line) => new RegExp(word).test(line)));
  await close(page);
}

async function useAll(page) {
  await page.check("#show-names");
  await page.fill("#filter", "script");
  for (const column of await page.$$(".dataTables_scrollHead th")) await column.click();
  for (const value of await page.$$eval("#group option", (options) => options.map((option) => option.value))) {
    await page.selectOption("#group", value);
    const first = await page.$(".groups button");
    if (first) await first.click();
  }
  await page.click("#rows tbody tr");
}

async function lookUsed(browser, path, checkPages) {
  const page = await open(browser, path);
  await useAll(page);
  check("the name is shown escaped", (await page.innerText("#detail")).includes("<script>window.executed=1</script>"));
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  check("tags of names are in the page", await page.$$eval("img, iframe, object, embed, form, main script, svg[onload], [onerror], main a:not([href^='#'])",
    (all) => all.map((one) => one.outerHTML.slice(0, 100))), []);
  checkPages("hostile, on paper", await printedText(page));
  check("something of a name ran", await page.evaluate(() => window.executed ?? null), null);
  check("a hostile report is quiet", page.told, []);
  await close(page);
}

async function lookWithoutScript(browser, path) {
  const page = await open(browser, path, { script: false });
  await printedText(page);
  check("a hostile report without script is quiet", page.told, []);
  await close(page);
}

export async function lookHostile(browser, path, checkPages) {
  await lookUsed(browser, path, checkPages);
  await lookWithoutScript(browser, path);
  const text = readFileSync(path, "utf8");
  check("controls and bidirectional characters in the file",
    text.slice(0, text.indexOf("</main>\n<script>")).match(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g), null);
  check("a hostile name ends no <noscript>", text.split("</noscript>").length, 2);
  check("a hostile name ends no <main>", text.split("</main>").length, 2);
}
