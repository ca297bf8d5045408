// SPDX-License-Identifier: Apache-2.0
// summary.json: what a script needs to know of an examination without reading its rows; and the sums over the ledger
// that every summary for people shares. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "engine/report/reporter.h"

namespace triage {

std::string summary_json(const ReportContext& context);

// What stands beside the verdict although nothing is missing, as sentences for people, escaped; of one evidence or all.
std::vector<std::string> cautions(const ReportContext& context, std::optional<std::uint32_t> evidence = std::nullopt);

// "Example Stick, serial 4711, read-only flag set": what the kernel told of a device, escaped.
std::string device_in_words(const BlockDevice& device);

// Sums over the ledger: of everything, or of one evidence. Sums of sizes stay at 2^64-1 instead of wrapping.
struct Shares {
    std::uint64_t entries = 0, bytes = 0;  // names and their sizes
    std::uint64_t hashed_entries = 0, hashed_bytes = 0;
    std::uint64_t size_entries = 0, size_bytes = 0;  // excluded by size
    std::uint64_t rule_entries = 0, rule_bytes = 0;  // skipped by a rule
    std::uint64_t unrecoverable_entries = 0, unrecoverable_bytes = 0;
    std::uint64_t other_entries = 0, other_bytes = 0;  // everything else without a hash
    std::uint64_t missing_bytes = 0;
};
Shares shares_of(const ReportContext& context, std::optional<std::uint32_t> evidence = std::nullopt);

// Bytes of the file systems that were read, of one evidence or all, that no content of an allocated name holds: what is
// unallocated, and what a file system keeps for itself. About: contents without extents count as nothing.
std::uint64_t unheld_bytes(const ReportContext& context, std::optional<std::uint32_t> evidence = std::nullopt);

}  // namespace triage
