// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/verify_media.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>

#include "engine/scan/scan.h"
#include "tests/engine/case/sample_case.h"
#include "tests/support/faults.h"
#include "tests/support/script_kinds.h"
#include "tests/support/sha256.h"

namespace triage {
const Container& raw_container();
}

using namespace triage;
using namespace triage::test;
using triage::ewf_test::sample_media;

namespace {

// A media of several pieces whose last is not full.
struct Media {
    Media() : evidence(ScriptImage().volume("fs ext4\n", 17 << 20).put(8192, sample_media(16 << 20))) {
        reader.emplace(evidence.map, std::make_shared<SegmentFiles>(evidence.segments));
    }
    MediaCheck check(const std::vector<StoredDigest>& stored, std::uint32_t threads = 2) {
        reading = check_media(*reader, stored, threads, stop, advanced);
        return reading.check;
    }
    ScriptEvidence evidence;
    std::optional<MediaReader> reader;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> advanced{0};
    MediaReading reading;
    const std::string truth = sha256_of(as_bytes(sample::read_file(evidence.segments[0].path)));
};

// Changes a byte of the file and gives it its time back, or another within the same second.
void change(const std::string& path, std::uint64_t position, long other_nanoseconds = 0) {
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(static_cast<std::streamoff>(position));
        const int byte = file.get();
        file.seekp(static_cast<std::streamoff>(position));
        file.put(static_cast<char>(byte ^ 1));
    }
    before.st_mtim.tv_nsec ^= other_nanoseconds;
    const timespec times[]{before.st_atim, before.st_mtim};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

// The integrity problem of a scan during which `disturb` is called.
std::string integrity_of_scan(const std::function<void(const std::string& path)>& disturb) {
    struct Disturbing : Observer {
        std::function<void()> action;
        void evidence(const EvidenceRecord&) override { action(); }
    } observer;
    const sample::Folder folder;
    const ScriptEvidence evidence(ScriptImage().volume("fs ext4\n", 5 << 20));
    observer.action = [&] { disturb(evidence.segments[0].path); };
    EvidenceSpec spec;
    spec.name = "script.raw", spec.container = &raw_container(), spec.segments = evidence.segments;
    ScanOptions options;
    options.worker_in_process = true;
    Store store = Store::create(folder / "case.sqlite");
    AuditLog audit = AuditLog::create(folder / "audit.jsonl");
    store.put_run(RunRecord{});
    Progress progress;
    const std::atomic<bool> stop{false};
    scan({script_registry(), {spec}, {}, {}, options, {}, stop, {}, &observer}, store, audit, progress);
    std::string problems;
    store.for_each_problem([&](const ProblemRecord& record) { problems += record.problem.detail; });
    return problems;
}

}  // namespace

TEST_CASE("a media without stored digests has the SHA-256 that OpenSSL gives its bytes, whatever the threads") {
    Media media;
    for (const std::uint32_t threads : {1u, 2u, 5u}) {
        media.advanced = 0;
        CHECK(media.check({}, threads) == MediaCheck{MediaResult::computed, {}, {{"sha256", media.truth}}});
        CHECK(media.advanced == media.reader->size());
    }
}

TEST_CASE("a stored digest verifies or differs, and every one counts") {
    Media media;
    const std::string other(40, 'a');
    CHECK(media.check({{"sha256", media.truth}}).result == MediaResult::verified);
    const MediaCheck differs = media.check({{"sha256", media.truth}, {"sha1", other}});
    CHECK(differs.result == MediaResult::differs);
    CHECK(differs.detail == "stored sha1 differs");
    CHECK(media.check({{"md5", "no digest"}}).result == MediaResult::differs);
}

TEST_CASE("bytes that cannot be read leave no digest, and nothing that is stored verifies") {
    Media media;
    media.reader->inject_faults(failing_at({9'000'000, 9'000'001}));
    const MediaCheck raw = media.check({}), stored = media.check({{"sha256", media.truth}});
    CHECK(raw.result == MediaResult::not_verified);
    CHECK(raw.computed.empty());
    CHECK(raw.detail == "512 bytes could not be read");
    CHECK(media.reading.missing == 512);
    CHECK(media.reading.unread ==
          ReadFlaws{{9'000'000 / 512 * 512, 512, BadRangeCause::read_error, "segment 1: Input/output error"}});
    CHECK(stored.result == MediaResult::differs);
    CHECK(stored.computed.empty());
}

TEST_CASE("bytes that a stop left unread do not make the media differ") {
    Media media;
    media.reader->heed(media.stop);
    media.reader->inject_faults([&](std::uint32_t, std::uint64_t, MutableBytes, const SegmentFiles::Pread&) {
        media.stop = true;
        return read_error();
    });
    CHECK(media.check({{"sha256", media.truth}}).result == MediaResult::not_verified);
}

TEST_CASE("a stop leaves the media not verified") {
    Media media;
    media.stop = true;
    CHECK(media.check({{"sha256", media.truth}}).result == MediaResult::not_verified);
}

TEST_CASE("evidence of which the first or the last MiB changes under the scan, with its old time, is told") {
    CHECK(integrity_of_scan([](const std::string&) {}).empty());
    for (const std::uint64_t position : {std::uint64_t{200}, std::uint64_t{5} << 20})
        CHECK(integrity_of_scan([&](const std::string& path) { change(path, position); }) ==
              "integrity: the evidence changed or vanished while it was examined");
}

TEST_CASE("evidence that was written within the second of its old time is told, wherever it changed") {
    CHECK(integrity_of_scan([](const std::string& path) { change(path, 3 << 20, 1); }) ==
          "integrity: the evidence changed or vanished while it was examined");
}
