// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "engine/report/reporter.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace triage {
const ReporterKind& vics_reporter();
}

namespace {

const std::string hostile = "/a\"b\\c\r\n\xFF\xE2\x80\xAE/d<";

Match of(const std::string& category_set, const std::string& category) {
    Match one = match();
    one.category_set = category_set, one.category = category, one.label.clear();
    return one;
}

Examined matched(std::initializer_list<Match> matches) {
    Examined examined = hashed();
    examined.matches = matches;
    return examined;
}

// What Python's json and base64 make of a member of each medium, one a line.
std::string told(const std::string& folder, const std::string& expression) {
    return output_of("D=" + folder + R"(; python3 - "$D" <<'END'
import base64, json, sys
document = json.load(open(sys.argv[1] + "/vics.json", encoding="utf-8"))
case, = document["value"]
for m in case["Media"]:
    f, = m["MediaFiles"]
    print(ascii()" + expression +
                     R"())
print(document["@odata.context"].split("/")[-2], case["@triage.entries_without_md5"])
END
)");
}

std::string rendered(const Store& store, const Folder& folder, const RenderOptions& options = {}) {
    const std::string path = folder / "reports";
    CHECK(render(store, {&vics_reporter()}, path, options).at(0).failure == "");
    return path;
}

}  // namespace

TEST_CASE("another program reads a hostile name back, every byte of it") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    Entry e = entry(hostile, 7);
    e.stream = "s\x1b";
    put(store, e, matched({match()}));
    store.seal(alert_on_match);
    const std::string reports = rendered(store, folder);
    CHECK(told(reports, R"([base64.b64decode(f["@triage.raw_name"]), f["FileName"], f["@triage.address"]])") ==
          "[b'/a\"b\\\\c\\r\\n\\xff\\xe2\\x80\\xae/d<:s\\x1b', 'd<:s\\x1b', '7']\nDefault 0\n");
    const std::string text = read_file(reports + "/vics.json");
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
}

TEST_CASE("where the placement is not recorded neither name nor times are said of the bytes") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    for (const Placement placement : {Placement::recorded, Placement::assumed, Placement::reallocated}) {
        Entry e = entry("/folder/name", static_cast<std::uint64_t>(placement));
        e.state = EntryState::deleted, e.placement = placement, e.times.created = Timestamp{0, 0};
        put(store, e, matched({match()}));
    }
    store.seal(alert_on_match);
    CHECK(told(rendered(store, folder),
               R"([f["FileName"], f["FilePath"], f.get("Created"), f["Unallocated"], f.get("@triage.placement")])") ==
          "['name', 'disk.E01\\\\p0\\\\folder\\\\name', '1970-01-01T00:00:00.000000000Z', 'true', None]\n"
          "['address 1', 'disk.E01\\\\p0\\\\address 1', None, 'true', 'assumed']\n"
          "['address 2', 'disk.E01\\\\p0\\\\address 2', None, 'true', 'reallocated']\nDefault 0\n");
}

TEST_CASE("a category is of the first nation that is met, of a match that nothing contradicts") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    store.put_list(1, list(Polarity::ignorable, "good.txt"));
    Match other_size = of("VICS 2.0 US", "3"), other_digest = of("VICS 2.0 US", "4"), good = of("VICS 2.0 US", "6");
    other_size.size_agrees = false;
    other_digest.differs = set_of({Algorithm::sha1});
    good.set = 1;
    put(store, entry("/no list of VICS", 1), matched({of("ICSE", "2")}));
    put(store, entry("/contradicted", 2), matched({other_size, other_digest, good}));
    put(store, entry("/no number", 3), matched({of("VICS 2.0 US", "-1"), of("VICS 2.0 US", "01")}));
    put(store, entry("/first", 4), matched({of("VICS 2.0 UK", "5"), of("VICS 2.0 US", "1")}));
    put(store, entry("/another", 5), matched({of("VICS 2.0 US", "1"), of("VICS 2.0 UK", "7")}));
    put(store, entry("/none", 6), matched({of("VICS 2.0 US", "1"), of("VICS 1.2", "1")}));
    store.seal(alert_on_match);
    CHECK(told(rendered(store, folder), R"([f["FileName"], m.get("Category"), m.get("PrecategorizationSource")])") ==
          "['no list of VICS', None, None]\n['contradicted', None, None]\n['no number', None, None]\n"
          "['first', 5, 'bad.txt']\n['another', 7, 'bad.txt']\n['none', None, None]\nUK 0\n");
}

TEST_CASE("a list cannot put its own words into the context") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/a", 1), matched({of("VICS 2.0 X\"}/", "1")}));
    put(store, entry("/b", 2), matched({of("VICS 2.0 " + std::string(65, 'X'), "2")}));
    store.seal(alert_on_match);
    CHECK(told(rendered(store, folder), R"([m.get("Category")])") == "[1]\n[2]\nDefault 0\n");
}

TEST_CASE("media are what matches a notable list or is a finding; what has no MD5 is counted; all on request") {
    Folder folder;
    Store store = start(folder / "case.sqlite");
    put(store, entry("/plain", 1));
    put(store, entry("/by a rule", 2), hashed(0x22));
    put(store, entry("/matched without a rule", 3), matched({match()}));
    put(store, entry("/locked", 4), not_hashed(Status::unreadable, Reason::encrypted, 10));
    store.seal([](const EntryRecord& record) -> std::optional<Finding> {
        if (record.entry.address % 2 != 0) return {};
        return Finding{Severity::notice, {"even"}};
    });
    CHECK(told(rendered(store, folder), R"([m["MediaID"], f["FileName"]])") ==
          "[1, 'by a rule']\n[2, 'matched without a rule']\nDefault 1\n");
    Folder all;
    RenderOptions options;
    options.reports.vics.entries = true;
    CHECK(told(rendered(store, all, options), R"(m["MediaID"])") == "1\n2\n3\nDefault 1\n");
}
