// SPDX-License-Identifier: Apache-2.0
// Source: Documentation/ABI/stable/sysfs-block of the Linux kernel, "queue/rotational".
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

#include "engine/media/media_reader.h"

namespace triage {

bool is_on_spinning_disk(const std::string& path) {
    struct stat s {};
    if (::stat(path.c_str(), &s) != 0) return false;
    const dev_t device = S_ISBLK(s.st_mode) ? s.st_rdev : s.st_dev;
    for (const char* folder : {"", "/.."}) {  // a partition's queue is that of its disk
        std::ifstream file(
            fmt::format("/sys/dev/block/{}:{}{}/queue/rotational", major(device), minor(device), folder));
        char digit = 0;
        if (file >> digit) return digit == '1';
    }
    return false;
}

}  // namespace triage
