// SPDX-License-Identifier: Apache-2.0
// Case information from a YAML file: keys of the case, and under `exhibits` those of each exhibit by its reference or
// the name of its file. Throws Error that names file, line and column. Pure but for the reading.
#pragma once

#include <string>
#include <vector>

namespace triage {

// A value with where it was given; which keys exist is checked by who takes it.
struct CaseInfoGiven {
    std::string exhibit;  // empty: of the case
    std::string key, value;
    std::string where;  // "visit.yaml, line 3, column 1", "--case-info place=..."
};

std::vector<CaseInfoGiven> read_case_info_file(const std::string& path);

}  // namespace triage
