// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <system_error>

#include "engine/media/direct_device.h"
#include "engine/media/media_reader.h"

namespace triage {
namespace {

Failure system_failure(int code) { return {std::generic_category().message(code)}; }

// An open descriptor; closed unless released.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

Result<Segment> identity_of(const std::string& path, int fd) {
    struct stat facts {};
    if (fstat(fd, &facts) != 0) return system_failure(errno);
    Segment segment{path,
                    static_cast<std::uint64_t>(facts.st_size),
                    facts.st_dev,
                    facts.st_ino,
                    facts.st_mtim.tv_sec,
                    facts.st_mtim.tv_nsec};
    if (S_ISREG(facts.st_mode)) return segment;
    if (!S_ISBLK(facts.st_mode)) return Failure{"not a regular file or a block device"};
    if (ioctl(fd, BLKGETSIZE64, &segment.size) != 0) return system_failure(errno);
    return segment;
}

// Opening a pipe without a writer would wait for ever, so the kind is looked at before.
Result<Descriptor> open_for_reading(const std::string& path, int more_flags = 0) {
    struct stat facts {};
    if (stat(path.c_str(), &facts) != 0) return system_failure(errno);
    if (S_ISDIR(facts.st_mode)) return Failure{"is a directory, not an image"};
    if (!S_ISREG(facts.st_mode) && !S_ISBLK(facts.st_mode)) return Failure{"not a regular file or a block device"};
    Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | more_flags));
    if (fd.get() < 0) return system_failure(errno);
    return fd;
}

Result<Descriptor> reopen(const Segment& expected, int more_flags = 0) {
    Result<Descriptor> fd = open_for_reading(expected.path, more_flags);
    if (!fd) return Failure{fd.why()};
    const Result<Segment> found = identity_of(expected.path, fd->get());
    if (!found) return Failure{found.why()};
    if (found->device != expected.device || found->inode != expected.inode)
        return Failure{"another file stands in its place since the evidence was opened"};
    if (found->size != expected.size)
        return Failure{fmt::format("its size was {} bytes when the evidence was opened and is {} now", expected.size,
                                   found->size)};
    return fd;
}

// Half of the process's limit: databases, workers and other evidence need descriptors too.
std::size_t default_capacity() {
    struct rlimit limit {};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 512;
    return std::max<std::size_t>(static_cast<std::size_t>(limit.rlim_cur) / 2, 4);
}

// One wait that an observer hears of.
class Waiting {
  public:
    Waiting(const ReadObserver& observer, std::uint64_t bytes) : observer_(observer) {
        if (observer_.begin_read) observer_.begin_read(bytes);
    }
    ~Waiting() {
        if (observer_.end_read) observer_.end_read();
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

  private:
    const ReadObserver& observer_;
};

SegmentFiles::Reading read_from(const SegmentFiles::Pread& pread, std::uint64_t position, MutableBytes out) {
    SegmentFiles::Reading reading;
    while (reading.length < out.size()) {
        const std::ptrdiff_t got = pread(position + reading.length, out.subspan(reading.length));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) reading.failure = system_failure(errno);
        if (got == 0) reading.failure = Failure{"the file ends early"};
        if (got <= 0) break;
        reading.length += static_cast<std::size_t>(got);
    }
    return reading;
}

}  // namespace

// Two regimes. When every segment fits, a slot is filled once by compare-and-swap and never emptied: no lock.
// Otherwise slots are filled and emptied under `mutex`, and a slot in use is never emptied.
struct SegmentFiles::State {
    struct Slot {
        std::atomic<int> fd{-1};    // -1: not open
        std::uint32_t users = 0;    // under `mutex`
        std::uint64_t used_at = 0;  // under `mutex`
    };

    State(std::size_t count, std::size_t capacity_, Patience::Limits limits)
        : slots(count), capacity(capacity_), patience(limits) {}
    ~State() {
        for (Slot& slot : slots)
            if (slot.fd >= 0) close(slot.fd);
    }
    bool all_fit() const { return slots.size() <= capacity; }

    class Lease;
    Result<int> descriptor(const Segment& segment, Slot& slot);
    Result<int> acquire(const Segment& segment, Slot& slot);
    void release(Slot& slot);
    bool make_room();
    const DirectDevice* direct(const std::vector<Segment>& segments);

    std::vector<Slot> slots;
    std::once_flag direct_is_known;
    std::unique_ptr<DirectDevice> direct_device;
    std::size_t capacity;
    std::mutex mutex;                      // protects the slots and `open_count` when they do not all fit
    std::condition_variable slot_is_free;  // a slot has lost its last user
    std::size_t open_count = 0;
    std::uint64_t clock = 0;
    Patience patience;
};

Result<int> SegmentFiles::State::descriptor(const Segment& segment, Slot& slot) {
    const int open_already = slot.fd.load(std::memory_order_acquire);
    if (open_already >= 0) return open_already;
    Result<Descriptor> opened = reopen(segment);
    if (!opened) return Failure{opened.why()};
    int expected = -1;
    if (!slot.fd.compare_exchange_strong(expected, opened->get(), std::memory_order_acq_rel)) return expected;
    return opened->release();
}

// A device is an evidence of one segment. Asked for where a read fails; in a worker also while it may open files.
const DirectDevice* SegmentFiles::State::direct(const std::vector<Segment>& segments) {
    std::call_once(direct_is_known, [&] {
        struct stat status {};
        if (segments.size() != 1 || stat(segments[0].path.c_str(), &status) != 0 || !S_ISBLK(status.st_mode)) return;
        Result<Descriptor> opened = reopen(segments[0], O_DIRECT);
        if (opened) direct_device = DirectDevice::of(opened->release());
    });
    return direct_device.get();
}

// Closes the least recently used descriptor that nobody reads from. False: all are in use.
bool SegmentFiles::State::make_room() {
    if (open_count < capacity) return true;
    Slot* oldest = nullptr;
    for (Slot& slot : slots)
        if (slot.fd >= 0 && slot.users == 0 && (!oldest || slot.used_at < oldest->used_at)) oldest = &slot;
    if (!oldest) return false;
    close(oldest->fd.exchange(-1));
    --open_count;
    return true;
}

Result<int> SegmentFiles::State::acquire(const Segment& segment, Slot& slot) {
    std::unique_lock lock(mutex);
    slot_is_free.wait(lock, [&] { return slot.fd >= 0 || make_room(); });
    if (slot.fd < 0) {
        Result<Descriptor> opened = reopen(segment);
        if (!opened) {
            slot_is_free.notify_all();  // the room made for this one is free
            return Failure{opened.why()};
        }
        slot.fd = opened->release();
        ++open_count;
    }
    ++slot.users;
    slot.used_at = ++clock;
    return slot.fd.load();
}

void SegmentFiles::State::release(Slot& slot) {
    {
        const std::lock_guard lock(mutex);
        --slot.users;
    }
    slot_is_free.notify_all();
}

Result<std::vector<Segment>> SegmentFiles::identify(const std::vector<std::string>& paths) {
    std::vector<Segment> segments;
    segments.reserve(paths.size());
    for (const std::string& path : paths) {
        const Result<Descriptor> fd = open_for_reading(path);
        if (!fd) return Failure{fmt::format("{}: {}", path, fd.why())};
        Result<Segment> segment = identity_of(path, fd->get());
        if (!segment) return Failure{fmt::format("{}: {}", path, segment.why())};
        segments.push_back(std::move(*segment));
    }
    return segments;
}

SegmentFiles::SegmentFiles(std::vector<Segment> segments, std::size_t capacity, Patience::Limits patience)
    : segments_(std::move(segments)),
      state_(std::make_unique<State>(segments_.size(), capacity != 0 ? capacity : default_capacity(), patience)) {}

SegmentFiles::~SegmentFiles() = default;

void SegmentFiles::observe(ReadObserver observer) { observer_ = std::move(observer); }

bool SegmentFiles::open_all() {
    if (!state_->all_fit()) return false;
    bool are_open = true;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
        const Waiting waiting(observer_, 0);
        if (!state_->descriptor(segments_[i], state_->slots[i])) are_open = false;
    }
    state_->direct(segments_);
    return are_open;
}

void SegmentFiles::will_need(std::uint32_t index, std::uint64_t position, std::uint64_t length) const {
    if (index >= segments_.size() || !state_->all_fit() || state_->patience.is_spent()) return;
    const Result<int> fd = state_->descriptor(segments_[index], state_->slots[index]);
    if (fd) ::posix_fadvise(*fd, static_cast<off_t>(position), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
}

// A descriptor that stays open until this is gone.
class SegmentFiles::State::Lease {
  public:
    Lease(State& state, const Segment& segment, Slot& slot)
        : state_(state),
          slot_(slot),
          fd_(state.all_fit() ? state.descriptor(segment, slot) : state.acquire(segment, slot)) {}
    ~Lease() {
        if (fd_ && !state_.all_fit()) state_.release(slot_);
    }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    const Result<int>& fd() const { return fd_; }

  private:
    State& state_;
    Slot& slot_;
    Result<int> fd_;
};

SegmentFiles::Reading SegmentFiles::read_some(std::uint32_t index, std::uint64_t position, MutableBytes out,
                                              const FaultyPread& faulty, bool by_sectors) const {
    using Clock = std::chrono::steady_clock;
    if (index >= segments_.size()) return {0, Failure{"no such segment"}};
    const auto end = checked_add(position, out.size());
    if (!end || *end > segments_[index].size) return {0, Failure{"the file ends early"}};
    if (!state_->patience.allows(out.size())) return {0, Failure{"not tried: reads that fail had taken too long"}};
    const Clock::time_point start = Clock::now();
    const State::Lease lease(*state_, segments_[index], state_->slots[index]);
    if (!lease.fd()) return {0, Failure{lease.fd().why()}};
    const DirectDevice* const direct = by_sectors ? state_->direct(segments_) : nullptr;
    const Pread real = [direct, fd = *lease.fd()](std::uint64_t at, MutableBytes part) {
        return direct ? direct->pread(at, part) : ::pread(fd, part.data(), part.size(), static_cast<off_t>(at));
    };
    const auto injected = [&](std::uint64_t at, MutableBytes part) { return faulty(index, at, part, real); };
    Reading reading = read_from(faulty ? Pread(injected) : real, position, out);
    state_->patience.has_read(reading.length);
    if (reading.failure) state_->patience.has_failed(Clock::now() - start);
    return reading;
}

std::optional<Failure> SegmentFiles::read(std::uint32_t index, std::uint64_t position, MutableBytes out) const {
    for (bool is_second = false;;) {
        const Waiting waiting(observer_, out.size());
        Reading reading = read_some(index, position, out);
        if (!reading.failure) return std::nullopt;
        if (reading.length == 0 && is_second) return std::move(reading.failure);
        is_second = true;
        position += reading.length;
        out = out.subspan(reading.length);
    }
}

std::size_t SegmentFiles::sector_size() const {
    constexpr std::size_t usual = 512;
    const DirectDevice* const direct = state_->direct(segments_);
    return direct ? direct->sector_size() : usual;
}

}  // namespace triage
