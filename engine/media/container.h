// SPDX-License-Identifier: Apache-2.0
// Interface of a container format: segment files → BlockMap. A format is one file in plugins/containers/.
// `recognises` and `segment_paths` look at a few bytes and at names only and run in the parent; `open` parses and runs
// in a worker. Implementations are stateless values and may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/evidence/problem.h"
#include "engine/media/media_reader.h"

namespace triage {

// A digest of the whole media that the container stores. Kept for reports; comparing it takes a full read.
struct StoredDigest {
    std::string algorithm;  // "md5", "sha1", "sha256"
    std::string hex;        // lower case
    friend bool operator==(const StoredDigest&, const StoredDigest&) = default;
};

struct HeaderValue {
    std::string name;   // stable: case_number, evidence_number, description, examiner, notes, acquired, system_date,
                        // tool_version, os_version, model, serial, device_label, media_type...
    std::string value;  // UTF-8, as stored; dates in RFC 3339, without offset where none is known
    friend bool operator==(const HeaderValue&, const HeaderValue&) = default;
};

struct OpenedMedia {
    std::string format;       // "raw", "ewf"
    std::string description;  // "EnCase 6 (EWF-E01), 2 segments, 64 sectors a chunk"
    BlockMap map;
    std::vector<StoredDigest> digests;
    std::vector<HeaderValue> header;
    std::vector<Problem> problems;  // damage met while opening; what exists is still mapped
};

class Container {
  public:
    virtual ~Container() = default;
    virtual std::string_view name() const = 0;       // "ewf"
    virtual std::string_view describes() const = 0;  // one line for `triage plugins`

    // Does a file with this name and these first bytes (up to 4096) look like the first segment of this format?
    // "raw" comes last in the list of kinds and recognises everything.
    virtual bool recognises(std::string_view path, ByteView head) const = 0;

    // All files that by their names belong to the set of `path`, in order, `path` among them, by looking at the
    // directory; numbers that are absent in the middle are skipped here and found by `open`.
    // `path` may be any segment of the set.
    virtual std::vector<std::string> segment_paths(const std::string& path) const = 0;

    // Parses the container. A failure means that nothing can be used ("not an EWF file: ...").
    virtual Result<OpenedMedia> open(const SegmentFiles& files) const = 0;
};

}  // namespace triage
