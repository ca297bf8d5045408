// SPDX-License-Identifier: Apache-2.0
// How far a long piece of work is: for whoever shows it.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

namespace triage {

// Called now and then, on the thread that does the work: what it is, how much is done, of how much (0: not known).
using Advance = std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

}  // namespace triage
