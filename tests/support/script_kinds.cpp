// SPDX-License-Identifier: Apache-2.0
#include "tests/support/script_kinds.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <sstream>
#include <stdexcept>

#include "engine/worker/serve.h"

namespace triage {
const Container& raw_container();
}

namespace triage::test {
namespace {

constexpr std::size_t table_bytes = 4096;

[[noreturn]] void crash() {
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
    std::abort();
}

void wait_10_ms() {
    const timespec pause{0, 10'000'000};
    nanosleep(&pause, nullptr);
}

[[noreturn]] void hang() {
    for (std::atomic<std::uint64_t> turns{0};;) turns.fetch_add(1);
}

[[noreturn]] void sleep_for_ever() {
    for (;;) poll(nullptr, 0, -1);
}

// What no allocator gives: stops at bad_alloc, which the caller does not catch.
[[noreturn]] void eat() {
    for (std::deque<Bytes> eaten;;) eaten.emplace_back(1 << 20, std::byte{1});
}

// Straight onto the record pipe of a worker process, as a worker that was taken over could.
void write_raw(ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(record_fd, bytes.data(), bytes.size());
        if (n <= 0) ::_exit(1);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
}

void write_batch(std::uint32_t claimed, ByteView frames) {
    const BatchHeader header{batch_magic, claimed, 1};
    write_raw(std::as_bytes(std::span(&header, 1)));
    write_raw(frames);
}

[[noreturn]] void flood() {
    const Bytes frame(batch_bytes, std::byte{0xFF});
    for (;;) write_batch(batch_bytes, frame);
}

// An empty record of this type, without end.
[[noreturn]] void repeat_record(std::uint8_t type) {
    const Bytes frame{std::byte{1}, {}, {}, {}, std::byte{type}};
    for (;;) write_batch(static_cast<std::uint32_t>(frame.size()), frame);
}

[[noreturn]] void tear() {
    write_batch(batch_bytes, Bytes(10));
    sleep_for_ever();
}

std::string text_at(const MediaReader& media, std::uint64_t offset, std::size_t most) {
    Bytes bytes(std::min<std::uint64_t>(most, media.size() - offset));
    BlockWindow window;
    static_cast<void>(media.read(offset, bytes, window));
    const std::string_view text = as_text(bytes);
    return std::string(text.substr(0, text.find('\0')));
}

class DyingContainer : public Container {
  public:
    std::string_view name() const override { return "dying"; }
    std::string_view describes() const override { return "kills the worker that opens it"; }
    bool recognises(std::string_view path, ByteView) const override { return path.ends_with(".die"); }
    std::vector<std::string> segment_paths(const std::string& path) const override { return {path}; }
    Result<OpenedMedia> open(const SegmentFiles&) const override { crash(); }
};

class GreedyContainer : public Container {
  public:
    std::string_view name() const override { return "greedy"; }
    std::string_view describes() const override { return "reads its first byte for ever"; }
    bool recognises(std::string_view, ByteView) const override { return false; }
    std::vector<std::string> segment_paths(const std::string& path) const override { return {path}; }
    Result<OpenedMedia> open(const SegmentFiles& files) const override {
        Bytes byte(1);
        while (!files.read(0, 0, byte)) {
        }
        return Failure{"its first byte cannot be read"};
    }
};

class ScriptVolumes : public VolumeSystem {
  public:
    std::string_view name() const override { return "script"; }
    std::string_view describes() const override { return "volumes named by text at the start of the media"; }
    VolumeList list(const MediaReader& media) const override {
        VolumeList list;
        list.system = "script";
        std::istringstream table(text_at(media, 0, table_bytes));
        Volume volume;
        for (std::string role; table >> volume.name;) {
            if (volume.name == "die") crash();
            table >> role >> volume.start >> volume.length;
            volume.role = role == "gap"        ? VolumeRole::gap
                          : role == "swap"     ? VolumeRole::swap
                          : role == "reserved" ? VolumeRole::reserved
                                               : VolumeRole::filesystem;
            list.volumes.push_back(volume);
        }
        return list;
    }
};

class Script {
  public:
    Script(const MediaReader& media, const Volume& volume, WalkSink& sink)
        : media_(media), volume_(volume), sink_(sink) {}

    // False: the rest is not to be run.
    bool step(const std::string& line, bool probe_only) {
        std::istringstream words(line);
        std::string verb;
        words >> verb;
        if (verb.empty() || verb == "die") return true;
        if (verb == "fs" || verb == "locked") return filesystem(verb, words), !probe_only;
        Entry entry;
        words >> entry.path >> entry.address;
        const bool may_enter = sink_.may_enter(entry.address, entry.path);
        if (verb == "stubborn") crash();
        if (!may_enter) return avoid(entry), true;
        misbehave(verb);
        if (verb == "many" || verb == "burst" || verb == "slow" || verb == "keep" || verb == "reread" ||
            verb == "streams" || verb == "complain")
            repeat(verb, words, std::move(entry));
        else one(verb, words, std::move(entry));
        return true;
    }

  private:
    void filesystem(const std::string& verb, std::istringstream& words) {
        Filesystem fs;
        words >> fs.type >> fs.inner;
        fs.is_readable = verb == "fs";
        sink_.filesystem(fs);
        if (fs.is_readable) return;
        Problem problem;
        problem.kind = ProblemKind::locked, problem.detail = "no key";
        sink_.problem(problem);
    }

    void avoid(const Entry& entry) {
        Problem problem;
        problem.kind = ProblemKind::aborted;
        problem.path = entry.path, problem.address = entry.address, problem.detail = "skipped";
        problem.hides_entries = true;
        sink_.problem(problem);
    }

    void misbehave(const std::string& verb) {
        if (verb == "crash") crash();
        if (verb == "hang") hang();
        if (verb == "sleep") sleep_for_ever();
        if (verb == "eat") eat();
        if (verb == "leave") ::_exit(0);
        if (verb == "garbage") write_raw(Bytes(100, std::byte{0x55})), sleep_for_ever();
        if (verb == "flood") flood();
        while (verb == "void") write_batch(0, {});
        if (verb == "unknown") repeat_record(200);
        if (verb == "starts") repeat_record(static_cast<std::uint8_t>(RecordType::started));
        if (verb == "close") ::close(record_fd), sleep_for_ever();
        if (verb == "torn") tear();
        if (verb == "throw") throw std::runtime_error("thrown by the script");
        Bytes bytes(1 << 20);
        BlockWindow window;
        while (verb == "livelock") static_cast<void>(media_.read(0, bytes, window));
    }

    void repeat(const std::string& verb, std::istringstream& words, Entry entry) {
        const std::string path = entry.path;
        std::uint64_t count = 0;
        words >> count;
        std::array<std::byte, 16> bytes{};
        Bytes mebibyte(verb == "reread" ? 1 << 20 : 0);
        BlockWindow window;
        for (std::uint64_t i = 0; i < count; ++i) {
            if (verb == "slow") {
                static_cast<void>(media_.read(0, bytes, window));
                wait_10_ms();
                continue;
            }
            if (verb == "keep") {
                kept_.emplace_back(1 << 20, std::byte{1});
                continue;
            }
            if (verb == "reread") {
                static_cast<void>(media_.read(0, mebibyte, window));
                continue;
            }
            if (verb == "complain") {
                Problem problem;
                problem.kind = ProblemKind::damaged, problem.detail = std::string(1000, 'x');
                sink_.problem(problem);
                continue;
            }
            if (verb == "many") entry.path = path + std::to_string(i);
            else entry.stream = std::to_string(i), entry.attribute = static_cast<std::uint32_t>(i);
            sink_.entry(entry);
            if (verb == "many") ++entry.address;
        }
        if (verb == "burst") crash();
        for (int i = 0; verb == "reread" && i < 50; ++i) wait_10_ms();  // the parent looks at its clock meanwhile
        if (verb == "slow" || verb == "keep" || verb == "reread") sink_.entry(entry);
    }

    void one(const std::string& verb, std::istringstream& words, Entry entry) {
        if (verb == "stream") words >> entry.attribute >> entry.stream, entry.kind = EntryKind::stream;
        std::string text;
        std::getline(words >> std::ws, text);
        if (verb == "file" || verb == "stream") add_extents(text, entry);
        if (verb == "resident") {
            entry.source = Source::resident;
            entry.resident.assign(as_bytes(text).begin(), as_bytes(text).end());
            entry.size = text.size();
        }
        if (verb == "packed") entry.source = Source::worker, entry.size = text.size();
        if (verb == "swollen") entry.source = Source::worker, entry.size = std::stoull(text);
        if (verb == "lost") entry.source = Source::none, entry.reason = Reason::encrypted, entry.size = 100;
        if (verb == "outside") entry.size = 512, entry.extents = {{volume_.start + volume_.length, 512}};
        if (verb == "malformed") entry.state = static_cast<EntryState>(99);
        if (verb == "scattered") {
            entry.size = std::stoull(text);
            for (std::uint64_t i = 0; i < entry.size; ++i) entry.extents.push_back({volume_.start + 2 * i, 1});
        }
        sink_.entry(entry);
    }

    void add_extents(const std::string& text, Entry& entry) const {
        std::istringstream words(text);
        for (std::string word; words >> word;) {
            const std::size_t plus = word.find('+');
            const std::uint64_t length = std::stoull(word.substr(plus + 1));
            const bool is_hole = word.starts_with("hole");
            entry.extents.push_back({is_hole ? Extent::hole : volume_.start + std::stoull(word), length});
            entry.size += length;
        }
    }

    const MediaReader& media_;
    const Volume& volume_;
    WalkSink& sink_;
    std::deque<Bytes> kept_;
};

class ScriptFilesystem : public FilesystemReader {
  public:
    std::string_view name() const override { return "script"; }
    std::string_view describes() const override { return "does what text at the start of the volume says"; }

    bool walk(const MediaReader& media, const Volume& volume, const WalkLimits&, bool probe_only,
              WalkSink& sink) const override {
        std::istringstream lines(text_at(media, volume.start, ScriptImage::script_bytes));
        Script script(media, volume, sink);
        bool is_any = false;
        for (std::string line; std::getline(lines, line); is_any = true)
            if (!script.step(line, probe_only)) return true;
        if (is_any) return sink.counts({1, 2, 3}), true;
        Problem problem;
        problem.kind = ProblemKind::unrecognised, problem.detail = "no script";
        sink.problem(problem);
        return true;
    }

    void read(const MediaReader& media, const Volume& volume,
              const std::function<std::optional<ContentRequest>()>& next, ContentSink& sink,
              const std::function<void(Reason, std::string_view)>& done) const override {
        while (const std::optional<ContentRequest> request = next()) {
            const std::string text = packed_text(media, volume, request->address);
            if (text == "crash") crash();
            if (text == "hang") hang();
            while (text == "endless") sink.data(as_bytes("more and more "));
            const ByteView bytes = as_bytes(text).first(std::min<std::uint64_t>(text.size(), request->most));
            sink.data(text == "short" ? bytes.first(3) : bytes);
            done(Reason::none, {});
        }
    }

  private:
    static std::string packed_text(const MediaReader& media, const Volume& volume, std::uint64_t address) {
        std::istringstream lines(text_at(media, volume.start, ScriptImage::script_bytes));
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string verb, path, text;
            std::uint64_t here = 0;
            words >> verb >> path >> here;
            if (verb == "packed" && here == address) return std::getline(words >> std::ws, text), text;
        }
        return {};
    }
};

std::atomic<int> loads{0};  // counts, protects nothing

class ScriptTypes : public TypeTeller {
  public:
    std::string_view name() const override { return "script"; }
    std::string_view describes() const override { return "does what the content says"; }
    std::string database() const override { return "script"; }
    bool names(const std::string&, std::string_view) const override { return true; }
    Tell load(const std::string& database) const override {
        ++loads;
        if (database == "broken") throw Error("script", "cannot be loaded");
        return [](ByteView bytes) -> std::string {
            const std::string_view text = as_text(bytes);
            if (text.starts_with("crash")) crash();
            if (text.starts_with("hang")) hang();
            if (text.starts_with("fail")) return {};
            return std::string(text.starts_with("type ") ? text.substr(5, text.find(' ', 5) - 5) : "text/plain");
        };
    }
};

}  // namespace

int type_loads() { return loads; }

const Registry& script_registry() {
    static const DyingContainer dying;
    static const GreedyContainer greedy;
    static const ScriptVolumes volumes;
    static const ScriptFilesystem filesystem;
    static const ScriptTypes types;
    static const Registry registry{{&dying, &greedy, &raw_container()}, {&volumes}, {&filesystem}, {}, {}, &types};
    return registry;
}

ScriptImage& ScriptImage::volume(std::string_view script, std::size_t length, std::string_view role) {
    last_start_ = media_.size();
    media_.resize(last_start_ + (length + 4095) / 4096 * 4096);
    std::ostringstream row;
    row << "p" << count_++ << " " << role << " " << last_start_ << " " << media_.size() - last_start_ << "\n";
    table_ += row.str();
    return put(0, as_bytes(script));
}

ScriptImage& ScriptImage::put(std::uint64_t offset_in_volume, ByteView bytes) {
    std::copy(bytes.begin(), bytes.end(), media_.begin() + static_cast<std::ptrdiff_t>(last_start_ + offset_in_volume));
    return *this;
}

ScriptImage& ScriptImage::whole(std::string_view script) {
    table_ = script;
    return *this;
}

Bytes ScriptImage::bytes() const {
    Bytes media = media_;
    std::copy_n(as_bytes(table_).begin(), table_.size(), media.begin());
    return media;
}

Volume ScriptImage::last() const {
    Volume volume;
    volume.name = "p" + std::to_string(count_ - 1);
    volume.start = last_start_;
    volume.length = media_.size() - last_start_;
    return volume;
}

ScriptEvidence::ScriptEvidence(const ScriptImage& image, const std::string& name) {
    const Bytes bytes = image.bytes();
    auto identified = SegmentFiles::identify({folder.save(name, bytes)});
    REQUIRE(identified);
    segments = std::move(*identified);
    map.media_size = bytes.size();
    map.runs.emplace_back();
    map.runs[0].length = bytes.size();
}

}  // namespace triage::test
