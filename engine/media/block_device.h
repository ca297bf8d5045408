// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of a block device, and the one owner of that: its size, who made it, its read-only flag, and
// whether this system uses it: a disk that is mounted changes while it is read. Everything is read from sysfs, procfs
// and by ioctl on a descriptor opened O_RDONLY; only set_read_only changes anything, and that is the kernel's flag, not
// the device. Functions may be called from any thread. Sources: Documentation/ABI/{stable,testing}/sysfs-block and
// Documentation/filesystems/proc.rst of the Linux kernel; fs.h for the ioctls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace triage {

// Where the kernel's folders are. Tests give others.
struct KernelFolders {
    std::string sys = "/sys", proc = "/proc", run = "/run";
};

struct BlockDevice {
    std::string name;                // the kernel's: "sdb", "sdb1"
    std::uint64_t size = 0;          // bytes
    std::string model, serial;       // as the device says, so hostile; empty when it says nothing
    bool is_read_only = false;       // the kernel refuses to write to it
    bool was_set_read_only = false;  // by this program
    std::string use;  // what this system does with it: "sdb1 is mounted (rw); sdb2 is swap"; empty: nothing
    friend bool operator==(const BlockDevice&, const BlockDevice&) = default;
};

// What is known of one device by two looks at it: every use, and whether this program set its flag. The rest is
// `now`'s.
BlockDevice with_earlier(BlockDevice now, const BlockDevice& then);

// Nothing when the path is no block device.
std::optional<BlockDevice> block_device_at(const std::string& path);

// The part that sysfs and procfs tell, of the device with these numbers. A use is one of the device, of the disk that
// it is a partition of, of that disk's partitions, of what stands on them (device mapper, RAID, loop), of what it
// stands on itself.
BlockDevice describe_device(unsigned major, unsigned minor, const KernelFolders& folders = {});

// Sets the kernel's flag of the device and of its partitions, and asks whether it is set.
std::optional<Failure> set_read_only(const std::string& path);

// Can any byte be read from it, past the kernel's cache? False of a device that was pulled out.
bool gives_bytes(const std::string& path, std::uint64_t size);

}  // namespace triage
