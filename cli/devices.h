// SPDX-License-Identifier: Apache-2.0
// What is asked of block devices before a scan reads them. Called once, before the case is written to.
#pragma once

#include "cli/scan_run.h"

namespace triage {

// Refuses a device that this system uses (Error, usage) unless that is allowed, and sets read-only flags where asked.
void admit_devices(std::vector<EvidenceSpec>& evidence, const ScanArguments& arguments);

// The first half of it alone.
void require_unused(const EvidenceSpec& spec, const ScanArguments& arguments);

// Of the same make, size and serial number. The node of a device and its time say nothing: it may have been plugged in
// again.
bool is_same_device(const BlockDevice& a, const BlockDevice& b);

void audit_devices(AuditLog& audit, const std::vector<EvidenceSpec>& evidence);

}  // namespace triage
