// SPDX-License-Identifier: Apache-2.0
// Reports to look at, and what is wrong with them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const faults = [];
export function check(what, found, wanted = true) {
  if (!isDeepStrictEqual(found, wanted)) faults.push(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

export const folder = mkdtempSync(join(tmpdir(), "triage-browser-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

// The path of a report.html with so many findings; `kind` as make_report knows it.
export function makeReport(name, findings, ...kind) {
  execFileSync(process.env.MAKE_REPORT, [join(folder, name), String(findings), ...kind]);
  return join(folder, name, "reports/report.html");
}

// What a page prints, as text with a form feed after each page.
export async function printedText(page) {
  const path = join(folder, "printed.pdf");
  await page.pdf({ path, preferCSSPageSize: true, printBackground: true });
  return execFileSync("pdftotext", ["-layout", path, "-"], { encoding: "utf8", maxBuffer: 1 << 28 });
}

export const count = (text, words) => text.split(words).length - 1;
export const infoOf = (page) => page.textContent(".dataTables_info");
