// SPDX-License-Identifier: Apache-2.0
// What people are told to do next, for each verdict: words of the configuration (keys next_step.*), kept with the run
// so that a report rendered later says the same. Empty: nothing is said.
#pragma once

#include <string>
#include <string_view>

namespace triage {

struct NextSteps {
    std::string match =
        "Stop here. Do not open, browse or copy anything on the device. Leave it as it is, secure it, note the time, "
        "and"
        " call the digital forensics unit.";
    std::string alert =
        "A rule raised an alert; no known file was found. Do not browse the device. Secure it and ask the digital"
        " forensics unit what the alert means.";
    std::string no_match =
        "No match is no clearance: nothing that was checked is in these lists, and what no list knows is not found."
        " Decide with everything else that is known.";
    std::string incomplete =
        "The answer does not cover everything: what was not checked stands above. Where that matters, secure the device"
        " and have it examined in full.";
    std::string not_compared = "Nothing was compared. Scan again with a list of known files: --notable LIST.";
    friend bool operator==(const NextSteps&, const NextSteps&) = default;
};

// Each with the name that the store and the configuration call it by.
template <class Steps, class Tell>
void for_each_next_step(Steps& steps, const Tell& tell) {
    tell("match", steps.match);
    tell("alert", steps.alert);
    tell("no_match", steps.no_match);
    tell("incomplete", steps.incomplete);
    tell("not_compared", steps.not_compared);
}

}  // namespace triage
