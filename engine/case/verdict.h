// SPDX-License-Identifier: Apache-2.0
// The verdict: what an examination may say, in words and as an exit code. The one owner of both.
// Pure functions of a sealed store; what forbids exit 0 is the table of ledger.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/case/store.h"

namespace triage {

struct Verdict {
    bool has_match = false;   // an entry is in a notable list, whatever severity the rules give it: a rule that
                              // lowers it must not let the words say that nothing matched
    bool has_alert = false;   // at least one finding of severity alert, of any rule
    bool is_compared = true;  // a notable list was given
    bool is_complete = true;  // nothing that was asked for is missing
    bool is_interrupted = false;

    // MATCH, ALERT, NO MATCH IN WHAT WAS CHECKED, NOT COMPARED, INCOMPLETE; joined by ", " where two hold.
    std::string words() const;
    int exit_code() const;  // 0, 1, 3 or 4 (2 never reaches a verdict)
};

// Over the whole store, or one evidence.
Verdict verdict_of(const Store& store, std::optional<std::uint32_t> evidence = std::nullopt);

// What the run's configuration tells people to do after this verdict.
std::vector<std::string> next_steps_after(const Verdict& verdict, const NextSteps& steps);

// Sentences that say why the answer is not whole, most entries first; empty when it is.
std::vector<std::string> incompleteness(const Store& store, std::optional<std::uint32_t> evidence = std::nullopt);

}  // namespace triage
