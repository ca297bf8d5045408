// SPDX-License-Identifier: Apache-2.0
// One run of a list format over a fuzzer's input: recognised, read, and built into a set that must find each record.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "engine/known/list_format.h"

namespace triage::test {

inline int fuzz_list(const ListFormat& format, const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    format.recognises(text);
    std::istringstream list(text);
    KnownSetBuilder builder;
    std::vector<KnownRecord> records;
    format.read(list, {[&](KnownRecord record) {
                           builder.add(record);
                           records.push_back(std::move(record));
                       },
                       [](Rejection) {}});
    const KnownSet set = std::move(builder).build({});
    for (const KnownRecord& record : records) {
        std::vector<Match> found;
        set.lookup(record.digests, 0, 0, found);
        if (found.empty()) std::abort();
    }
    return 0;
}

}  // namespace triage::test
