// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/unread_ranges.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace triage {
namespace {

Problem problem_of(const BadRange& range, std::string_view whole, std::uint32_t sector_size) {
    Problem problem;
    problem.kind = range.cause == BadRangeCause::read_error ? ProblemKind::unreadable : ProblemKind::damaged;
    problem.detail = fmt::format("{} bytes of the {} are missing: {}", with_commas(range.length), whole, range.detail);
    problem.first_sector = range.offset / sector_size;
    problem.sectors = (range.offset + range.length - 1) / sector_size + 1 - *problem.first_sector;
    return problem;
}

Problem capped(std::uint64_t rest, std::string_view whole) {
    Problem problem;
    problem.kind = ProblemKind::capped;
    problem.detail = fmt::format("{} more bytes of the {} are missing, in further ranges", with_commas(rest), whole);
    return problem;
}

std::vector<Problem> problems_of(const ReadFlaws& unread, std::uint64_t missing, std::string_view whole,
                                 std::uint32_t sector_size) {
    std::vector<Problem> problems;
    std::uint64_t told = 0;
    for (const BadRange& range : unread) {
        told += range.length;
        if (range.cause == BadRangeCause::read_error || range.cause == BadRangeCause::checksum)
            problems.push_back(problem_of(range, whole, sector_size));
    }
    if (told > 0 && missing > told) problems.push_back(capped(missing - told, whole));
    return problems;
}

}  // namespace

std::vector<Problem> problems_of_unread(const EntryRecord& record, std::uint32_t sector_size) {
    const Examined& examined = record.examined;
    std::vector<Problem> problems = problems_of(examined.unread, examined.missing_bytes, "content", sector_size);
    for (Problem& problem : problems) problem.path = record.entry.path, problem.address = record.entry.address;
    return problems;
}

std::vector<Problem> problems_of_unread(const ReadFlaws& unread, std::uint64_t missing, std::uint32_t sector_size) {
    return problems_of(unread, missing, "media", sector_size);
}

}  // namespace triage
