// SPDX-License-Identifier: Apache-2.0
// The JSON Schema (draft 2020-12) of configuration and rule files, so that editors complete and check them. Made from
// the tables of keys and conditions; what it cannot say (contradictions, names of files) `triage config check` does.
// Pure.
#pragma once

#include <string>

namespace triage {

std::string configuration_schema();
std::string rule_file_schema();

}  // namespace triage
