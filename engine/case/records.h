// SPDX-License-Identifier: Apache-2.0
// The rows of the store, as values. Everything a report shows is in these; a reporter needs nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/case/next_step.h"
#include "engine/evidence/entry.h"
#include "engine/evidence/filesystem.h"
#include "engine/evidence/problem.h"
#include "engine/evidence/volume.h"
#include "engine/examine/examined.h"
#include "engine/media/block_device.h"
#include "engine/media/container.h"
#include "engine/rules/finding.h"

namespace triage {

// How the media compares with the digests that its container stores.
enum class MediaResult : std::uint8_t {
    not_verified,  // not asked for, or not read to its end
    verified,      // every stored digest was computed again over the whole media, and agrees
    differs,       // one does not, or a part of the media cannot be read
    computed,      // nothing is stored to compare with
};
std::string_view to_string(MediaResult result);
std::string_view in_words(MediaResult result);  // "does not verify"

struct MediaCheck {
    MediaResult result = MediaResult::not_verified;
    std::string detail;                  // why, where there is a reason
    std::vector<StoredDigest> computed;  // in this run
    friend bool operator==(const MediaCheck&, const MediaCheck&) = default;
};

struct EvidenceRecord {
    std::uint32_t id = 0;             // 0-based, in the order given: first key of the total order
    std::string name;                 // file name of the first segment; a repeated name gets "#2"
    std::string exhibit;              // reference in the case; empty when not given
    std::vector<Segment> segments;    // empty when the evidence could not even be identified
    std::string format, description;  // container
    std::uint64_t media_size = 0;
    std::uint32_t sector_size = 512;
    std::string volume_system;  // "dos", "gpt"...; "-" for none; empty when unknown
    std::vector<StoredDigest> digests;
    std::vector<HeaderValue> header;
    std::optional<BlockDevice> device;  // as it was when the run began; nothing of an image
    MediaCheck check;                   // of `digests`; stored by Store::put_media_check
    bool is_opened = false;  // false: not reached yet, or the container could not be opened; then a Problem says why

    // As people know it: by its exhibit, else by its file.
    const std::string& known_as() const { return exhibit.empty() ? name : exhibit; }
};

// In which state a volume ended. Part of the ledger.
enum class VolumeState : std::uint8_t {
    pending,  // not walked yet: an interrupted scan
    walked,   // completely
    partial,  // the walk ended early or skipped something
    locked,
    unreadable,
    unrecognised,
    unsupported,  // as the Problem says
    swap,
    reserved,
    gap,  // counted and sized only
};
std::string_view to_string(VolumeState state);

struct VolumeRecord {
    std::uint32_t id = 0;  // row id in the store
    std::uint32_t evidence = 0;
    std::uint32_t order = 0;  // position within the evidence: second key of the total order
    std::string name;         // "p0", "-", "-/vol0"
    VolumeState state = VolumeState::pending;
    std::uint64_t start = 0, length = 0;  // bytes on the media
    std::string description;              // hostile
    std::string fs;                       // "ext4"...; "luks" when recognised only; empty when unknown
    std::string label;                    // hostile
    TimeForm modified, accessed, changed, created;
    WalkCounts counts;
    std::uint64_t held_bytes = 0;  // that contents of allocated names hold on the media, as far as the walk came
    std::string detail;            // why it is not `walked`
};

// One name. `content` is shared by names with the same volume, address and attribute.
struct EntryRecord {
    std::uint64_t walk_order = 0;  // over the whole run, in the order listed: last key of the total order
    std::uint32_t volume = 0;      // VolumeRecord::id
    Entry entry;                   // extents and resident are not stored with the name
    Examined examined;             // matches filled when reading back; see Store
    std::optional<Finding> finding;
    std::vector<Extent> extents;  // stored extents, when reading back a finding
};

struct ProblemRecord {
    std::uint32_t evidence = 0;
    std::optional<std::uint32_t> volume;
    Problem problem;
};

// A list as it was loaded.
struct ListRecord {
    KnownSetIdentity identity;
    std::vector<std::string> warnings;
};

// A rule of the run that makes findings: what reports say beside its name.
struct RuleRecord {
    std::string name;
    Severity severity = Severity::info;
    std::vector<std::string> tags;
    std::string text;
    friend bool operator==(const RuleRecord&, const RuleRecord&) = default;
};

// The run itself.
struct RunRecord {
    std::string tool_version, build_id, libraries;  // "libtsk 4.11.1, OpenSSL 3.0.17, ..."
    std::string hash_engine;                        // engine_in_words() of each part of the run
    std::string command;                            // as given
    std::string profile;
    std::string configuration_sha256;
    std::string started_utc, ended_utc;  // RFC 3339
    std::string host, user;
    std::uint32_t threads = 0;    // of its last part
    std::string earlier_threads;  // of a resumed run, of each earlier part in order: "4; 2"
    AlgorithmSet algorithms;
    std::string sandbox;  // layers that were active: "seccomp, Landlock ABI 7, rlimits"
    bool is_interrupted = false;
    std::string interruption;   // "signal INT", "the case directory is full"
    std::string exclusions;     // what the configuration left out, in words; empty when nothing
    std::uint32_t resumed = 0;  // how often the scan was resumed
    // An earlier part had found a match in what was to be walked again, and this one was interrupted too.
    bool found_before = false;
    bool forgets_names = false;    // asked for: names of findings and problems only, once the run ended
    bool names_forgotten = false;  // done: see Store::forget_names
    NextSteps next_steps;
};

}  // namespace triage
