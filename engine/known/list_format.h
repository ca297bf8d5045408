// SPDX-License-Identifier: Apache-2.0
// Interface of a hash-list format: bytes of a list → records. One file a format in plugins/lists/. Lists are hostile
// input: a line that does not parse is a Rejection with its line number, never skipped silently.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/known/known_set.h"

namespace triage {

struct ImportSink {
    std::function<void(KnownRecord)> record;
    std::function<void(Rejection)> reject;
};

class ListFormat {
  public:
    virtual ~ListFormat() = default;
    virtual std::string_view name() const = 0;       // "hashdeep"
    virtual std::string_view describes() const = 0;  // one line for `triage plugins`
    // By content: the first bytes of the list (up to 64 KiB), byte order mark removed.
    virtual bool recognises(std::string_view head) const = 0;
    // Reads the list to its end. Lines over 1 MiB are rejected whole without being held in memory.
    virtual void read(std::istream& list, const ImportSink& sink) const = 0;
};

struct ImportOptions {
    Polarity polarity = Polarity::notable;
    bool lenient = false;  // true: rejected lines are counted and reported; false: the first ones end the import
};

struct Imported {
    KnownSet set;
    std::vector<std::string>
        warnings;  // sentences for people: the empty file's hash was dropped, lines were rejected...
};

// Reads a list with the first format that recognises it. Throws Error (usage) when the file cannot be read, is no
// list, holds no usable record, or has bad lines and `lenient` is off (naming up to five of them by number).
Imported import_list(const std::string& path, const std::vector<const ListFormat*>& formats,
                     const ImportOptions& options);

}  // namespace triage
