// SPDX-License-Identifier: Apache-2.0
// Interface of a file system reader: walk a volume, and read contents that have no plain extents. Both run in a
// worker; what they find goes out through sinks, so that nothing is lost when the worker dies.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "engine/evidence/entry.h"
#include "engine/evidence/volume.h"

namespace triage {

// A file system that was recognised on a volume. One volume may hold several (an APFS container).
struct Filesystem {
    std::string inner;  // "" or "vol0", "vol1"...: appended to the volume's name
    std::string type;   // as `fsstat -t` prints it ("ext4", "ntfs"), or of the header that was recognised ("luks")
    std::string label;  // hostile text
    bool is_readable = true;  // false: recognised only; a Problem says why
    std::uint32_t block_size = 0;
    TimeForm modified, accessed, changed, created;  // how this file system stores its times
    friend bool operator==(const Filesystem&, const Filesystem&) = default;
};

// Objects that are counted but are no entries.
struct WalkCounts {
    std::uint64_t directories = 0, links = 0, others = 0;
    friend bool operator==(const WalkCounts&, const WalkCounts&) = default;
};

struct WalkLimits {
    std::uint32_t depth = 1024;           // directories below the root
    std::uint64_t entries = 100'000'000;  // a volume
    std::uint64_t orphan_entries = 10'000'000;
    std::uint64_t orphan_volume_factor = 4;  // bytes of orphans over this times the volume are capped
    bool orphans = true;                     // look for them at all
    bool deleted = true;
    bool owners = false;  // say whose each entry is
    friend bool operator==(const WalkLimits&, const WalkLimits&) = default;
};

// Where a walk's findings go. In a worker these become records; implementations may throw to end the walk.
class WalkSink {
  public:
    virtual ~WalkSink() = default;
    virtual void filesystem(const Filesystem&) = 0;  // before its entries; later entries belong to the latest one
    virtual void entry(const Entry&) = 0;
    virtual void problem(const Problem&) = 0;
    virtual void counts(const WalkCounts&) = 0;  // once a file system, at its end
    // Called before each step that may crash or hang, with the step's address and directory path.
    // False: this step killed an earlier worker and must not be taken; the walk records it and goes on.
    virtual bool may_enter(std::uint64_t address, std::string_view path) = 0;
};

// Receives the decoded content of one entry in order.
class ContentSink {
  public:
    virtual ~ContentSink() = default;
    virtual void data(ByteView bytes) = 0;
};

struct ContentRequest {
    std::string inner;  // which file system of the volume
    std::string fs_type;
    std::uint64_t address = 0;
    std::uint32_t attribute = 0;
    std::uint64_t size = 0;
    std::uint64_t most = ~0ull;  // so many bytes from its start are enough
};

class FilesystemReader {
  public:
    virtual ~FilesystemReader() = default;
    virtual std::string_view name() const = 0;
    virtual std::string_view describes() const = 0;
    // Recognises what is on the volume and, unless `probe_only`, walks it: allocated and deleted first, orphans last.
    // False, and nothing was said: it is none of this reader's. The last reader that is asked says so of what nobody
    // knows.
    virtual bool walk(const MediaReader& media, const Volume& volume, const WalkLimits& limits, bool probe_only,
                      WalkSink& sink) const = 0;
    // Decodes contents one after the other: `next` gives requests until it returns nothing; for each one the sink hears
    // data and `done` is called with the reason (none: complete, exactly `size` bytes went out, or `most`).
    virtual void read(const MediaReader& media, const Volume& volume,
                      const std::function<std::optional<ContentRequest>()>& next, ContentSink& sink,
                      const std::function<void(Reason, std::string_view detail)>& done) const = 0;
};

}  // namespace triage
