// SPDX-License-Identifier: Apache-2.0
#include "cli/selftest_record.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/report/text_summary.h"

namespace triage {
namespace {

constexpr const char* purpose =
    "This compares what this build finds in images of known content with what was put into them, on this machine. It "
    "is "
    "meant as a record for the validation that a laboratory does itself. It makes no claim of compliance with any "
    "standard.";

std::string result_of(const SelftestRecord& record) {
    if (record.failed() == 0) return fmt::format("AS EXPECTED: all {} checks hold", with_commas(record.checks()));
    return fmt::format("NOT AS EXPECTED: {} of {} checks do not hold", with_commas(record.failed()),
                       with_commas(record.checks()));
}

void add_facts(TextPage& page, const char* title, const SelftestRecord::Facts& facts) {
    page.section(title);
    for (const auto& [name, value] : facts) page.line(escape_for_terminal(value), fmt::format("  {:<11} ", name));
}

void add_check(TextPage& page, const std::string& what, const Check& check) {
    page.line(escape_for_terminal(what), "  - ");
    page.line(escape_for_terminal(check.expected), "      expected ");
    page.line(escape_for_terminal(check.found), "      found    ");
}

void add_part(TextPage& page, const SelftestPart& part) {
    page.line(escape_for_terminal(part.shows), fmt::format("  {:<14} ", escape_for_terminal(part.name)));
    const std::string indent(17, ' ');
    if (!part.expected.empty()) {
        page.line(part.expected, indent + "expected ");
        page.line(part.found, indent + "found    ");
    }
    page.line(part.failed() == 0 ? fmt::format("{} checks, all hold", part.checks.size())
                                 : fmt::format("{} checks, {} DO NOT HOLD", part.checks.size(), part.failed()),
              indent);
}

void add_differences(TextPage& page, const SelftestRecord& record) {
    page.section("Where expected and found differ");
    if (record.failed() == 0) page.line("Nowhere.");
    for (const SelftestPart& part : record.parts)
        for (const Check& check : part.checks)
            if (!check.holds()) add_check(page, part.name + ": " + check.what, check);
}

std::string as_json(const SelftestRecord::Facts& facts) {
    std::string text = "{";
    for (const auto& [name, value] : facts)
        text += fmt::format("{}{}:{}", text.size() > 1 ? "," : "", to_json_string(name), to_json_string(value));
    return text + "}";
}

std::string as_json(const SelftestPart& part) {
    std::string checks;
    for (const Check& check : part.checks)
        checks += fmt::format("{}{{\"what\":{},\"expected\":{},\"found\":{},\"holds\":{}}}", checks.empty() ? "" : ",",
                              to_json_string(check.what), to_json_string(check.expected), to_json_string(check.found),
                              check.holds());
    return fmt::format("{{\"name\":{},\"shows\":{},\"failed\":{},\"checks\":[{}]}}", to_json_string(part.name),
                       to_json_string(part.shows), part.failed(), checks);
}

}  // namespace

std::uint64_t SelftestRecord::checks() const {
    std::uint64_t sum = 0;
    for (const SelftestPart& part : parts) sum += part.checks.size();
    return sum;
}

std::uint64_t SelftestRecord::failed() const {
    std::uint64_t sum = 0;
    for (const SelftestPart& part : parts) sum += part.failed();
    return sum;
}

std::string as_text(const SelftestRecord& record) {
    TextPage page;
    page.title("Self-test of triage");
    page.blank();
    page.line(result_of(record), "Result: ");
    page.blank();
    page.line(purpose, "");
    add_facts(page, "Build", record.build);
    add_facts(page, "Machine", record.machine);
    page.section("What was checked");
    for (const SelftestPart& part : record.parts) add_part(page, part);
    add_differences(page, record);
    page.section("What this does not show");
    for (const std::string& limit : record.limits) page.line(escape_for_terminal(limit), "  - ");
    page.section("Read by");
    page.line("Name ______________________   Date ____________   Signature ____________________");
    return page.text();
}

std::string as_json(const SelftestRecord& record) {
    std::string parts, limits;
    for (const SelftestPart& part : record.parts) parts += (parts.empty() ? "" : ",") + as_json(part);
    for (const std::string& limit : record.limits) limits += (limits.empty() ? "" : ",") + to_json_string(limit);
    return fmt::format(
        "{{\"as_expected\":{},\"checks\":{},\"failed\":{},\"build\":{},\"machine\":{},\"parts\":[{}],\"limits\":[{}]}}",
        record.failed() == 0, record.checks(), record.failed(), as_json(record.build), as_json(record.machine), parts,
        limits);
}

}  // namespace triage
