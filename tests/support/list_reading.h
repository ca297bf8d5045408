// SPDX-License-Identifier: Apache-2.0
// What a list format makes of a text, for the tests of formats.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "engine/known/list_format.h"

namespace triage::test {

struct Reading {
    std::vector<KnownRecord> records;
    std::vector<Rejection> rejections;

    // "3 md5 900150983cd24fb0d6963f7d28e17f72 size 3 label abc.txt": one line a record.
    std::vector<std::string> lines() const {
        std::vector<std::string> result;
        for (const KnownRecord& record : records) {
            std::string line = std::to_string(record.position);
            for (const Algorithm a : all_algorithms)
                if (const auto& digest = record.digests.get(a))
                    line += " " + std::string(to_string(a)) + " " + digest->hex();
            if (record.size) line += " size " + std::to_string(*record.size);
            if (!record.label.empty()) line += " label " + record.label;
            result.push_back(line);
        }
        return result;
    }
    // "4: holds a NUL byte".
    std::vector<std::string> rejected() const {
        std::vector<std::string> result;
        for (const Rejection& r : rejections) result.push_back(std::to_string(r.line) + ": " + r.why);
        return result;
    }
};

inline Reading read_list(const ListFormat& format, const std::string& text) {
    Reading reading;
    std::istringstream stream(text);
    format.read(stream, {[&](KnownRecord record) { reading.records.push_back(std::move(record)); },
                         [&](Rejection rejection) { reading.rejections.push_back(std::move(rejection)); }});
    return reading;
}

}  // namespace triage::test
