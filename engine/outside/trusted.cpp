// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/trusted.h"

#include <fmt/format.h>
#include <unistd.h>

namespace triage {

std::string why_not_trusted(const char* what, const struct stat& status) {
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return fmt::format("{} belongs to user {}, neither to root nor to you", what, status.st_uid);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("others may write to {} (mode {:04o})", what, status.st_mode & 07777);
    return {};
}

}  // namespace triage
