// SPDX-License-Identifier: Apache-2.0
// Kinds for tests of workers and scans: a volume system and a file system whose whole content is a script that stands
// on the media as text, so that the same behaviour runs in a thread and in a real worker process (the test program
// serves as its own worker, see main.cpp).
//
// The media starts with one line a volume, ended by a NUL: "NAME ROLE START LENGTH", or "die" alone: the volume system
// crashes. A file named "*.die" kills the worker that opens its container; one that is opened as "greedy" is read
// for ever.
// A volume starts with its script, ended by a NUL: one step a line, "VERB PATH ADDRESS ARGUMENTS...".
//   fs TYPE [INNER]            a file system; comes first
//   locked TYPE                a file system that cannot be read, with its Problem
//   file PATH ADDRESS [OFFSET+LENGTH | hole+LENGTH]...     offsets in the volume, bytes
//   stream PATH ADDRESS ATTRIBUTE NAME [EXTENT]...         of the name before
//   resident PATH ADDRESS [TEXT]
//   packed PATH ADDRESS TEXT   content that only `read` gives; TEXT "crash", "hang", "short" or "endless" misbehaves
//   swollen PATH ADDRESS SIZE  such a content that claims SIZE bytes and has none
//   lost PATH ADDRESS          content that cannot be had (encrypted)
//   outside PATH ADDRESS       an extent past the end of the volume
//   many PATH ADDRESS COUNT    entries PATH0, PATH1... with addresses from ADDRESS
//   scattered PATH ADDRESS COUNT   one entry of COUNT extents of one byte, every other byte from the volume's start
//   burst PATH ADDRESS COUNT   the same name COUNT times as streams, then a crash
//   streams PATH ADDRESS COUNT     without the crash
//   complain PATH ADDRESS COUNT    problems of 1,000 characters
//   crash | stubborn | hang | sleep | eat | livelock | leave | throw PATH ADDRESS
//                              stubborn crashes although it is to be avoided; leave exits with 0 in mid-walk
//   keep PATH ADDRESS COUNT    takes COUNT MiB of memory for good, then one entry
//   reread PATH ADDRESS COUNT  reads COUNT MiB of the volume's start, half a second at least, then one entry
//   slow PATH ADDRESS COUNT    COUNT small reads of the media, 10 ms apart, then one entry
//   malformed PATH ADDRESS     an entry whose record no parent accepts
//   garbage | flood | torn | close | void | unknown | starts PATH ADDRESS     processes only: bytes on the record pipe
//                              that are no batch; batches without end in a frame that claims 4 GiB; a batch cut short,
//                              then silence; the pipe closed, then silence; without end batches of nothing, records of
//                              no known type, the record that starts a job
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/plugin.h"
#include "tests/support/ewf_writer.h"

namespace triage::test {

// Real worker processes need an address-space limit, under which no sanitizer runs.
#ifdef TRIAGE_SANITIZED
inline constexpr bool has_worker_processes = false;
#else
inline constexpr bool has_worker_processes = true;
#endif

// Its types are told by the first bytes themselves: "type TYPE"; "crash", "hang" and "fail" misbehave, what else there
// is has the type text/plain. A database named "broken" cannot be loaded.
const Registry& script_registry();
// How often a database was loaded by this process.
int type_loads();

// A media with one script volume after the other; each starts at a multiple of 4096, the first at 4096.
class ScriptImage {
  public:
    // Content may be placed after the script, from `script_bytes` on, with `put`.
    static constexpr std::size_t script_bytes = 8192;
    ScriptImage& volume(std::string_view script, std::size_t length = 65536, std::string_view role = "filesystem");
    ScriptImage& put(std::uint64_t offset_in_volume, ByteView bytes);  // into the volume added last
    ScriptImage& whole(std::string_view script);                       // no table: this text at the start of the media
    Bytes bytes() const;
    Volume last() const;  // the volume added last, as the volume system will list it

  private:
    std::string table_;
    Bytes media_ = Bytes(4096);
    std::size_t last_start_ = 0;
    int count_ = 0;
};

// The evidence in a folder: identified, opened as raw.
struct ScriptEvidence {
    explicit ScriptEvidence(const ScriptImage& image, const std::string& name = "script.raw");
    ewf_test::Folder folder;
    std::vector<Segment> segments;
    BlockMap map;
};

}  // namespace triage::test
