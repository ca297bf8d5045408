// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/image.h"

#include <algorithm>
#include <new>
#include <tuple>

namespace triage::tsk {

Image::Image(const MediaReader& media, std::uint64_t start, std::uint64_t length, std::uint32_t sector_size)
    : media_(media),
      start_(start),
      length_(length),
      sector_size_(sector_size != 0 ? sector_size : media.map().sector_size),
      cache_(media, start, length),
      external_(static_cast<External*>(std::calloc(1, sizeof(External))), std::free) {
    if (!external_) throw std::bad_alloc();
    external_->self = this;
    tsk_img_open_external(
        external_.get(), static_cast<TSK_OFF_T>(length), sector_size_, read_callback, [](TSK_IMG_INFO*) {},
        [](TSK_IMG_INFO*, FILE*) {});
}

Image::~Image() = default;  // libtsk holds nothing of an external image but a mutex, which needs no release

ssize_t Image::read_callback(TSK_IMG_INFO* info, TSK_OFF_T offset, char* buffer, size_t length) {
    Image& self = *reinterpret_cast<External*>(info)->self;
    info->sector_size = self.sector_size();
    const auto at = static_cast<std::uint64_t>(offset);
    if (offset < 0 || at >= self.length_) return -1;
    const std::size_t available = std::min<std::uint64_t>(length, self.length_ - at);
    // libtsk fills its cache 64 KiB at a time, and serves later reads from it unseen: refused, it reads exactly what it
    // wants, so that only who reads bad bytes meets the flaw. It would widen that to whole sectors from where it
    // starts, into the sector behind: not when a sector has one byte.
    const char* libtsk_cache = &info->cache[0][0];
    if (buffer >= libtsk_cache && buffer < libtsk_cache + sizeof(info->cache)) {
        info->sector_size = 1;  // until the next call, which follows at once
        return -1;
    }
    ReadFlaws flaws = self.cache_.read(at, std::as_writable_bytes(std::span(buffer, available)));
    for (std::size_t i = 0; i < self.shown_.size(); ++i)
        if (const std::uint64_t shown = self.shown_offset_ + i; shown >= at && shown < at + available)
            buffer[shown - at] = static_cast<char>(self.shown_[i]);
    self.flaws_.insert(self.flaws_.end(), std::make_move_iterator(flaws.begin()), std::make_move_iterator(flaws.end()));
    return static_cast<ssize_t>(available);
}

bool Image::read(std::uint64_t offset, MutableBytes out) {
    if (offset > length_ || out.size() > length_ - offset) return false;
    ReadFlaws flaws = cache_.read(offset, out);
    flaws_.insert(flaws_.end(), flaws.begin(), flaws.end());
    return flaws.empty();
}

// libtsk reads the same bytes again and again in pieces of any size: each stretch is told once.
ReadFlaws Image::take_flaws() {
    ReadFlaws flaws = std::exchange(flaws_, {});
    std::sort(flaws.begin(), flaws.end(), [](const BadRange& a, const BadRange& b) {
        return std::tie(a.offset, a.length) < std::tie(b.offset, b.length);
    });
    ReadFlaws merged;
    for (BadRange& flaw : flaws) {
        BadRange* last = merged.empty() ? nullptr : &merged.back();
        const bool touches = last && flaw.offset <= last->offset + last->length && flaw.cause == last->cause &&
                             flaw.detail == last->detail;
        if (touches) last->length = std::max(last->length, flaw.offset + flaw.length - last->offset);
        else merged.push_back(std::move(flaw));
    }
    return merged;
}

std::string take_error() {
    // libtsk asks for optional attributes and leaves "not found" behind when it does without them.
    const bool is_error = tsk_error_get_errno() != 0 && tsk_error_get_errno() != TSK_ERR_FS_ATTR_NOTFOUND;
    const char* text = is_error ? tsk_error_get() : nullptr;
    std::string error = text ? text : "";
    tsk_error_reset();
    std::replace(error.begin(), error.end(), '\n', ' ');
    return error.substr(0, 500);
}

Problem problem_of(const BadRange& flaw, std::uint32_t sector_size) {
    Problem problem;
    problem.kind = flaw.cause == BadRangeCause::read_error ? ProblemKind::unreadable : ProblemKind::damaged;
    problem.hides_entries = true;
    problem.detail = "file system metadata: " + flaw.detail;
    problem.first_sector = flaw.offset / sector_size;
    problem.sectors = (flaw.offset % sector_size + flaw.length + sector_size - 1) / sector_size;
    return problem;
}

bool read_pieces(TSK_FS_FILE* file, std::uint64_t piece_bytes,
                 const std::function<void(std::uint64_t at, ByteView piece)>& see) {
    const auto size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(file->meta->size, 0));
    Bytes piece(piece_bytes);
    for (std::uint64_t at = 0; at < size; at += piece_bytes) {
        const std::size_t wanted = std::min(piece_bytes, size - at);
        const ssize_t got = tsk_fs_file_read(file, static_cast<TSK_OFF_T>(at), reinterpret_cast<char*>(piece.data()),
                                             wanted, TSK_FS_FILE_READ_FLAG_NONE);
        if (got != static_cast<ssize_t>(wanted)) return false;
        see(at, ByteView(piece).first(wanted));
    }
    return true;
}

}  // namespace triage::tsk
