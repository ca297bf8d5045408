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
constexpr std::size_t read_bytes = 256 << 10;

[[noreturn]] void fail(const std::string& folder, const std::string& why) {
    throw Error("the spool in " + escape_for_terminal(folder), why, "free space there, then resume",
                ErrorKind::interrupted);
}

void write_entry(RecordWriter& w, const PlanKey& key, const PlannedEntry& planned, std::uint32_t media) {
    const Entry& entry = planned.work.record.entry;
    w.u32(key.priority), w.u32(key.evidence), w.u64(key.position);
    w.u32(planned.walk), w.u32(media), w.u64(planned.work.record.walk_order), w.u32(planned.work.record.volume);
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
    run.at = size_;
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

// True when `bytes` bytes are in the buffer behind `used`.
bool Spool::refill(Run& run, std::size_t bytes) {
    if (run.buffer.size() - run.used >= bytes) return true;
    run.buffer.erase(0, run.used);
    run.used = 0;
    const std::uint64_t wanted =
        std::min<std::uint64_t>(std::max(bytes, read_bytes) - run.buffer.size(), run.end - run.at);
    const std::size_t old = run.buffer.size();
    run.buffer.resize(old + static_cast<std::size_t>(wanted));
    for (std::size_t done = 0; done < wanted;) {
        const ssize_t n = ::pread(descriptor_, run.buffer.data() + old + done, static_cast<std::size_t>(wanted) - done,
                                  static_cast<off_t>(run.at));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) fail(folder_, n < 0 ? std::strerror(errno) : "it is shorter than what was written");
        done += static_cast<std::size_t>(n);
        run.at += static_cast<std::uint64_t>(n);
    }
    return run.buffer.size() >= bytes;
}

// The next entry of a run becomes a head.
void Spool::advance(std::size_t number) {
    Run& run = runs_[number];
    std::uint32_t size = 0;
    if (!refill(run, sizeof size)) return run.buffer.clear(), run.buffer.shrink_to_fit();
    std::memcpy(&size, run.buffer.data() + run.used, sizeof size);
    run.used += sizeof size;
    if (!refill(run, size)) fail(folder_, "damaged: a record is longer than its run");
    RecordReader r(as_bytes(std::string_view(run.buffer).substr(run.used, size)));
    run.used += size;
    Head head{{}, number, {}};
    head.key = {r.u32(), r.u32(), r.u64()};
    head.entry.walk = r.u32();
    const std::uint32_t media = r.u32();
    EntryRecord& record = head.entry.work.record;
    record.walk_order = r.u64();
    record.volume = r.u32();
    std::uint64_t extents = 0;
    record.entry = read_entry(r, extents);
    while (r.is_good() && record.entry.extents.size() < extents && read_extents(r, record.entry.extents)) continue;
    if (!r.is_complete() || media >= media_.size() || record.entry.extents.size() != extents)
        fail(folder_, "damaged: a record is not what was written");
    head.entry.work.media = media_[media];
    heads_.push_back(std::move(head));
    std::push_heap(heads_.begin(), heads_.end());
}

PlannedEntry Spool::take() {
    std::pop_heap(heads_.begin(), heads_.end());
    Head head = std::move(heads_.back());
    heads_.pop_back();
    advance(head.run);
    return std::move(head.entry);
}

}  // namespace triage
