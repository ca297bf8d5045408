// SPDX-License-Identifier: Apache-2.0
// What a list format makes of a text, for the tests of formats.
#pragma once

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "engine/known/list_format.h"

namespace triage::test {

// A list that is a text; with `path`, also a file for libraries that open files. Siblings by lower-case name.
class TextSource : public ListSource {
  public:
    explicit TextSource(std::string text, std::string path = {}, std::map<std::string, std::string> siblings = {})
        : text_(without_mark(std::move(text))),
          path_(std::move(path)),
          siblings_(std::move(siblings)),
          stream_(text_) {}
    std::string_view head() const override { return std::string_view(text_).substr(0, 64 << 10); }
    std::istream& stream() override { return stream_; }
    const std::string& path() const override { return path_; }
    std::unique_ptr<std::istream> sibling(std::string_view name) override {
        std::string lower(name);
        for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const auto found = siblings_.find(lower);
        if (found == siblings_.end()) return nullptr;
        return std::make_unique<std::istringstream>(found->second);
    }
    std::string_view name() const override { return "list"; }

  private:
    static std::string without_mark(std::string text) {
        return text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text;
    }
    const std::string text_, path_;
    const std::map<std::string, std::string> siblings_;
    std::istringstream stream_;
};

struct Reading {
    std::vector<KnownRecord> records;
    std::vector<Rejection> rejections;
    ListSays says;
    std::vector<std::string> warnings;

    // "3 md5 900150983cd24fb0d6963f7d28e17f72 size 3 category VICS:1 flags 1 label abc.txt": one line a record.
    std::vector<std::string> lines() const {
        std::vector<std::string> result;
        for (const KnownRecord& record : records) {
            std::string line = std::to_string(record.position);
            for (const Algorithm a : all_algorithms)
                if (const auto& digest = record.digests.get(a))
                    line += " " + std::string(to_string(a)) + " " + digest->hex();
            if (record.size) line += " size " + std::to_string(*record.size);
            if (record.category != Category{})
                line += " category " + record.category.set + ":" + record.category.number;
            if (record.flags.bits() != 0) line += " flags " + std::to_string(record.flags.bits());
            if (!record.label.empty()) line += " label " + record.label;
            result.push_back(line);
        }
        return result;
    }
    // "4: holds a NUL byte".
    std::vector<std::string> rejected() const {
        std::vector<std::string> result;
        for (const Rejection& r : rejections) result.push_back(std::to_string(r.position) + ": " + r.why);
        return result;
    }
};

inline Reading read_list(const ListFormat& format, ListSource& source, const ListOptions& options = {}) {
    Reading reading;
    format.read(source, options,
                {[&](KnownRecord record) { reading.records.push_back(std::move(record)); },
                 [&](Rejection rejection) { reading.rejections.push_back(std::move(rejection)); },
                 [&](ListSays says) { reading.says = std::move(says); },
                 [&](std::string warning) { reading.warnings.push_back(std::move(warning)); }});
    return reading;
}

inline Reading read_list(const ListFormat& format, const std::string& text, const ListOptions& options = {}) {
    TextSource source(text);
    return read_list(format, source, options);
}

inline bool recognises(const ListFormat& format, const std::string& text, const std::string& path = {}) {
    TextSource source(text, path);
    return format.recognises(source);
}

}  // namespace triage::test
