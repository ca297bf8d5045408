// SPDX-License-Identifier: Apache-2.0
// The YAML files of config/ as texts in the program, so that it needs no installation path. config/embed.cmake writes
// the definition of embedded_files() at build time. Immutable; any thread.
#pragma once

#include <span>
#include <string_view>

namespace triage {

struct EmbeddedFile {
    std::string_view path;  // below config/: "rules/notable-match.yaml"
    std::string_view text;
};

std::span<const EmbeddedFile> embedded_files();  // in order of path

}  // namespace triage
