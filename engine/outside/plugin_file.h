// SPDX-License-Identifier: Apache-2.0
// A shared object that the configuration names, as it was opened: who may change it was asked of the opened file and of
// the opened folder, and what was read then is what is loaded later. Throws Error (usage) that says what is wrong.
#pragma once

#include <string>

#include "engine/base/bytes.h"

namespace triage {

struct PluginFile {
    std::string path;
    std::string report;  // its name, and that of the file it writes: plugin-NAME
    std::string sha256;  // of `bytes`, hex
    Bytes bytes;
};

// "/opt/lab/counts.tsv.so" → "plugin-counts.tsv"; empty where the path is not absolute or the name not plain.
std::string report_of_plugin(const std::string& path);

PluginFile open_plugin(const std::string& path);

}  // namespace triage
