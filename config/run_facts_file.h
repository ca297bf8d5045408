// SPDX-License-Identifier: Apache-2.0
// A file of run facts: a YAML map that gives each of them once. Throws Error that names file, line and column. Pure but
// for the reading.
#pragma once

#include <string>

#include "engine/report/run_facts.h"

namespace triage {

RunFacts read_run_facts_file(const std::string& path);

}  // namespace triage
