// SPDX-License-Identifier: Apache-2.0
// A scan end to end for the tests: with workers in threads, of a media of script volumes.
#pragma once

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <string>

#include "engine/scan/scan.h"
#include "tests/engine/case/sample_case.h"
#include "tests/support/script_kinds.h"

namespace triage {
const Container& raw_container();
}

namespace triage::test {

// One case: the evidence, the store, and what a scan is given.
struct Scanned {
    explicit Scanned(const ScriptImage& image) : evidence(image) {
        options.worker_in_process = true;
        options.threads = 2;
        spec.name = "script.raw", spec.container = &raw_container(), spec.segments = evidence.segments;
        store.emplace(Store::create(folder / "case.sqlite"));
        audit.emplace(AuditLog::create(folder / "audit.jsonl"));
        store->put_run(RunRecord{});
    }
    void run() {
        const ScanInput input{script_registry(), {spec},   known,         rules, options, {}, stop,
                              deadline,          observer, look_at_device};
        scan(input, *store, *audit, progress);
    }
    void reopen() {
        store.reset();
        store.emplace(Store::open_for_resume(folder / "case.sqlite"));
    }
    // A line "volume path:stream status reason missing sha256" an entry, in total order.
    std::string rows() const {
        std::string all;
        std::map<std::uint32_t, std::string> names;
        for (const VolumeRecord& volume : store->volumes()) names[volume.id] = volume.name;
        store->for_each_entry([&](const EntryRecord& r) {
            all += fmt::format("{} {}:{} {} {} {} {}\n", names[r.volume], r.entry.path, r.entry.stream,
                               to_string(r.examined.status), to_string(r.examined.reason), r.examined.missing_bytes,
                               r.examined.digests.sha256 ? r.examined.digests.sha256->hex() : "-");
        });
        return all;
    }
    std::string states() const {
        std::string all;
        for (const VolumeRecord& v : store->volumes()) all += v.name + " " + std::string(to_string(v.state)) + "\n";
        return all;
    }

    sample::Folder folder;
    ScriptEvidence evidence;
    EvidenceSpec spec;
    ScanOptions options;
    KnownSets known;
    Rules rules;
    std::atomic<bool> stop{false};
    std::optional<std::chrono::steady_clock::time_point> deadline;
    Observer* observer = nullptr;
    std::optional<BlockDevice> (*look_at_device)(const std::string&) = block_device_at;
    Progress progress;
    std::optional<Store> store;
    std::optional<AuditLog> audit;
};

inline std::string hashed(const std::string& name, const std::string& sha256) {
    return name + " hashed none 0 " + sha256 + "\n";
}

// The first line in which two lists of rows differ; empty when they are the same.
inline std::string difference(const std::string& a, const std::string& b) {
    std::istringstream one(a), two(b);
    std::string left, right;
    while (true) {
        const bool has_left = !!std::getline(one, left), has_right = !!std::getline(two, right);
        if (!has_left && !has_right) return {};
        if (has_left != has_right || left != right) return (has_left ? left : "-") + " != " + (has_right ? right : "-");
    }
}

// Many entries of many sizes, links and holes; the same for every run.
inline ScriptImage busy_image() {
    ScriptImage image;
    for (int volume = 0; volume < 3; ++volume) {
        std::string script = "fs ext4\n";
        for (int i = 0; i < 150; ++i)
            script += fmt::format("file /f{} {} {}+{} hole+{}\n", i, 10 + i % 100, 10'000 + 37 * (i % 100),
                                  1 + i % 100 * 53, i % 7 + 1);
        image.volume(script + "file /large 900 8192+9000000\nmany /empty 1000 400\n", 10 << 20);
        image.put(8192, ewf_test::sample_media(9 << 20, static_cast<std::uint32_t>(volume + 1)));
    }
    return image;
}

}  // namespace triage::test
