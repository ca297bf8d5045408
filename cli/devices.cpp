// SPDX-License-Identifier: Apache-2.0
#include "cli/devices.h"

#include "cli/terminal.h"

namespace triage {
namespace {

void admit(EvidenceSpec& spec, const ScanArguments& arguments) {
    const std::string& path = spec.segments.front().path;
    BlockDevice& device = *spec.device;
    if (!device.use.empty() && !arguments.allow_mounted)
        throw Error(path, "is in use: " + device.use,
                    "unmount it and switch automount off, or go on with --allow-mounted");
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

void admit_devices(std::vector<EvidenceSpec>& evidence, const ScanArguments& arguments) {
    for (EvidenceSpec& spec : evidence)
        if (spec.device) admit(spec, arguments);
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
