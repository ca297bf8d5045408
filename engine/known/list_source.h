// SPDX-License-Identifier: Apache-2.0
// Opens list files for their importers: plain files, and lists inside ZIP files. Private to engine/known.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/known/list_format.h"

namespace triage {

// A list that is open, and what is known of it when it was read.
class OpenList : public ListSource {
  public:
    // The file's digest and date, and those of the siblings that were used. Reads what is left. Throws Error when the
    // list could not be read to its end.
    virtual std::vector<SetSource> finish() = 0;
    virtual std::uint64_t bytes_read() const = 0;
    virtual std::uint64_t size() const = 0;  // bytes in all, of a regular file; 0 when unknown
};

// A file that begins like a ZIP file is one: the list is its member of the format that stands first. Throws Error when
// the file cannot be read, is a folder, empty or UTF-16 text, when an archive holds several lists of that format, a
// database or more files than are looked at, or when no format recognises it, unless the only one given is forced (in
// an archive: and there is one file).
std::unique_ptr<OpenList> open_list(const std::string& path, const std::vector<const ListFormat*>& formats,
                                    bool is_forced, const ListFormat*& format);

}  // namespace triage
