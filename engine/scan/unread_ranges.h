// SPDX-License-Identifier: Apache-2.0
// Unread ranges as problems: which sectors, how many bytes, and why. Of what the system could not read and what fails
// its checksum; what a container does not hold is a problem of its own. Pure.
#pragma once

#include <vector>

#include "engine/case/records.h"
#include "engine/evidence/problem.h"

namespace triage {

// Of a content. Where it has more ranges than Examined::most_unread, the last problem is `capped`, for the rest.
std::vector<Problem> problems_of_unread(const EntryRecord& record, std::uint32_t sector_size);
// Of a media, of which `missing` bytes were not read, and these ranges are known.
std::vector<Problem> problems_of_unread(const ReadFlaws& unread, std::uint64_t missing, std::uint32_t sector_size);

}  // namespace triage
