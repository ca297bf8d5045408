// SPDX-License-Identifier: Apache-2.0
// The contents that every shared sample list holds.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "tests/support/scratch_file.h"

namespace triage::test {

// One row a content: name, size, content, crc32, md5, sha1, sha256. Empty when the shared samples are not there.
inline std::vector<std::vector<std::string>> reference_key() {
    std::istringstream rows(file_text(shared_path("reference/hashlists/content.tsv")).value_or(""));
    std::vector<std::vector<std::string>> key;
    std::string row, field;
    for (std::getline(rows, row); std::getline(rows, row);) {
        std::istringstream fields(row);
        key.emplace_back();
        while (std::getline(fields, field, '\t')) key.back().push_back(field);
    }
    return key;
}

}  // namespace triage::test
