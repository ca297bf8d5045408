// SPDX-License-Identifier: Apache-2.0
// Does the file system of a folder stand on a block device: on it, on a partition of it, or by device mapper, RAID,
// loop or btrfs? What is written there changes the device. By sysfs and procfs; from any thread.
#pragma once

#include <string>
#include <vector>

#include "engine/media/block_device.h"

namespace triage {

struct DeviceNumbers {
    unsigned major = 0, minor = 0;
};

// `folder` is canonical, `file_system` its st_dev.
bool stands_on(const std::string& folder, DeviceNumbers file_system, DeviceNumbers device,
               const KernelFolders& folders = {});

// The loop devices that give a file's bytes, by the path that the kernel tells of each.
std::vector<DeviceNumbers> loop_devices_of(const std::string& file, const KernelFolders& folders = {});

}  // namespace triage
