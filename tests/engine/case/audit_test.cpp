// SPDX-License-Identifier: Apache-2.0
#include "engine/case/audit.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/error.h"
#include "tests/engine/case/sample_case.h"

#ifndef TRIAGE_SOURCE_DIR
#define TRIAGE_SOURCE_DIR "."
#endif

using namespace triage;
using triage::sample::Folder;

namespace {

void write_log(const std::string& path) {
    AuditLog audit = AuditLog::create(path);
    audit.record("start", {{"host", "lab"}, {"threads", 2u}, {"is_resumed", false}});
    audit.record("problem", {{"detail", "quote \" newline \n escape \x1b bad \xFF"}}, Durability::buffered_by_system);
    audit.record("worker_death", {{"signal", std::uint64_t{11}}});
    audit.record("end");
}

std::vector<std::string> lines_of(const std::string& path) {
    std::vector<std::string> lines;
    std::istringstream text(sample::read_file(path));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

void write_lines(const std::string& path, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    sample::write_file(path, text);
}

// The n-th block of shell commands of docs/case-format.md.
std::string commands_of_page(std::size_t number) {
    const std::string page = sample::read_file(TRIAGE_SOURCE_DIR "/docs/case-format.md");
    std::vector<std::string> blocks;
    for (std::size_t at = page.find("```\n"); at != std::string::npos; at = page.find("```\n", at)) {
        const std::size_t end = page.find("```\n", at + 4);
        blocks.push_back(page.substr(at + 4, end - at - 4));
        at = end + 4;
    }
    return blocks.at(number);
}

}  // namespace

TEST_CASE("each record is a JSON object on one line, in order, bound to the one before") {
    Folder folder;
    write_log(folder / "audit.jsonl");
    const auto lines = lines_of(folder / "audit.jsonl");
    REQUIRE(lines.size() == 4);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto record = nlohmann::json::parse(lines[i]);
        CHECK(record.at("seq") == i);
        CHECK(record.at("utc").get<std::string>().size() == std::string("2024-05-01T10:20:30.123Z").size());
        CHECK(record.at("monotonic_ns").is_number_unsigned());
    }
    const auto first = nlohmann::json::parse(lines[0]);
    CHECK(first.at("event") == "start");
    CHECK(first.at("host") == "lab");
    CHECK(first.at("threads") == 2);
    CHECK(first.at("is_resumed") == false);
    CHECK(first.at("previous") == std::string(64, '0'));
    CHECK(lines[1].find('\x1b') == std::string::npos);
    CHECK(verify_audit(folder / "audit.jsonl").records == 4);
    CHECK(verify_audit(folder / "audit.jsonl").flaw == std::nullopt);
}

TEST_CASE("sha256sum alone, as the page says, finds the chain whole or broken") {
    Folder folder;
    const std::string log = folder / "audit.jsonl";
    write_log(log);
    sample::write_file(folder / "check.sh", commands_of_page(4));
    const std::string check = "cd " + folder.path() + " && sh check.sh";
    CHECK(sample::output_of(check) == "");
    auto lines = lines_of(log);
    const std::string whole = sample::read_file(log);
    sample::write_file(log, whole.substr(0, whole.size() - 1));
    CHECK(sample::output_of(check) == "broken: cut off: " + lines.back() + "\n");
    lines[1].replace(lines[1].find("quote"), 5, "QUOTE");
    write_lines(log, lines);
    CHECK(sample::output_of(check) == "broken: " + lines[2] + "\n");
}

TEST_CASE("tampering is found at the right record") {
    Folder folder;
    const std::string path = folder / "audit.jsonl";
    write_log(path);
    const auto lines = lines_of(path);
    const auto flaw_after = [&](auto change) {
        auto changed = lines;
        change(changed);
        write_lines(path, changed);
        return verify_audit(path).flaw.value_or("none");
    };
    using Lines = std::vector<std::string>;
    CHECK(flaw_after([](Lines& l) { l[1][40] ^= 1; }) ==
          "record 2: it does not follow the record before, or that one was changed");
    CHECK(flaw_after([](Lines& l) { l.erase(l.begin() + 1); }) == "record 1: its number is not the next one");
    CHECK(flaw_after([](Lines& l) { std::swap(l[1], l[2]); }) == "record 1: its number is not the next one");
    CHECK(flaw_after([](Lines& l) { l.erase(l.begin()); }) == "record 0: its number is not the next one");
    CHECK(flaw_after([](Lines& l) { l.insert(l.begin() + 2, ""); }) == "record 2: its number is not the next one");
    CHECK(flaw_after([](Lines& l) { l[0].replace(l[0].size() - 4, 2, "11"); }) == "record 0: it is not the first");
    sample::write_file(path, lines[0] + "\n" + lines[1].substr(0, 30));
    CHECK(verify_audit(path).flaw == "record 1: cut off");
}

TEST_CASE("a log goes on after a torn line, and not after a broken one") {
    Folder folder;
    const std::string path = folder / "audit.jsonl";
    write_log(path);
    const std::string whole = sample::read_file(path);
    sample::write_file(path, whole + "{\"seq\":4,\"ut");
    {
        AuditLog audit = AuditLog::open_for_append(path);
        CHECK(audit.discarded_bytes() == 12);
        audit.record("resume", {{"discarded_bytes", audit.discarded_bytes()}});
    }
    CHECK(verify_audit(path).records == 5);
    CHECK(verify_audit(path).flaw == std::nullopt);
    CHECK(sample::read_file(path).starts_with(whole));
    std::string broken = whole;
    broken[50] ^= 1;
    sample::write_file(path, broken);
    CHECK_THROWS_WITH_AS(AuditLog::open_for_append(path), doctest::Contains("record 1"), Error);
    CHECK(sample::read_file(path) == broken);
}

TEST_CASE("a link in the log's place leads to nothing that is read, cut or written") {
    Folder folder;
    const std::string path = folder / "audit.jsonl";
    sample::write_file(folder / "precious", "no newline");
    std::filesystem::create_symlink(folder / "precious", path);
    CHECK_THROWS_AS(AuditLog::open_for_append(path), Error);
    CHECK_THROWS_AS(verify_audit(path), Error);
    CHECK_THROWS_AS(edges_at_start(path), Error);
    CHECK(sample::read_file(folder / "precious") == "no newline");
    std::filesystem::remove(path);
    sample::output_of("mkfifo " + path);
    CHECK_THROWS_AS(AuditLog::open_for_append(path), Error);
    CHECK_THROWS_AS(verify_audit(path), Error);
}

TEST_CASE("a log is read in pieces, and a line that this program would not write ends it") {
    Folder folder;
    const std::string path = folder / "audit.jsonl";
    {
        AuditLog audit = AuditLog::create(path);
        for (int i = 0; i < 40; ++i) audit.record("problem", {{"detail", std::string(100'000, 'x')}});
    }
    CHECK(verify_audit(path).records == 40);
    CHECK(verify_audit(path).flaw == std::nullopt);
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
    CHECK_THROWS_WITH_AS(verify_audit(path), doctest::Contains("a line of it is longer than"), Error);
}

TEST_CASE("an empty log is sound, random bytes are not") {
    Folder folder;
    sample::write_file(folder / "empty", "");
    CHECK(verify_audit(folder / "empty").flaw == std::nullopt);
    sample::write_file(folder / "random", std::string("\0\x01\n\n\xFF", 5));
    CHECK(verify_audit(folder / "random").flaw.has_value());
    CHECK_THROWS_AS(verify_audit(folder / "absent"), Error);
}
