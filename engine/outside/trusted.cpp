// SPDX-License-Identifier: Apache-2.0
#include "engine/outside/trusted.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "engine/base/error.h"

namespace triage {
namespace {

std::string why_not_trusted(const char* what, const struct stat& status) {
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return fmt::format("{} belongs to user {}, neither to root nor to you", what, status.st_uid);
    if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return fmt::format("others may write to {} (mode {:04o})", what, status.st_mode & 07777);
    return {};
}

}  // namespace

struct stat status_of(const std::string& whose, const char* what, int fd) {
    struct stat status {};
    if (fd < 0 || fstat(fd, &status) != 0)
        throw Error(whose, fmt::format("{} cannot be opened: {}", what, std::strerror(errno)));
    return status;
}

void require_trusted(const std::string& whose, const char* what, const struct stat& status) {
    const std::string why = why_not_trusted(what, status);
    if (!why.empty())
        throw Error(whose, why, "give it to root or to yourself, and take the right to write from others");
}

}  // namespace triage
