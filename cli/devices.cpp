// SPDX-License-Identifier: Apache-2.0
#include "cli/devices.h"

#include <algorithm>

#include "cli/terminal.h"

namespace triage {
namespace {

void admit(EvidenceSpec& spec, const ScanArguments& arguments) {
    const std::string& path = spec.segments.front().path;
    BlockDevice& device = *spec.device;
    require_unused(spec, arguments);
    if (!device.use.empty()) print_notice(path + " is in use: " + device.use);
    if (arguments.set_read_only && !device.is_read_only) {
        if (const auto failure = set_read_only(path))
            throw Error(path, "cannot be set read-only: " + failure->why, "run as root, or use a write blocker");
        device.is_read_only = device.was_set_read_only = true;
    }
    if (!device.is_read_only)
        print_notice(path + " is not set read-only by the kernel; this program only reads, others may write");
}

}  // namespace

void require_unused(const EvidenceSpec& spec, const ScanArguments& arguments) {
    if (spec.device && !spec.device->use.empty() && !arguments.allow_mounted)
        throw Error(spec.segments.front().path, "is in use: " + spec.device->use,
                    "unmount it and switch automount off, or go on with --allow-mounted");
}

void admit_devices(std::vector<EvidenceSpec>& evidence, const ScanArguments& arguments) {
    const bool has_device =
        std::any_of(evidence.begin(), evidence.end(), [](const EvidenceSpec& spec) { return spec.device.has_value(); });
    if (arguments.set_read_only && !has_device && !arguments.listed)
        print_notice("--set-read-only: there is no device among the evidence");
    for (EvidenceSpec& spec : evidence)
        if (spec.device) admit(spec, arguments);
}

bool is_same_device(const BlockDevice& a, const BlockDevice& b) {
    return a.size == b.size && a.model == b.model && a.serial == b.serial;
}

void audit_devices(AuditLog& audit, const std::vector<EvidenceSpec>& evidence) {
    for (const EvidenceSpec& spec : evidence)
        if (spec.device)
            audit.record("device", {{"name", spec.device->name},
                                    {"size", spec.device->size},
                                    {"model", spec.device->model},
                                    {"serial", spec.device->serial},
                                    {"read_only", spec.device->is_read_only},
                                    {"set_read_only", spec.device->was_set_read_only},
                                    {"in_use", spec.device->use}});
}

}  // namespace triage
