// SPDX-License-Identifier: Apache-2.0
// What this program and its libraries are, for --version, cases and reports.
#pragma once

#include <string>

namespace triage {

std::string tool_version();      // "0.1.0"
std::string build_id();          // the linker's build id, hex; identifies this very binary
std::string library_versions();  // "libtsk 4.11.1, OpenSSL 3.0.17, ..."
std::string version_text();      // all of it, for --version

}  // namespace triage
