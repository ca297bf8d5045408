// SPDX-License-Identifier: Apache-2.0
// Debian's chromium without a window, driven by playwright-core. Every request, console message, fault and dialog of a
// page is kept in `told`: what a developer would see in red, also styles and scripts that the page's policy refused.
import { chromium } from "playwright-core";
import { pathToFileURL } from "node:url";

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM });

export async function open(browser, path, { script = true, dark = false, width = 1280, height = 900 } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: script, colorScheme: dark ? "dark" : "light", viewport: { width, height } });
  const page = await context.newPage(), address = pathToFileURL(path).href;
  page.told = [];
  page.on("request", (request) => { if (request.url() !== address) page.told.push("request: " + request.url()); });
  page.on("console", (message) => page.told.push("console: " + message.text()));
  page.on("pageerror", (error) => page.told.push("error: " + error.message));
  page.on("dialog", (dialog) => { page.told.push("dialog: " + dialog.message()); dialog.dismiss(); });
  context.on("page", (other) => page.told.push("window: " + other.url()));
  await page.goto(address);
  return page;
}

// A command of the DevTools protocol: it works on a page without script too.
export async function devtools(page, method) {
  const session = await page.context().newCDPSession(page);
  return session.send(method);
}

export const close = (page) => page.context().close();
