// SPDX-License-Identifier: Apache-2.0
// Parts of a scan alone. Look-ups: known_bench.
//   micro digests [THREADS]          each digest and all three, by the size of the contents
//   micro decode IMAGE [THREADS]     the media of an image through MediaReader, a MiB at a time
//   micro records [COUNT]            entries as records: written, read, and through a worker's channel
//   micro rules [COUNT]              rules on entries: before reading, and judged; the default profile's and 100
// GB/s are of one thread's CPU time while THREADS (1) work at once.
#include <chrono>

#include "config/config.h"
#include "config/rule_file.h"
#include "engine/media/media_reader.h"
#include "engine/rules/rule_book.h"
#include "engine/worker/worker.h"
#include "tests/bench/measure.h"

using namespace triage;
using namespace triage::bench;

namespace {

void measure_digests(unsigned threads) {
    const std::vector<AlgorithmSet> sets{AlgorithmSet::from_bits(1), AlgorithmSet::from_bits(2),
                                         AlgorithmSet::from_bits(4), AlgorithmSet::all()};
    for (const HashEngine engine : {HashEngine::openssl, HashEngine::automatic}) {
        fmt::print("bytes\tmd5\tsha1\tsha256\tall\tGB/s, {}\n", engine_in_words(engine));
        for (const std::size_t size : {512u, 4096u, 16384u, 262144u, 1048576u}) {
            fmt::print("{}", size);
            for (const AlgorithmSet set : sets)
                fmt::print("\t{:.3f}",
                           (engine == HashEngine::openssl ? openssl_rate : engine_rate)(set, size, threads) / 1e9);
            fmt::print("\n");
        }
    }
}

void measure_decode(const std::string& path, unsigned threads) {
    const Opened image = open(path);
    const MediaReader reader(image.map, image.files);
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(1 << 20, reader.size()));
    const std::uint64_t pieces = std::max<std::uint64_t>(reader.size() / piece, 1);
    // Long enough for all of an image of a few GB: what compresses lies together.
    const double bytes = rate(
        threads,
        [&](unsigned t) -> Work {
            auto window = std::make_shared<BlockWindow>();
            auto out = std::make_shared<Bytes>(piece);
            return [&, piece, pieces, window, out, next = pieces * t / threads]() mutable {
                reader.read(next++ % pieces * piece, *out, *window);
                return std::uint64_t{piece};
            };
        },
        3);
    fmt::print("decode\t{:.3f}\tGB/s of the media\n", bytes / 1e9);
}

// As a photo of a device: one name, four times, one extent.
Entry sample_entry(std::uint64_t i) {
    Entry entry;
    entry.path = fmt::format("/Users/alice/Pictures/2021/07/Camera Roll/IMG_{:07}.JPG", i);
    entry.address = i;
    entry.size = 1'800'000;
    entry.times.modified = entry.times.accessed = entry.times.changed = entry.times.created = Timestamp{};
    entry.extents = {{i * 1'802'240, entry.size}};
    return entry;
}

// A file system of `count` entries without a byte behind them.
class Synthetic : public FilesystemReader {
  public:
    explicit Synthetic(std::uint64_t count) : count_(count) {}
    std::string_view name() const override { return "synthetic"; }
    std::string_view describes() const override { return "entries for a measurement"; }
    bool walk(const MediaReader&, const Volume&, const WalkLimits&, bool, WalkSink& sink) const override {
        sink.filesystem({});
        Entry entry = sample_entry(0);
        for (entry.address = 0; entry.address < count_; ++entry.address) {
            sink.may_enter(entry.address, entry.path);
            sink.entry(entry);
        }
        return true;
    }
    void read(const MediaReader&, const Volume&, const std::function<std::optional<ContentRequest>()>&, ContentSink&,
              const std::function<void(Reason, std::string_view)>&) const override {}

  private:
    std::uint64_t count_;
};

void print_records(std::string_view what, double seconds, std::uint64_t count, std::uint64_t bytes) {
    fmt::print("{}\t{:.3f}\tus a record\t{:.0f}\tMB/s\n", what, seconds * 1e6 / real(count),
               real(bytes) / seconds / 1e6);
}

// One record, again and again, as a worker writes it and its parent reads it.
void measure_codec(std::uint64_t count) {
    const Entry entry = sample_entry(1);
    RecordWriter writer;
    double begin = thread_seconds();
    for (std::uint64_t i = 0; i < count; ++i) writer.clear(), write(writer, entry);
    print_records("write", thread_seconds() - begin, count, count * writer.bytes().size());
    begin = thread_seconds();
    std::uint64_t extents = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        RecordReader reader(writer.bytes());
        if (read_entry(reader, extents).size != entry.size) throw std::runtime_error("a record was not read back");
    }
    print_records("read", thread_seconds() - begin, count, count * writer.bytes().size());
}

// From the sink of a walk on one thread through the pipe to the parent's next(), by the clock: both ends run at once.
void measure_channel(std::uint64_t count) {
    const Synthetic synthetic(count);
    const Registry kinds{{}, {}, {&synthetic}, {}, {}};
    WorkerOptions options;
    options.in_process = true;
    WorkerJob job;
    job.kind = JobKind::walk;
    std::uint64_t records = 0, bytes = 0;
    const auto begin = std::chrono::steady_clock::now();
    Worker worker(kinds, options, job);
    while (const std::optional<Record> record = worker.next()) ++records, bytes += record->payload.size();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (records < count) throw std::runtime_error("records were lost: " + worker.cause());
    print_records("channel", seconds, count, bytes);
}

// One hundred rules of every kind: what a laboratory might gather, none of them a copy of another.
Rules hundred_rules() {
    std::string list;
    for (int i = 0; i < 100; ++i) {
        constexpr std::array conditions{"extension: [x{0}, jp{0}, mp{0}]",
                                        "path: '/Users/*/folder{0}/**'",
                                        "name: 'tool{0}*.exe'",
                                        "name_regex: '^(IMG|DSC)_{0}[0-9]+.jpe?g$'",
                                        "size: {{min: {0} GiB}}, extension: [mp4, mov]",
                                        "modified: {{newer_than: {0} hours}}, not: {{state: allocated}}",
                                        "match: {{polarity: notable, category: '{0}'}}",
                                        "type: video/*, size: {{min: {0} MiB}}, path_regex: '(?i)backup{0}'",
                                        "type_differs: true, extension: [j{0}, jpg]",
                                        "any: [{{owner: 'S-{0}'}}, {{all: [{{fs: ext4}}, {{volume: p{0}}}]}}]"};
        const std::string when =
            fmt::format(fmt::runtime(conditions[static_cast<std::size_t>(i) % conditions.size()]), i + 1);
        list += fmt::format("  - {{name: r{}, when: {{{}}}, severity: info, text: t}}\n", i, when);
        if (i % 10 < 4) list += fmt::format("  - {{name: p{}, when: {{{}}}, priority: {}}}\n", i, when, i % 10);
    }
    Rules rules;
    for (auto& [rule, place] : parse_rule_file(parse_yaml("rules:\n" + list, "rules")))
        rules.push_back(std::move(rule));
    return rules;
}

void measure_rules(std::uint64_t count) {
    std::vector<Entry> entries;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        entries.push_back(sample_entry(i));
        if (i % 3 != 0)
            entries.back().path =
                fmt::format("/Windows/System32/DriverStore/FileRepository/d{}.inf_amd64/f{}.dll", i / 7, i);
    }
    Examined examined;
    examined.status = Status::hashed;
    examined.type = "image/jpeg";
    for (const auto& [what, rules] :
         {std::pair("default", load_configuration({}).rules), std::pair("100", hundred_rules())}) {
        const RuleBook book(rules, {{"list", Polarity::notable}}, utc_now());
        double begin = thread_seconds();
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < count; ++i)
            sum += book.before_reading(entries[i % 1000], {"p1", "ntfs"}).priority;
        const double before = thread_seconds() - begin;
        begin = thread_seconds();
        for (std::uint64_t i = 0; i < count; ++i)
            sum += book.judge(entries[i % 1000], {"p1", "ntfs"}, examined).has_value();
        const double judged = thread_seconds() - begin;
        fmt::print("{} rules\t{:.3f}\tbefore reading\t{:.3f}\tjudged\tus an entry\t({})\n", what,
                   before * 1e6 / real(count), judged * 1e6 / real(count), sum);
    }
}

int measure(const std::vector<std::string>& arguments) {
    const auto number = [&](std::size_t i, unsigned fallback) {
        return arguments.size() > i ? static_cast<unsigned>(std::stoul(arguments[i])) : fallback;
    };
    const std::string what = arguments.empty() ? "" : arguments[0];
    if (what == "digests") return measure_digests(number(1, 1)), 0;
    if (what == "decode" && arguments.size() > 1) return measure_decode(arguments[1], number(2, 1)), 0;
    if (what == "records") return measure_codec(number(1, 1'000'000)), measure_channel(number(1, 1'000'000)), 0;
    if (what == "rules") return measure_rules(number(1, 1'000'000)), 0;
    fmt::print(stderr, "usage: micro digests [THREADS] | decode IMAGE [THREADS] | records [COUNT] | rules [COUNT]\n");
    return 2;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        return measure({arguments + 1, arguments + count});
    } catch (const std::exception& error) {
        fmt::print(stderr, "micro: {}\n", error.what());
        return 1;
    }
}
