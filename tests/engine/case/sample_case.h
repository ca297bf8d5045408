// SPDX-License-Identifier: Apache-2.0
// Small cases built in memory for the tests of store, verdict, manifest and reports.
#pragma once

#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "engine/case/store.h"

namespace triage::sample {

// A folder that goes with its owner.
class Folder {
  public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "triage-test-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// Output of a shell command, and its exit status in `status`.
inline std::string output_of(const std::string& command, int* status = nullptr) {
    std::string text;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    for (int c; (c = std::fgetc(pipe)) != EOF;) text += static_cast<char>(c);
    const int code = ::pclose(pipe);
    if (status) *status = code;
    return text;
}

inline AlgorithmSet set_of(std::initializer_list<Algorithm> algorithms) {
    AlgorithmSet set;
    for (const Algorithm a : algorithms) set.add(a);
    return set;
}

// A digest whose bytes are all `byte`.
inline Digest digest(Algorithm algorithm, unsigned char byte) {
    Digest d{algorithm, {}};
    for (std::size_t i = 0; i < digest_size(algorithm); ++i) d.bytes[i] = std::byte{byte};
    return d;
}

inline Examined hashed(unsigned char byte = 0x11) {
    Examined examined;
    examined.status = Status::hashed;
    examined.reason = Reason::none;
    examined.digests.md5 = digest(Algorithm::md5, byte);
    examined.digests.sha1 = digest(Algorithm::sha1, byte);
    examined.digests.sha256 = digest(Algorithm::sha256, byte);
    return examined;
}

inline Examined not_hashed(Status status, Reason reason, std::uint64_t missing = 0) {
    Examined examined;
    examined.status = status;
    examined.reason = reason;
    examined.missing_bytes = missing;
    return examined;
}

inline Entry entry(const std::string& path, std::uint64_t address, std::uint64_t size = 10) {
    Entry e;
    e.path = path;
    e.address = address;
    e.size = size;
    e.extents = {{4096, size}};
    return e;
}

inline EvidenceRecord evidence(std::uint32_t id = 0, const std::string& name = "disk.E01") {
    EvidenceRecord record;
    record.id = id;
    record.name = name;
    record.format = "ewf";
    record.description = "EnCase 6 (EWF-E01), 2 segments";
    record.media_size = 1 << 20;
    record.volume_system = "dos";
    record.is_opened = true;
    record.segments = {{"/images/" + name, 4096, 1, 2, 1714550400}};
    return record;
}

inline VolumeRecord volume(std::uint32_t id, std::uint32_t evidence_id, std::uint32_t order, const std::string& name) {
    VolumeRecord record;
    record.id = id;
    record.evidence = evidence_id;
    record.order = order;
    record.name = name;
    record.state = VolumeState::walked;
    record.start = 32256;
    record.length = 1 << 19;
    record.fs = "ext4";
    record.modified = record.accessed = record.changed = record.created = {9, true, false};
    return record;
}

inline ProblemRecord problem(ProblemKind kind, const std::string& detail = "x",
                             std::optional<std::uint32_t> volume_id = 0, std::uint32_t evidence_id = 0) {
    ProblemRecord record;
    record.evidence = evidence_id;
    record.volume = volume_id;
    record.problem.kind = kind;
    record.problem.detail = detail;
    return record;
}

inline ListRecord list(Polarity polarity, const std::string& name = "bad.txt") {
    ListRecord record;
    record.identity.name = name;
    record.identity.version = "2024-05-01";
    record.identity.format = "plain";
    record.identity.source_sha256 = std::string(64, 'a');
    record.identity.polarity = polarity;
    record.identity.algorithms = AlgorithmSet::all();
    record.identity.records_read = record.identity.records_accepted = 3;
    return record;
}

inline RunRecord run() {
    RunRecord record;
    record.tool_version = "0.1.0";
    record.build_id = "abcdef";
    record.profile = "default";
    record.started_utc = "2024-05-01T10:00:00.000Z";
    record.ended_utc = "2024-05-01T10:01:00.000Z";
    record.host = "lab";
    record.user = "examiner";
    record.threads = 2;
    record.algorithms = AlgorithmSet::all();
    return record;
}

// A store with one evidence, one walked volume "p0" (id 0) and one notable list.
inline Store start(const std::string& path) {
    Store store = Store::create(path);
    store.put_run(run());
    store.put_list(0, list(Polarity::notable));
    store.put_evidence(evidence());
    store.put_volume(volume(0, 0, 0, "p0"));
    return store;
}

// Puts an entry with a content of its own.
inline void put(Store& store, const Entry& e, const Examined& examined = hashed(), std::uint32_t volume_id = 0,
                std::uint64_t walk_order = 0) {
    EntryRecord record;
    record.volume = volume_id;
    record.walk_order = walk_order;
    record.entry = e;
    store.put_entry(record, store.put_content(volume_id, e, examined));
}

inline Match match(std::uint32_t set = 0, std::uint64_t record = 7) {
    Match m;
    m.set = set;
    m.record = record;
    m.category = "1";
    m.label = "series";
    m.agrees = set_of({Algorithm::md5, Algorithm::sha1});
    return m;
}

// Alert for an entry with a match, nothing otherwise.
inline std::optional<Finding> alert_on_match(const EntryRecord& record) {
    if (record.examined.matches.empty()) return {};
    return Finding{Severity::alert, {"notable-match"}};
}

inline std::vector<EntryRecord> entries_of(const Store& store) {
    std::vector<EntryRecord> records;
    store.for_each_entry([&](const EntryRecord& record) { records.push_back(record); });
    return records;
}

inline std::vector<std::string> paths_of(const Store& store) {
    std::vector<std::string> paths;
    store.for_each_entry([&](const EntryRecord& record) { paths.push_back(record.entry.path); });
    return paths;
}

}  // namespace triage::sample
