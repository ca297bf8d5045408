// SPDX-License-Identifier: Apache-2.0
// Interface of a hash-list format: a list → records. One file a format in plugins/lists/. Lists are hostile input: what
// does not parse is a Rejection with its place, never skipped silently. A format is stateless; any thread.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "engine/known/known_record.h"

namespace triage {

// A list as its importer sees it. Every byte that is taken from it is hashed on the way.
class ListSource {
  public:
    virtual ~ListSource() = default;
    // The first bytes of the list (up to 64 KiB), without a UTF-8 byte order mark.
    virtual std::string_view head() const = 0;
    // The list from its first byte, without a byte order mark. Once.
    virtual std::istream& stream() = 0;
    // The file, for a library that opens files itself. Empty when the list lies inside an archive.
    virtual const std::string& path() const = 0;
    // Another file that belongs to the list, beside it on disk or in its archive; ASCII case of the name does not
    // matter. Null when there is none.
    virtual std::unique_ptr<std::istream> sibling(std::string_view name) = 0;
    // The list's own file name, without folder.
    virtual std::string_view name() const = 0;
};

// What a list says about itself; empty where it says nothing.
struct ListSays {
    std::string name, version;
};

struct ImportSink {
    std::function<void(KnownRecord)> record;
    std::function<void(Rejection)> reject;
    std::function<void(ListSays)> says;
    // What people should know though no record is wrong, such as labels that did not fit in memory: a sentence.
    std::function<void(std::string)> warn = [](const std::string&) {};
};

struct ListOptions {
    // `--columns`: which column holds what, for lists that do not say it: "md5=3,size=Length"; names or 1-based
    // numbers. Formats that take none ignore it: the import refuses it for them.
    std::string columns;
};

class ListFormat {
  public:
    virtual ~ListFormat() = default;
    virtual std::string_view name() const = 0;                  // "hashdeep"
    virtual std::string_view describes() const = 0;             // one line for `triage plugins`
    virtual std::string_view counts() const { return "line"; }  // what a position is: "line", "record", "byte", "row"
    virtual bool takes_columns() const { return false; }
    // By content: `source.head()`, and for databases their tables. Never by name. Reads no stream.
    virtual bool recognises(ListSource& source) const = 0;
    // Reads the list to its end in bounded memory. Lines over 1 MiB are rejected whole without being held. Throws Error
    // only when the list as a whole cannot be read (no such column, a damaged database).
    virtual void read(ListSource& source, const ListOptions& options, const ImportSink& sink) const = 0;
};

}  // namespace triage
