// SPDX-License-Identifier: Apache-2.0
// Measures the store and the reports with synthetic entries: each with four times, three digests and one extent, listed
// directory by directory, recorded in that order.
//   store_bench FOLDER N [THREADS]   writes FOLDER/store-bench (about 900 bytes an entry) and removes it again
// Prints "what<tab>microseconds an entry<tab>of them of processors<tab>MiB resident at most so far" lines.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <random>

#include "engine/case/store.h"
#include "engine/report/reporter.h"
#include "engine/rules/rule_book.h"
#include "plugins/registry.h"

using namespace triage;

namespace {

constexpr std::uint64_t files_a_directory = 500;

double processor_seconds(const rusage& usage) {
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

template <class Step>
void measure(const char* what, std::uint64_t entries, Step step) {
    rusage before{}, after{};
    getrusage(RUSAGE_SELF, &before);
    const auto begin = std::chrono::steady_clock::now();
    step();
    const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    getrusage(RUSAGE_SELF, &after);
    const double scale = 1e6 / static_cast<double>(entries);
    fmt::print("{}\t{:.2f}\t{:.2f}\t{}\n", what, wall * scale,
               (processor_seconds(after) - processor_seconds(before)) * scale, after.ru_maxrss / 1024);
}

Digest random_digest(Algorithm algorithm, std::mt19937_64& random) {
    Digest digest{algorithm, {}};
    for (std::size_t i = 0; i < digest_size(algorithm); i += 4) {
        const std::uint64_t word = random();
        for (std::size_t k = 0; k < 4; ++k) digest.bytes[i + k] = static_cast<std::byte>(word >> (8 * k));
    }
    return digest;
}

EntryRecord entry_of(std::uint64_t number, std::mt19937_64& random) {
    EntryRecord record;
    record.walk_order = number;
    Entry& entry = record.entry;
    entry.path = fmt::format("/home/user/Pictures/d{:05}/IMG_{:07}.jpg", number / files_a_directory, number);
    // Neighbours of a directory have neighbouring addresses, directories lie anywhere.
    entry.address = number / files_a_directory * 7919 % 100003 * files_a_directory + number % files_a_directory + 11;
    entry.size = 4096 + random() % 12288;
    entry.extents = {{(1 << 20) + number * 16384, entry.size}};
    const Timestamp time{1700000000 + static_cast<std::int64_t>(number),
                         static_cast<std::uint32_t>(random() % 1000000000)};
    entry.times = {time, time, time, time};
    record.examined.status = Status::hashed;
    record.examined.reason = Reason::none;
    for (const Algorithm algorithm : all_algorithms) record.examined.digests.set(random_digest(algorithm, random));
    return record;
}

// Thousands at a time are made ahead, so that only the store is measured.
double put_all(Store& store, std::uint64_t entries) {
    std::mt19937_64 random(20261125);
    std::chrono::duration<double> in_store{};
    std::vector<EntryRecord> batch;
    for (std::uint64_t number = 0; number < entries; batch.clear()) {
        while (batch.size() < 1000 && number < entries) batch.push_back(entry_of(number++, random));
        const auto begin = std::chrono::steady_clock::now();
        for (const EntryRecord& record : batch)
            store.put_entry(record, store.put_content(record.volume, record.entry, record.examined));
        store.commit_if_due();
        in_store += std::chrono::steady_clock::now() - begin;
    }
    const auto begin = std::chrono::steady_clock::now();
    store.commit();
    in_store += std::chrono::steady_clock::now() - begin;
    return in_store.count();
}

void describe(Store& store) {
    EvidenceRecord evidence;
    evidence.name = "synthetic.raw";
    evidence.is_opened = true;
    store.put_evidence(evidence);
    VolumeRecord volume;
    volume.name = "p0";
    volume.state = VolumeState::walked;
    volume.fs = "ext4";
    volume.modified = volume.accessed = volume.changed = volume.created = {9, true, false};
    store.put_volume(volume);
    store.put_run({});
}

int bench(const std::string& folder, std::uint64_t entries, std::uint32_t threads) {
    std::filesystem::create_directory(folder);
    Store store = Store::create(folder + "/case.sqlite");
    describe(store);
    const RuleBook rules({}, {}, {});
    const auto judge_one = [&](const EntryRecord& r) { return rules.judge(r.entry, {}, r.examined); };
    store.judge_as_they_come(judge_one);
    double in_store = 0;
    measure("put, and making up entries", entries, [&] { in_store = put_all(store, entries); });
    fmt::print("put alone\t{:.2f}\n", in_store * 1e6 / static_cast<double>(entries));
    measure("seal", entries, [&] { store.seal(judge_one); });
    std::vector<const ReporterKind*> jsonl;
    for (const ReporterKind* kind : registry().reporters)
        if (kind->name == "jsonl") jsonl.push_back(kind);
    measure("render jsonl", entries, [&] {
        for (const ReportOutcome& outcome : render(store, jsonl, folder + "/reports", {.threads = threads}))
            if (!outcome.failure.empty()) fmt::print(stderr, "store_bench: {}\n", outcome.failure);
    });
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3 || count > 4) return 2;
    const auto threads = static_cast<std::uint32_t>(count == 4 ? std::stoul(arguments[3]) : 1);
    const std::string folder = std::string(arguments[1]) + "/store-bench";
    const int code = bench(folder, std::stoull(arguments[2]), threads);
    std::filesystem::remove_all(folder);
    return code;
}
