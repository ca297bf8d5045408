// SPDX-License-Identifier: Apache-2.0
// Who may change a file decides what runs with the rights of the examiner. Pure; any thread.
#pragma once

#include <sys/stat.h>

#include <string>

namespace triage {

// "its folder belongs to user 12, neither to root nor to you"; empty when only root and the user may change it.
std::string why_not_trusted(const char* what, const struct stat& status);

inline constexpr const char* trust_advice = "give it to root or to yourself, and take the right to write from others";

}  // namespace triage
