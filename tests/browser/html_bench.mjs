// SPDX-License-Identifier: Apache-2.0
// What 100,000 findings cost who reads report.html: from the key to the frame that shows its effect, medians and the
// worst of what is measured. usage: MAKE_REPORT=build/release/make_report tests/browser/run html_bench.mjs [PAGES]
import { statSync } from "node:fs";
import { close, launch, open } from "./browser.mjs";
import { makeReport } from "./support.mjs";

const words = ["deleted p0 category", "d", "de", "dele", "img_0001", "2019", "ffee", "video", "no such word", "alert allocated", "500", ""];
const pages = Number(process.argv[2] ?? 5), times = {};

const keep = (what, milliseconds) => (times[what] ??= []).push(milliseconds);
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// Until the frame after the event was painted.
const timed = (page, act, value) => page.evaluate(([source, given]) => new Promise((done) => {
  const begin = performance.now();
  new Function("given", source)(given);
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
}), [act, value]);

const acts = {
  filter: "const f = document.getElementById('filter'); f.value = given; f.dispatchEvent(new Event('input'))",
  sort: "[...document.querySelectorAll('.dataTables_scrollHead th')].find((e) => e.innerText.startsWith(given)).click()",
  group: "const g = document.getElementById('group'); g.value = given; g.dispatchEvent(new Event('change'))",
  scroll: "const b = document.querySelector('.dataTables_scrollBody'); b.scrollTop = b.scrollHeight * given",
};

async function measure(browser, path) {
  const begin = performance.now(), page = await open(browser, path);
  keep("loaded", performance.now() - begin);
  keep("first paint", await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  keep("filter at once", await timed(page, acts.filter, "deleted p0 category"));
  await page.waitForTimeout(2000);
  for (const names of [false, true]) {
    await page.setChecked("#show-names", names);
    for (const word of words) keep("filter", await timed(page, acts.filter, word));
  }
  for (const column of ["Size", "Path", "Modified"]) keep("sort", await timed(page, acts.sort, column));
  for (const column of ["6", "9"]) keep("group", await timed(page, acts.group, column));
  keep("choose a group", await timed(page, "document.querySelector('.groups button').click()"));
  for (const word of words) keep("filter in a group", await timed(page, acts.filter, word));
  for (const share of [0.3, 0.9, 0.5]) keep("scroll", await timed(page, acts.scroll, share));
  await close(page);
}

const browser = await launch(), path = makeReport("large", 100000);
for (let i = 0; i < pages; ++i) await measure(browser, path);
await browser.close();
console.log(`100,000 findings, ${(statSync(path).size / 1e6).toFixed(0)} MB, ${pages} pages`);
for (const [what, values] of Object.entries(times))
  console.log(`${what}: ${median(values).toFixed(0)} ms, at most ${Math.max(...values).toFixed(0)} (${values.length} times)`);
