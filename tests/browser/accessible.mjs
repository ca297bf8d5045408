// SPDX-License-Identifier: Apache-2.0
// Is the report usable by keyboard and screen reader? axe-core says so of each way in which it is shown; what axe-core
// leaves to a person (names of controls, contrast where text is cut, the way of the Tab key) is computed here.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { close, devtools, open } from "./browser.mjs";
import { check, folder } from "./support.mjs";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

async function findingsOfAxe(page, what) {
  await page.evaluate(axe);  // by the DevTools protocol: the page's policy refuses a script
  const { violations, passes } = await page.evaluate(() => axe.run());
  check(`${what}: axe-core looked`, passes.length > 30);
  check(`${what}: axe-core`, violations.map((v) => [v.id, v.impact, v.nodes.slice(0, 3).map((node) => node.html.slice(0, 120))]), []);
}

async function useEverything(page) {
  await page.check("#show-names");
  await page.fill("#filter", "jpg");
  await page.selectOption("#group", { label: "State" });
  await page.click("#rows tbody tr");
}

// What a browser without script shows: it cannot be asked by script, so the page is made anew without <noscript>.
function shownWithoutScript(path) {
  const text = readFileSync(path, "utf8"), begin = text.lastIndexOf("<script>"), end = text.lastIndexOf("</script>");
  const copy = join(folder, "noscript.html");
  writeFileSync(copy, (text.slice(0, begin) + text.slice(end + 9)).replace("<noscript>", "").replace("</noscript>", ""));
  return copy;
}

async function lookNamed(browser, path) {
  const page = await open(browser, path);
  const tree = (await devtools(page, "Accessibility.getFullAXTree")).nodes.filter((node) => !node.ignored);
  for (const role of ["button", "checkbox", "combobox", "searchbox", "link", "img", "table", "region", "columnheader"])
    check(`each ${role} has a name`, tree.filter((node) => node.role?.value === role && !node.name?.value).length, 0);
  const levels = await page.$$eval("h1,h2,h3", (heads) => heads.map((head) => Number(head.tagName[1])));
  check("headings begin with the title and leave no level out",
    levels[0] === 1 && levels.every((level, i) => i === 0 || level <= levels[i - 1] + 1));
  await close(page);
}

// The Tab key reaches everything from the top to a row, in the order of the page, and shows where it is.
async function lookByKeyboard(browser, path) {
  const page = await open(browser, path), stops = [];
  while (stops.length < 60 && !stops.includes("row")) {
    await page.keyboard.press("Tab");
    const [stop, isSeen] = await page.evaluate(() => {
      const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
      return [at.tagName === "TR" ? "row" : at.id || (at.getAttribute("aria-label") || at.innerText).split(":")[0],
        style.outlineStyle !== "none" && box.height > 0 && box.bottom > 0 && box.top < innerHeight];
    });
    check(`where the Tab key is can be seen: ${stop}`, isSeen);
    stops.push(stop);
  }
  const wanted = ["To the findings", "show-names", "Verdict", "Account", "Findings", "Problems", "Basis", "Laboratory",
    "filter", "group", "Severity", "Modified", "Rows of findings", "row"];
  check("the Tab key goes down the page", stops.filter((stop) => wanted.includes(stop)), wanted);
  await page.keyboard.press("Enter");
  check("Enter shows the finding in full", (await page.innerText("#detail")).startsWith("Finding 1."));
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  check("the arrow goes to the next", (await page.innerText("#detail")).startsWith("Finding 2."));
  await close(page);
}

// Texts whose contrast with the nearest background is under 4.5 to 1 (WCAG 2.1, 1.4.3).
function textsOfLowContrast() {
  const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const low = new Set();
  for (const element of document.querySelectorAll("main *")) {
    if (!hasText(element) || element.offsetParent === null || element.closest("svg")) continue;
    const a = light(rgb(getComputedStyle(element).color)), b = light(behind(element));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) low.add(`${element.tagName}.${element.className} ${element.textContent.slice(0, 30)}`);
  }
  return [...low];
}

export async function lookAccessible(browser, path) {
  await lookNamed(browser, path);
  await lookByKeyboard(browser, path);
  const bare = shownWithoutScript(path);
  for (const how of [{}, { dark: true }, { width: 420 }, { dark: true, width: 420 }]) {
    const what = `${how.dark ? "dark" : "light"}, ${how.width ?? 1280} wide`;
    const page = await open(browser, path, how);
    await useEverything(page);
    await findingsOfAxe(page, what);
    check(`${what}: contrast of text`, await page.evaluate(textsOfLowContrast), []);
    await close(page);
    const plain = await open(browser, bare, how);
    await findingsOfAxe(plain, what + ", without script");
    await close(plain);
  }
}
