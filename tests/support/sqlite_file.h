// SPDX-License-Identifier: Apache-2.0
// SQLite databases for the tests of formats: made from SQL, read as lists, damaged.
#pragma once

#include <sqlite3.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

#include "engine/base/error.h"
#include "tests/support/list_reading.h"
#include "tests/support/scratch_file.h"

namespace triage::test {

// The bytes of a database in which `sql` was executed.
inline std::string sqlite_bytes(const std::string& sql) {
    const ScratchFile file("", ".db");
    sqlite3* connection = nullptr;
    sqlite3_open(file.path().c_str(), &connection);
    char* message = nullptr;
    sqlite3_exec(connection, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY", nullptr, nullptr, nullptr);
    sqlite3_exec(connection, sql.c_str(), nullptr, nullptr, &message);
    const std::string why = message != nullptr ? message : "";
    sqlite3_free(message);
    sqlite3_close(connection);
    if (!why.empty()) throw std::runtime_error(why);
    return file_text(file.path()).value_or("");
}

inline bool recognises_database(const ListFormat& format, const std::string& bytes) {
    const ScratchFile file(bytes, ".db");
    return recognises(format, bytes, file.path());
}

inline Reading read_database(const ListFormat& format, const std::string& bytes,
                             std::map<std::string, std::string> siblings = {}) {
    const ScratchFile file(bytes, ".db");
    TextSource source(bytes, file.path(), std::move(siblings));
    return read_list(format, source);
}

inline Reading read_sql(const ListFormat& format, const std::string& sql) {
    return read_database(format, sqlite_bytes(sql));
}

// The lines of content.tsv, the key of the shared lists, that say what no record says: name, size and all digests that
// records of that content carry.
inline std::vector<std::string> missing_contents(const Reading& reading, const std::string& key) {
    std::vector<std::string> missing;
    std::istringstream lines(key);
    std::string line;
    for (std::getline(lines, line); std::getline(lines, line);) {
        std::vector<std::string> fields;
        std::istringstream columns(line);
        for (std::string field; std::getline(columns, field, '\t');) fields.push_back(field);
        bool is_found = false;
        for (const KnownRecord& r : reading.records) {
            if (!r.digests.md5 || r.digests.md5->hex() != fields.at(4)) continue;
            is_found = (!r.size || std::to_string(*r.size) == fields[1]) &&
                       (!r.digests.sha1 || r.digests.sha1->hex() == fields.at(5)) &&
                       (!r.digests.sha256 || r.digests.sha256->hex() == fields.at(6)) &&
                       (r.label.empty() || r.label.find(fields[0]) != std::string::npos);
            if (!is_found) break;
        }
        if (!is_found) missing.push_back(fields[0]);
    }
    return missing;
}

// Reads many damaged forms of a database: each ends in records, rejections or an Error.
inline void read_damaged(const ListFormat& format, const std::string& seed, unsigned times) {
    std::mt19937 random(7);
    for (unsigned i = 0; i < times; ++i) {
        std::string bytes = seed;
        if (i % 4 == 0) bytes.resize(random() % bytes.size());
        else
            for (unsigned n = 1 + random() % 16; n > 0; --n)
                bytes[random() % bytes.size()] = static_cast<char>(random());
        const ScratchFile file(bytes, ".db");
        TextSource source(bytes, file.path());
        try {
            format.recognises(source);
            const Reading reading = read_list(format, source);
            for (const KnownRecord& record : reading.records)
                if (record.digests.algorithms().empty()) throw std::logic_error("a record without a digest");
        } catch (const Error&) {
        }
    }
}

}  // namespace triage::test
