// SPDX-License-Identifier: Apache-2.0
// Exit codes of the commands. A scan's come from its verdict (engine/case/verdict.h); these are the others.
#pragma once

namespace triage::exit_code {

inline constexpr int success = 0;
inline constexpr int alert = 1;        // files of a notable list were found
inline constexpr int usage = 2;        // usage, configuration or environment error
inline constexpr int not_whole = 3;    // a case that does not verify, an evidence that is not readable as a whole
inline constexpr int interrupted = 4;  // stopped, or the store failed, with nothing found so far

}  // namespace triage::exit_code
