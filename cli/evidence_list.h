// SPDX-License-Identifier: Apache-2.0
// --evidence-list: one case an exhibit, in a folder each below --out. Every line is checked before the first is
// scanned; what is finished is left alone, what was interrupted goes on, what fails costs its own exhibit only.
#pragma once

#include "cli/scan_run.h"

namespace triage {

// Returns the worst exit code: 1 (found), then 4 (interrupted), then 3 (not whole, or it failed), then 0.
int run_evidence_list(const ScanArguments& arguments, const std::string& command, const std::atomic<bool>& stop);

}  // namespace triage
