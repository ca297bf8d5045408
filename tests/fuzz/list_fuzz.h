// SPDX-License-Identifier: Apache-2.0
// One run of a list format over a fuzzer's input: recognised, read, and built into a set that must find each record.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "engine/base/error.h"
#include "tests/support/known_sets.h"
#include "tests/support/list_reading.h"

namespace triage::test {

inline int fuzz_list(const ListFormat& format, const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    TextSource source(text);
    format.recognises(source);
    std::vector<KnownRecord> records;
    try {
        format.read(
            source, {},
            {[&](KnownRecord record) { records.push_back(std::move(record)); }, [](Rejection) {}, [](ListSays) {}});
    } catch (const Error&) {
        return 0;  // the list as a whole cannot be read
    }
    const KnownSet set = set_of(records);
    for (const KnownRecord& record : records)
        if (matches_in(set, record.digests, 0).empty()) std::abort();
    return 0;
}

}  // namespace triage::test
