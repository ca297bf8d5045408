// SPDX-License-Identifier: Apache-2.0
// Who may change a file decides what runs with the rights of the examiner. `whose` ("plug-in /a/b.so") and `what` ("its
// folder") are for the Error that each of these throws. Any thread.
#pragma once

#include <sys/stat.h>

#include <string>

namespace triage {

// Of an open file; `fd` -1, with errno: it could not be opened.
struct stat status_of(const std::string& whose, const char* what, int fd);

// Nobody but root and the user may change it.
void require_trusted(const std::string& whose, const char* what, const struct stat& status);

}  // namespace triage
