// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/worker/record.h"

namespace triage {
namespace {

constexpr std::size_t write_bytes = 1 << 20;
constexpr std::size_t read_bytes = 32 << 10;  // of each run
constexpr std::uint64_t release_bytes = 1 << 20;

[[noreturn]] void fail(const std::string& folder, const std::string& why) {
    throw Error("the spool in " + escape_for_terminal(folder), why, "free space there, then resume",
                ErrorKind::interrupted);
}

constexpr std::size_t key_bytes = 16;
PlanKey read_key(RecordReader& r) {
    PlanKey key;
    key.priority = r.u32(), key.evidence = r.u32(), key.position = r.u64();
    return key;
}

void write_entry(RecordWriter& w, const PlanKey& key, const PlannedEntry& planned, std::uint32_t media) {
    const Entry& entry = planned.work.record.entry;
    w.u32(key.priority), w.u32(key.evidence), w.u64(key.position);
    w.u32(planned.walk), w.u32(media), w.u64(planned.work.record.walk_order), w.u32(planned.work.record.volume);
    w.u8(planned.work.hash.bits()), w.flag(planned.work.wants_entropy);
    w.flag(planned.work.wants_type), w.flag(planned.work.wants_libmagic);
    write(w, entry);
    for (std::size_t at = extents_per_record; at < entry.extents.size(); at += extents_per_record)
        write_extents(w, std::span(entry.extents).subspan(at, std::min(extents_per_record, entry.extents.size() - at)));
}

}  // namespace

Spool::~Spool() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

// Without a name: a run that dies leaves nothing. Where the file system cannot do that, the name goes at once.
void Spool::open() {
    if (descriptor_ >= 0) return;
    descriptor_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) return;
    const std::string path = folder_ + "/spool";
    descriptor_ = ::open(path.c_str(), O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ < 0) fail(folder_, std::strerror(errno));
    ::unlink(path.c_str());
}

void Spool::write(Entries::const_iterator begin, Entries::const_iterator end) {
    open();
    Run run;
    run.next = run.released = size_;
    std::string pending;
    const auto flush = [&] {
        for (std::size_t done = 0; done < pending.size();) {
            const ssize_t n =
                ::pwrite(descriptor_, pending.data() + done, pending.size() - done, static_cast<off_t>(size_ + done));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) fail(folder_, std::strerror(n < 0 ? errno : ENOSPC));
            done += static_cast<std::size_t>(n);
        }
        size_ += pending.size();
        pending.clear();
    };
    RecordWriter w;
    for (auto one = begin; one != end; ++one) {
        const auto known = std::find(media_.begin(), media_.end(), one->second.work.media);
        const auto media = static_cast<std::uint32_t>(known - media_.begin());
        if (known == media_.end()) media_.push_back(one->second.work.media);
        w.clear();
        write_entry(w, one->first, one->second, media);
        const auto size = static_cast<std::uint32_t>(w.bytes().size());
        pending.append(reinterpret_cast<const char*>(&size), sizeof size);
        pending.append(as_text(w.bytes()));
        if (pending.size() >= write_bytes) flush();
    }
    flush();
    run.end = size_;
    runs_.push_back(std::move(run));
    advance(runs_.size() - 1);
}

void Spool::read(std::uint64_t at, std::string& into) const {
    for (std::size_t done = 0; done < into.size();) {
        const ssize_t n = ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail(folder_, n < 0 ? std::strerror(errno) : "it is shorter than what was written");
        done += static_cast<std::size_t>(n);
    }
}

// Through the run's buffer, unless they are more than it holds.
std::string Spool::bytes(Run& run, std::uint64_t at, std::size_t size) const {
    if (size > run.end - at) fail(folder_, "damaged: a record is longer than its run");
    std::string result(size, '\0');
    if (size > read_bytes) return read(at, result), result;
    if (at < run.start || at + size > run.start + run.buffer.size()) {
        run.start = at;
        run.buffer.resize(static_cast<std::size_t>(std::min<std::uint64_t>(read_bytes, run.end - at)));
        read(at, run.buffer);
    }
    return run.buffer.substr(static_cast<std::size_t>(at - run.start), size);
}

// The next record of a run becomes a head.
void Spool::advance(std::size_t number) {
    Run& run = runs_[number];
    if (run.next == run.end) return run.buffer.clear(), run.buffer.shrink_to_fit();
    Head head;
    head.run = number;
    std::memcpy(&head.size, bytes(run, run.next, sizeof head.size).data(), sizeof head.size);
    head.at = run.next + sizeof head.size;
    if (head.size > run.end - head.at) fail(folder_, "damaged: a record is longer than its run");
    run.next = head.at + head.size;
    const std::string start = bytes(run, head.at, std::min<std::size_t>(head.size, key_bytes));
    RecordReader r(as_bytes(start));
    head.key = read_key(r);
    if (!r.is_good()) fail(folder_, "damaged: a record is not what was written");
    heads_.push_back(head);
    std::push_heap(heads_.begin(), heads_.end());
}

PlannedEntry Spool::take() {
    std::pop_heap(heads_.begin(), heads_.end());
    const Head head = heads_.back();
    heads_.pop_back();
    const std::string record = bytes(runs_[head.run], head.at, head.size);
    RecordReader r(as_bytes(record));
    read_key(r);
    PlannedEntry entry;
    entry.walk = r.u32();
    const std::uint32_t media = r.u32();
    EntryRecord& read = entry.work.record;
    read.walk_order = r.u64();
    read.volume = r.u32();
    entry.work.priority = static_cast<std::uint8_t>(head.key.priority);
    entry.work.hash = AlgorithmSet::from_bits(r.u8()), entry.work.wants_entropy = r.flag();
    if (r.flag()) leave_out_by_size(entry.work, true);
    entry.work.wants_libmagic = r.flag();
    std::uint64_t extents = 0;
    read.entry = read_entry(r, extents);
    while (r.is_good() && read.entry.extents.size() < extents && read_extents(r, read.entry.extents)) continue;
    if (!r.is_complete() || media >= media_.size() || read.entry.extents.size() != extents)
        fail(folder_, "damaged: a record is not what was written");
    entry.work.media = media_[media];
    entry.work.evidence = head.key.evidence;
    release_taken(runs_[head.run]);
    advance(head.run);
    if (heads_.empty()) release_all();
    return entry;
}

// Up to multiples of the step: only whole blocks go back. Where the file system cannot make a hole, the space comes
// back with the last entry.
void Spool::release_taken(Run& run) {
    const std::uint64_t end = run.next == run.end ? run.end : run.next - run.next % release_bytes;
    if (end <= run.released) return;
    static_cast<void>(::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                  static_cast<off_t>(run.released), static_cast<off_t>(end - run.released)));
    run.released = end;
}

void Spool::release_all() {
    if (::ftruncate(descriptor_, 0) != 0) return;
    size_ = 0;
    runs_.clear();
}

}  // namespace triage
