// SPDX-License-Identifier: Apache-2.0
#include "engine/report/json_rows.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "tests/engine/case/sample_case.h"

using namespace triage;
using namespace triage::sample;

namespace {

ReportContext context_of_one_volume() {
    ReportContext context;
    context.run = run();
    context.lists = {list(Polarity::notable), list(Polarity::ignorable, "nsrl")};
    context.evidences = {evidence()};
    context.volumes = {volume(0, 0, 0, "p0")};
    context.evidence_verdicts = {Verdict{}};
    return context;
}

EntryRecord record_of(const Entry& e, const Examined& examined = hashed()) {
    EntryRecord record;
    record.entry = e;
    record.examined = examined;
    return record;
}

std::string entry_line(const ReportContext& context, const EntryRecord& record) {
    std::string line;
    JsonRows(context).append_entry(line, record);
    return line;
}

// RFC 4648 as a reader of the report would decode it.
std::string from_base64(std::string_view text) {
    const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        if (c == '=') break;
        bits = bits << 6 | static_cast<unsigned>(alphabet.find(c));
        if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8) & 0xFF);
    }
    return bytes;
}

}  // namespace

TEST_CASE("an entry has the contract's keys in the contract's order") {
    ReportContext context = context_of_one_volume();
    context.evidences[0].exhibit = "A-12";
    context.volumes[0].fs = "ntfs";
    context.volumes[0].modified = {7, true, false};
    Entry e = entry("/dir/name.txt", 64, 0);
    e.stream = "Zone.Identifier";
    e.kind = EntryKind::stream;
    e.state = EntryState::deleted;
    e.placement = Placement::reallocated;
    e.times.modified = Timestamp{1714558830, 123456789};
    const Examined partial = not_hashed(Status::partial, Reason::read_error, 512);
    CHECK(entry_line(context, record_of(e, partial)) ==
          R"({"exhibit":"A-12","evidence":"disk.E01","volume":"p0","fs":"ntfs","path":"/dir/name.txt","address":"64",)"
          R"("stream":"Zone.Identifier","kind":"stream","state":"deleted","placement":"reallocated","size":0,)"
          R"("times":{"modified":"2024-05-01T10:20:30.1234567Z"},"status":"partial","reason":"read-error",)"
          R"("missing_bytes":512})"
          "\n");
}

TEST_CASE("what libmagic says of the type stands beside what the table says, and says whose it is") {
    const ReportContext context = context_of_one_volume();
    Examined examined = hashed();
    examined.type = "application/zip", examined.libmagic_type = "application/java-archive";
    const std::string line = entry_line(context, record_of(entry("/a", 1), examined));
    CHECK(line.find(R"("type":"application/zip","type_by_libmagic":"application/java-archive","status":)") !=
          std::string::npos);
    CHECK(entry_line(context, record_of(entry("/a", 1))).find("libmagic") == std::string::npos);
}

TEST_CASE("what is unknown is absent; times are printed as the file system stores them") {
    ReportContext context = context_of_one_volume();
    context.volumes[0].fs = "";
    context.volumes[0].modified = {0, false, false};
    context.volumes[0].accessed = {0, false, true};
    context.volumes[0].created = {2, false, false};
    Entry e = entry("/A", ~0ull, ~0ull);
    CHECK(entry_line(context, record_of(e, not_hashed(Status::skipped, Reason::size))) ==
          R"({"evidence":"disk.E01","volume":"p0","path":"/A","address":"18446744073709551615","kind":"file",)"
          R"("state":"allocated","size":18446744073709551615,"status":"skipped","reason":"size"})"
          "\n");
    e.times = {Timestamp{1714558830, 0}, Timestamp{1714521600, 0}, std::nullopt, Timestamp{1714558831, 990000000}};
    Examined md5_only;
    md5_only.status = Status::hashed;
    md5_only.reason = Reason::none;
    md5_only.digests.md5 = digest(Algorithm::md5, 0xAB);
    e.size = 1;
    CHECK(entry_line(context, record_of(e, md5_only)) ==
          R"({"evidence":"disk.E01","volume":"p0","path":"/A","address":"18446744073709551615","kind":"file",)"
          R"("state":"allocated","size":1,"times":{"modified":"2024-05-01T10:20:30","accessed":"2024-05-01",)"
          R"("created":"2024-05-01T10:20:31.99"},"status":"hashed",)"
          R"("hashes":{"md5":"abababababababababababababababab"}})"
          "\n");
    e.times = {Timestamp{std::int64_t{1} << 60, 0}, {}, {}, {}};  // no year that RFC 3339 knows
    CHECK(entry_line(context, record_of(e)).find("times") == std::string::npos);
}

TEST_CASE("hostile names stay one line of valid JSON without control bytes, and their raw bytes can be had") {
    const ReportContext context = context_of_one_volume();
    const std::vector<std::string> names{
        "/\x1b[31mred",
        "/a\r\nb",
        "/quote\"'\\",
        "/tab\tnul" + std::string(1, '\0') + "x",
        "/\xFF\xFE",
        "/over\xC0\xAFlong",
        "/surrogate\xED\xA0\x80",
        "/rtl\xE2\x80\xAE"
        "gpj.exe",
        "/\x7F"
        "del",
        "/c1\xC2\x9B",
        "/cut\xE2\x82",
        "/=cmd|' /C calc'!A0",
        "/<script>alert(1)</script>",
        std::string(5000, '\x01'),
        "",
    };
    for (const std::string& name : names) {
        for (const bool in_stream : {false, true}) {
            Entry e = entry(in_stream ? "/plain" : name, 5);
            if (in_stream) e.stream = name;
            const std::string line = entry_line(context, record_of(e));
            CAPTURE(line);
            CHECK(is_valid_utf8(line));
            CHECK_FALSE(needs_raw_name(std::string_view(line).substr(0, line.size() - 1)));
            CHECK(line.find('\n') == line.size() - 1);
            const auto row = nlohmann::json::parse(line);
            const bool is_plain = !needs_raw_name(name);
            CHECK(row.contains("raw_name") == !is_plain);
            if (!is_plain)
                CHECK(from_base64(row.at("raw_name").get<std::string>()) == (in_stream ? "/plain:" + name : name));
            if (is_plain && !name.empty()) CHECK(row.at(in_stream ? "stream" : "path") == name);
        }
    }
}

TEST_CASE("a finding has the entry's keys, then its own") {
    const ReportContext context = context_of_one_volume();
    Entry e = entry("/x", 7, 20);
    Examined examined;
    examined.status = Status::hashed;
    examined.reason = Reason::none;
    examined.digests.md5 = digest(Algorithm::md5, 0);
    Match first = match(0, 12);
    first.differs = set_of({Algorithm::sha256});
    first.size_agrees = true;
    Match second;
    second.set = 1;
    second.record = 3;
    second.agrees = set_of({Algorithm::md5});
    second.category_set = "VICS 2.0 US", second.source = 2;
    second.flags = RecordFlags::from_bits(1 | 8);
    examined.matches = {first, second};
    EntryRecord record = record_of(e, examined);
    record.extents = {{4096, 10}, {Extent::hole, 4}, {~0ull - 1, 6}};
    record.finding = Finding{Severity::alert, {"notable-match", "big"}};
    std::string line;
    JsonRows(context).append_finding(line, record);
    CHECK(line ==
          R"({"evidence":"disk.E01","volume":"p0","fs":"ext4","path":"/x","address":"7","kind":"file",)"
          R"("state":"allocated","size":20,"status":"hashed","hashes":{"md5":"00000000000000000000000000000000"},)"
          R"("extents":[[4096,10],[18446744073709551614,6]],"severity":"alert",)"
          R"("rules":["notable-match","big"],"matches":[{"set":"bad.txt","version":"2024-05-01","set_digest":)"
          R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","polarity":"notable","category":"1",)"
          R"("label":"series","record":12,"agrees":["md5","sha1"],"differs":["sha256"],"size_agrees":true},)"
          R"({"set":"nsrl","version":"2024-05-01","set_digest":)"
          R"("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","polarity":"ignorable","record":3,)"
          R"("agrees":["md5"],"differs":[],"category_set":"VICS 2.0 US","source":2,)"
          R"("flags":["distributed","precategorised"]}]})"
          "\n");
}

TEST_CASE("a finding of a rule alone has no extents and no matches") {
    const ReportContext context = context_of_one_volume();
    EntryRecord record = record_of(entry("/x", 7));
    record.finding = Finding{Severity::notice, {"any"}};
    std::string line;
    JsonRows(context).append_finding(line, record);
    CHECK(line.ends_with(R"(,"severity":"notice","rules":["any"],"matches":[]})"
                         "\n"));
    CHECK(line.find("extents") == std::string::npos);
}

TEST_CASE("a problem has the contract's keys in the contract's order") {
    const ReportContext context = context_of_one_volume();
    ProblemRecord record = problem(ProblemKind::aborted, "died \x1b[0m");
    record.problem.path = "/d";
    record.problem.address = 9;
    record.problem.first_sector = 63;
    record.problem.sectors = 2;
    std::string lines;
    JsonRows(context).append_problem(lines, record);
    JsonRows(context).append_problem(lines, problem(ProblemKind::locked, "", {}));
    CHECK(lines == R"({"evidence":"disk.E01","volume":"p0","path":"/d","address":"9","what":"aborted",)"
                   R"("detail":"died \u001b[0m","first_sector":63,"sectors":2})"
                   "\n"
                   R"({"evidence":"disk.E01","what":"locked"})"
                   "\n");
}
