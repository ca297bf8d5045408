// SPDX-License-Identifier: Apache-2.0
// From lists to a set: recognises each list, reads it with its format, drops what proves nothing, counts and refuses
// what is wrong, and compiles the rest.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/base/advance.h"
#include "engine/known/known_set.h"
#include "engine/known/list_format.h"
#include "engine/known/set_writer.h"

namespace triage {

struct ImportOptions {
    Polarity polarity = Polarity::notable;
    bool lenient = false;                 // true: rejected records are counted and reported; false: they end the import
    bool keep_trivial = false;            // keep the empty file's digest and the like, flagged
    std::string format = {};              // of every list; empty: recognised by content
    std::string columns = {};             // see ListOptions
    std::string name = {}, version = {};  // of the set; empty: what the list says, or its file
    std::vector<std::string> alert_categories = {};
    std::string importer = {};  // version of this program, for the identity
    SetWriterOptions writer = {};
    Advance advance = {};  // hears of each list, in bytes or in records, and of the set that is written
};

struct Imported {
    KnownSetIdentity identity;
    std::vector<std::string> warnings;  // sentences for people: trivial digests were dropped, lines were rejected...
};

// The date that people should judge a list by: its own where it says one, else its file's. YYYY-MM-DD.
std::string date_of(const SetSource& source);
// A sentence for each list of the set that is over a year old.
std::vector<std::string> warnings_of_age(const KnownSetIdentity& identity, const std::string& path);

// Compiles lists into one set, written to the descriptor of an empty file. Throws Error (usage) when a file cannot be
// read, is no list, holds no usable record, or has bad records and `lenient` is off (naming up to five of them).
Imported import_lists(const std::vector<std::string>& paths, const std::vector<const ListFormat*>& formats,
                      const ImportOptions& options, int fd);

}  // namespace triage
