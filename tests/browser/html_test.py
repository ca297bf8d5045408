#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report.html in Debian's chromium: nothing is fetched, nothing that a name holds runs, and people can read, find, sort,
group, reveal and print what it says, with script and without. usage: html_test.py [PICTURES]: also writes pictures."""
import json, os, re, shutil, subprocess, sys, tempfile
from browser import Browser, CHROMIUM

MAKE, SKIPPED = os.environ["MAKE_REPORT"], 77
if not CHROMIUM or not shutil.which("pdftotext"):
    print("SKIPPED: no chromium or no pdftotext: ./bootstrap packages ci")
    raise SystemExit(SKIPPED)
faults = []


def check(what, found, wanted=True):
    if found != wanted:
        faults.append(f"{what}: {found!r}, not {wanted!r}")


def report(folder, *arguments):
    subprocess.run([MAKE, folder, *arguments], check=True)
    return os.path.join(folder, "reports/report.html")


def is_quiet(page, what):
    check(what + ": requests", page.requests(), [])
    check(what + ": complaints", page.complaints(), [])


INFO = "document.querySelector('.dataTables_info').textContent"
FIRST = "document.querySelector('#rows tbody tr').innerText.split('\\t').map(s => s.trim())"
SHOWN = """[...document.querySelectorAll('main .n b')].some(e => e.offsetParent !== null)"""


def type_filter(page, words):
    page.run(f"(f => {{ f.value = {json.dumps(words)}; f.dispatchEvent(new Event('input')); }})(document.getElementById('filter'))")


def look(browser, path, pictures):
    page = browser.open(path)
    is_quiet(page, "an ordinary report")
    text = page.run("document.body.innerText")
    for words in ["MATCH, INCOMPLETE", "1 volume (300.0 KiB)", "The inside of archives: 1 entry, 8.8 KiB",
                  "Unallocated space inside file systems, beyond deleted entries: not sized", "2024-04-29T08:12:00", "stored image hash not verified in this run", "not recorded",
                  "AB/12-3", "DRAFT", "Results relate only to the items examined", "No match is not absence",
                  "claims no compliance", "2024-05-01T10:00:00.000Z (UTC); local 2024-05-01 "]:
        check(f"the report says {words!r}", words in text)
    check("the report speaks of possession", re.findall("possess|owned by|belongs to", text, re.I), [])
    top = "document.querySelector('#verdict .big.unchecked').getBoundingClientRect().bottom < innerHeight"
    check("the verdict and what was not checked stand on the first screen", page.run(top))
    sizes = "[...document.querySelectorAll('.big .words')].map(e => getComputedStyle(e).fontSize)"
    check("they are of one size", len(set(page.run(sizes))), 1)
    # Names
    check("names show before they are asked for", page.run(SHOWN), False)
    check("names are in the text for screen readers", "/Users/" in page.run("document.body.innerText"), False)
    type_filter(page, "users/anna")
    check("hidden names can be filtered for", page.run(INFO).startswith("no finding"))
    page.run("document.getElementById('show-names').click()")
    check("names show when asked for", page.run(SHOWN))
    check("the filter finds shown names", "of 80 findings" in page.run(INFO))
    # Filter, sort, group, read
    type_filter(page, "deleted mp4")
    check("the filter wants all words", page.run(INFO).startswith("1 to 6 of 6 findings (of 120)"))
    type_filter(page, "")
    page.run("[...document.querySelectorAll('.dataTables_scrollHead th')].find(e => e.innerText.startsWith('Size')).click()")
    sizes = page.run("[...document.querySelectorAll('#rows tbody tr')].map(e => Number(e.cells[7].innerText))")
    check("sizes are sorted as numbers", sizes == sorted(sizes) and len(sizes) > 10)
    page.run("(g => { g.value = 6; g.dispatchEvent(new Event('change')); })(document.getElementById('group'))")
    groups = page.run("[...document.querySelectorAll('.groups button')].map(e => e.innerText)")
    check("groups are counted", groups, ["allocated: 90", "deleted: 15", "deleted, placement assumed: 15"])
    page.run("document.querySelectorAll('.groups button')[2].click()")
    check("a group can be looked at alone", "of 15 findings" in page.run(INFO))
    page.run("document.querySelector('#rows tbody tr').focus()")
    page.key("Enter", 13, "\r")
    detail = page.run("document.getElementById('detail').innerText")
    for words in ["that this name belonged to them is not established", "SHA-256", "Volume offset", "32256", "md5+sha1 agree",
                  "Media offset and length", "series"]:
        check(f"a finding chosen by the keyboard says {words!r}", words in detail)
    if pictures:
        page.screenshot(os.path.join(pictures, "report-findings.png"))


def look_without_script(browser, path):
    page = browser.open(path, script=False)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    names = {node.get("name", {}).get("value", "") for node in tree if not node.get("ignored")}
    for words in ["MATCH, INCOMPLETE", "md5", "bad.txt", "Findings", "(hidden)"]:
        check(f"without script the report says {words!r}", any(words in name for name in names))
    rows = [node for node in tree if node.get("role", {}).get("value") == "row"]
    check("without script every finding is a row", len(rows) > 120)
    check("without script names show before they are asked for", any("/Users/" in name for name in names), False)
    widths = page.call("Page.getLayoutMetrics")["cssContentSize"]["width"]
    check("without script the page scrolls sideways", widths <= 1280)
    is_quiet(page, "a report without script")
    pdf = os.path.join(os.path.dirname(path), "without.pdf")
    page.pdf(pdf)
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    check("without script all findings are printed", len(re.findall(r"AB/12-3", text)) >= 120)


def look_accessible(browser, path):
    page = browser.open(path)
    tree = [node for node in page.call("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    for role in "button", "checkbox", "combobox", "searchbox", "link", "img", "table", "region", "columnheader":
        nameless = [n for n in tree if n.get("role", {}).get("value") == role and not n.get("name", {}).get("value")]
        check(f"each {role} has a name", len(nameless), 0)
    levels = page.run("[...document.querySelectorAll('h1,h2,h3')].map(e => Number(e.tagName[1]))")
    check("headings begin with the title and leave no level out",
          levels[0] == 1 and all(b <= a + 1 for a, b in zip(levels, levels[1:])))
    ids = page.run("[...document.querySelectorAll('[id]')].map(e => e.id)")
    check("ids are unique", len(ids), len(set(ids)))
    for dark in False, True:
        page = browser.open(path, dark=dark)
        check(f"contrast of text ({'dark' if dark else 'light'})", page.run(CONTRAST), [])


# Texts whose contrast with the nearest background is under 4.5 to 1 (WCAG 2.1, 1.4.3).
CONTRAST = """(() => {
  const rgb = c => c.match(/[\\d.]+/g).map(Number);
  const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c; } return [255, 255, 255]; };
  const low = new Set();
  for (const e of document.querySelectorAll('main *, label')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || e.offsetParent === null || e.closest('svg')) continue;
    const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
    if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5) low.add(e.tagName + '.' + e.className + ' ' + e.textContent.slice(0, 30));
  }
  return [...low];
})()"""


def look_narrow(browser, path):
    page = browser.open(path, width=420, height=900)
    check("a narrow page scrolls sideways", page.run("document.documentElement.scrollWidth <= innerWidth"))


def look_printed(browser, path, folder):
    page, pdf = browser.open(path), os.path.join(folder, "report.pdf")
    page.pdf(pdf)
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    pages = text.count("\f")
    for number in range(1, pages + 1):
        check(f"page {number} is numbered", f"page {number} of {pages}" in text)
    check("all findings are printed", len(re.findall(r"AB/12-3, p0,", text)) >= 120)
    check("nothing of the screen is printed", re.findall("Show names|Filter|Group by", text), [])
    check("names are printed that nobody asked for", "/Users/" in text, False)


def look_hostile(browser, path):
    for script in True, False:
        page = browser.open(path, script=script)
        if script:
            page.run("document.getElementById('show-names').click()")
            type_filter(page, "script")
            page.run("document.querySelector('#rows tbody tr').click()")
            page.run("window.dispatchEvent(new Event('beforeprint'))")
            check("something of a name ran", page.run("window.executed"), None)
            tags = page.run("""document.querySelectorAll('main img, main script, main svg[onload], main [onerror]').length""")
            check("tags of names are in the page", tags, 0)
            check("the name is shown escaped", "<script>window.executed=1</script>" in page.run("document.body.innerText"))
        is_quiet(page, "a hostile report")
    text = open(path, encoding="utf-8").read()
    check("controls in the file", re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]",
                                              text[:text.index("</main>\n<script>")]), [])
    check("a hostile name ends the <noscript>", text.count("</noscript>"), 1)


def measure(browser, path):
    page = browser.open(path)
    paint = page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.run("new Promise(done => setTimeout(done, 1000))")
    timed = """new Promise(done => { const begin = performance.now(); %s;
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin))); })"""
    filtered = page.run(timed % "(f => { f.value = 'deleted p0 category'; f.dispatchEvent(new Event('input')); })(document.getElementById('filter'))")
    check("100,000 rows are filtered", "of 25,000 findings (of 100,000)" in page.run(INFO))
    sorted_ms = page.run(timed % "[...document.querySelectorAll('.dataTables_scrollHead th')].find(e => e.innerText.startsWith('Size')).click()")
    grouped = page.run(timed % "(g => { g.value = 9; g.dispatchEvent(new Event('change')); })(document.getElementById('group'))")
    page.run("document.getElementById('filter').value = ''; document.getElementById('filter').dispatchEvent(new Event('input'))")
    scrolled = page.run(timed % "(b => b.scrollTop = b.scrollHeight / 2)(document.querySelector('.dataTables_scrollBody'))")
    page.run("new Promise(done => setTimeout(done, 500))")
    first = int(page.run(INFO).split()[0].replace(",", ""))
    check("the middle of 100,000 rows can be scrolled to", 45_000 < first < 55_000)
    check("rows in the page", page.run("document.querySelectorAll('#rows tbody tr').length") < 200)
    is_quiet(page, "a large report")
    print(f"100,000 findings, {os.path.getsize(path) / 1e6:.0f} MB: first paint {paint:.0f} ms, loaded {page.load_seconds:.1f} s, "
          f"filter {filtered:.0f} ms, sort {sorted_ms:.0f} ms, group {grouped:.0f} ms, scroll {scrolled:.0f} ms")


def take_pictures(browser, path, folder):
    for name, dark, width in ("light", False, 1280), ("dark", True, 1280), ("narrow", False, 420):
        browser.open(path, dark=dark, width=width).screenshot(os.path.join(folder, f"report-{name}.png"))


with tempfile.TemporaryDirectory() as folder, Browser() as chromium:
    pictures = sys.argv[1] if len(sys.argv) > 1 else None
    small = report(os.path.join(folder, "small"), "120")
    look(chromium, small, pictures)
    look_without_script(chromium, small)
    look_accessible(chromium, small)
    look_narrow(chromium, small)
    look_printed(chromium, small, folder)
    if pictures:
        take_pictures(chromium, small, pictures)
    look_hostile(chromium, report(os.path.join(folder, "hostile"), "50", "hostile"))
    measure(chromium, report(os.path.join(folder, "large"), "100000"))
for fault in faults:
    print("FAULT:", fault)
print("the HTML report in a browser:", "as it should be" if not faults else f"{len(faults)} faults")
raise SystemExit(1 if faults else 0)
