// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& csv_reporter();
}

namespace {

const std::string hostile = "/a\"b,c\r\n;=cmd|'/c calc'!A1\xFF\xE2\x80\xAE\t\\";

void make_case(Store& store) {
    Examined matched = hashed();
    matched.matches = {match()};
    matched.matches[0].label = "=label";
    Entry e = entry(hostile, 1ull << 60, 7);
    e.stream = "@stream";
    e.times.modified = Timestamp{1714550400, 5};
    put(store, e, matched);
    put(store, entry("/plain", 2));
    ProblemRecord p = problem(ProblemKind::damaged, "+detail");
    p.problem.path = hostile;
    store.put_problem(p);
    store.seal(alert_on_match);
}

// What Python's csv makes of the files; names as the bytes that raw_name gives.
constexpr const char* read_back = R"(python3 - "$D" <<'END'
import base64, csv, os, sys
def rows(name):
    with open(os.path.join(sys.argv[1], name), newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))
for name in "entries.csv", "findings.csv", "problems.csv":
    text = open(os.path.join(sys.argv[1], name), "rb").read()
    assert text.endswith(b"\r\n") and text.count(b"\r") == text.count(b"\n") == text.count(b"\r\n"), name
    for row in rows(name):
        for key, value in row.items():
            for cell in value.split(";"):
                assert cell.strip(' "')[:1] not in list("=+-@\t\r"), (key, value)
            assert value.isprintable(), (key, value)
plain, odd = rows("entries.csv")
print(plain["path"], plain["raw_name"] == "", plain["size"], plain["md5"])
print(ascii(base64.b64decode(odd["raw_name"])), odd["address"], odd["modified"])
finding, = rows("findings.csv")
print(finding["severity"], finding["rules"], finding["extents"], finding["matches"])
problem, = rows("problems.csv")
print(ascii(base64.b64decode(problem["raw_path"])), problem["what"], problem["detail"])
END
)";

}  // namespace

TEST_CASE("another program reads the tables back: no formula, no control, every byte of a name") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    make_case(store);
    CHECK(render(store, {&csv_reporter()}, folder / "reports").at(0).failure == "");
    CHECK(output_of("D=" + (folder / "reports") + "; " + read_back) ==
          "/plain True 10 11111111111111111111111111111111\n"
          "b'/a\"b,c\\r\\n;=cmd|\\'/c calc\\'!A1\\xff\\xe2\\x80\\xae\\t\\\\:@stream' 1152921504606846976 "
          "2024-05-01T08:00:00.000000005Z\n"
          "alert notable-match 4096+7 bad.txt record 7 category 1 label =label agrees md5+sha1\n"
          "b'/a\"b,c\\r\\n;=cmd|\\'/c calc\\'!A1\\xff\\xe2\\x80\\xae\\t\\\\' damaged '+detail\n");
}

TEST_CASE("without entries the tables are findings and problems") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    make_case(store);
    RenderOptions options;
    options.reports.csv.entries = false;
    CHECK(render(store, {&csv_reporter()}, folder / "reports", options).at(0).failure == "");
    CHECK(output_of("ls " + (folder / "reports")) == "findings.csv\nproblems.csv\nsummary.json\n");
}
