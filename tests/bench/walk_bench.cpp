// SPDX-License-Identifier: Apache-2.0
// Measures the walk and its way to the parent.
//   walk_bench entries N STRIDE    N made-up entries, their addresses STRIDE apart, from a worker process
//                                  through record, channel, parser, check and address set
//   walk_bench entries N STRIDE FOLDER    the same through a whole scan into a store there
//   walk_bench image RAW           the walk of a volume by the file system readers of this build
// Prints "what<tab>value" lines. The processor time of the parent is that of all its threads.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

#include "config/config.h"
#include "engine/scan/address_set.h"
#include "engine/scan/check.h"
#include "engine/scan/scan.h"
#include "engine/worker/serve.h"
#include "engine/worker/worker.h"
#include "plugins/registry.h"

using namespace triage;

namespace {

constexpr std::uint64_t volume_bytes = 1ull << 40;  // of zeros, which nothing stores
constexpr std::uint64_t entry_bytes = 512;

// Its entries are told by the limits of the walk: `entries` of them, their addresses `depth` apart.
class MadeUpFilesystem : public FilesystemReader {
  public:
    std::string_view name() const override { return "made-up"; }
    std::string_view describes() const override { return "entries without a disk"; }

    bool walk(const MediaReader& media, const Volume& volume, const WalkLimits& limits, bool probe_only,
              WalkSink& sink) const override {
        if (media.map().runs.size() != 1 || media.map().runs[0].encoding != Encoding::zero) return false;
        Filesystem fs;
        fs.type = "made-up", fs.block_size = entry_bytes;
        sink.filesystem(fs);
        for (std::uint64_t i = 0; !probe_only && i < limits.entries; ++i) {
            const Entry entry = entry_number(i, limits.depth, volume);
            sink.may_enter(entry.address, entry.path);
            sink.entry(entry);
        }
        sink.counts({limits.entries / 1000, 0, 0});
        return true;
    }
    void read(const MediaReader&, const Volume&, const std::function<std::optional<ContentRequest>()>&, ContentSink&,
              const std::function<void(Reason, std::string_view)>&) const override {}

  private:
    static Entry entry_number(std::uint64_t i, std::uint64_t stride, const Volume& volume) {
        Entry entry;
        entry.path = fmt::format("/DCIM/folder {:06}/IMG_{:08}.JPG", i / 1000, i);
        entry.address = 16 + i * stride;
        entry.size = entry_bytes;
        entry.extents = {{volume.start + i * entry_bytes, entry_bytes}};
        const Timestamp time{1'700'000'000 + static_cast<std::int64_t>(i), 5};
        entry.times = {time, time, time, time};
        return entry;
    }
};

// One volume of zeros; the file is looked at by nobody.
class MadeUpContainer : public Container {
  public:
    std::string_view name() const override { return "made-up"; }
    std::string_view describes() const override { return "a media of zeros"; }
    bool recognises(std::string_view, ByteView) const override { return false; }
    std::vector<std::string> segment_paths(const std::string& path) const override { return {path}; }
    Result<OpenedMedia> open(const SegmentFiles&) const override {
        OpenedMedia media;
        media.format = "made-up", media.map = zeros();
        return media;
    }
    static BlockMap zeros() {
        BlockMap map;
        map.media_size = volume_bytes;
        map.runs.emplace_back().encoding = Encoding::zero;
        map.runs[0].length = volume_bytes;
        return map;
    }
};

const MadeUpContainer& made_up_container() {
    static const MadeUpContainer container;
    return container;
}

const Registry& bench_registry() {
    static const MadeUpFilesystem filesystem;
    static const Registry all = [] {
        Registry r = registry();
        r.filesystems.insert(r.filesystems.begin(), &filesystem);
        r.containers.insert(r.containers.begin(), &made_up_container());
        return r;
    }();
    return all;
}

double seconds_of(const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); }

void print_usage(const char* whose, int who, std::uint64_t entries) {
    rusage usage{};
    getrusage(who, &usage);
    const double seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    fmt::print("{}: processor time, us an entry\t{:.2f}\n", whose, seconds * 1e6 / static_cast<double>(entries));
    fmt::print("{}: peak of memory, MiB\t{}\n", whose, usage.ru_maxrss / 1024);
}

template <class Run>
int measure(Run run) {
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t entries = run();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (entries == 0) return std::fputs("walk_bench: no entries came\n", stderr), 1;
    fmt::print("entries\t{}\n", entries);
    fmt::print("us an entry\t{:.2f}\n", seconds.count() * 1e6 / static_cast<double>(entries));
    print_usage("parent", RUSAGE_SELF, entries);
    print_usage("worker", RUSAGE_CHILDREN, entries);
    return 0;
}

// What the listing thread does with each record; the number of sound entries with new contents.
std::uint64_t receive(const WorkerJob& job) {
    Worker worker(bench_registry(), {}, job);
    AddressSet addresses;
    std::uint64_t entries = 0;
    while (const std::optional<Record> record = worker.next()) {
        if (record->type != RecordType::entry) continue;
        RecordReader reader(record->payload);
        std::uint64_t extents = 0;
        const Entry entry = read_entry(reader, extents);
        entries += reader.is_complete() && !find_flaw(entry, job.volume) && addresses.insert(entry.address);
        worker.allow_entries(entries);
    }
    return worker.end() == WorkerEnd::finished ? entries : 0;
}

WalkLimits made_up_limits(char** arguments) {
    WalkLimits limits;
    limits.entries = std::stoull(arguments[0]);
    limits.depth = static_cast<std::uint32_t>(std::stoul(arguments[1]));
    return limits;
}

std::uint64_t walk_entries(char** arguments) {
    WorkerJob job;
    job.kind = JobKind::walk;
    job.map = MadeUpContainer::zeros();
    job.volume.name = "-", job.volume.length = volume_bytes;
    job.limits = made_up_limits(arguments);
    return receive(job);
}

std::uint64_t walk_image(const char* path) {
    const Result<std::vector<Segment>> segments = SegmentFiles::identify({path});
    if (!segments) return 0;
    WorkerJob job;
    job.kind = JobKind::walk;
    job.segments = *segments;
    job.map.media_size = job.volume.length = segments->at(0).size;
    job.map.runs.emplace_back().length = job.map.media_size;
    job.volume.name = "-";
    return receive(job);
}

std::uint64_t scan_entries(char** arguments) {
    const std::string folder = arguments[2];
    const Result<std::vector<Segment>> segments = SegmentFiles::identify({"/proc/self/exe"});
    if (!segments) return 0;
    EvidenceSpec spec;
    spec.name = "made-up", spec.container = &made_up_container(), spec.segments = *segments;
    ScanOptions options;
    options.walk = made_up_limits(arguments);
    options.threads = 2;
    const KnownSets known;
    const Rules rules = load_configuration({}).rules;  // those of the default profile
    const std::atomic<bool> stop{false};
    Progress progress;
    Store store = Store::create(folder + "/case.sqlite");
    AuditLog audit = AuditLog::create(folder + "/audit.jsonl");
    store.put_run({});
    scan({bench_registry(), {spec}, known, rules, options, folder, stop}, store, audit, progress);
    return progress.entries_listed;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string what = count > 1 ? arguments[1] : "";
    if (what == "worker") return serve_process(bench_registry());
    std::signal(SIGPIPE, SIG_IGN);
    if (what == "entries" && count == 4) return measure([&] { return walk_entries(arguments + 2); });
    if (what == "entries" && count == 5) return measure([&] { return scan_entries(arguments + 2); });
    if (what == "image" && count == 3) return measure([&] { return walk_image(arguments[2]); });
    std::fputs("usage: walk_bench entries N STRIDE [FOLDER] | image RAW\n", stderr);
    return 2;
}
