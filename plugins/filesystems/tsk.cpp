// SPDX-License-Identifier: Apache-2.0
// The file systems of The Sleuth Kit, with what libtsk 4.11.1 lacks or gets wrong put right in plugins/tsk/.
// Runs in a worker; a libtsk that crashes, hangs or lies costs a part of one volume and is reported.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "engine/evidence/filesystem.h"
#include "plugins/tsk/apfs.h"
#include "plugins/tsk/iso_sessions.h"
#include "plugins/tsk/journal.h"
#include "plugins/tsk/lznt1.h"
#include "plugins/tsk/recognise.h"
#include "plugins/tsk/times.h"
#include "plugins/tsk/walker.h"

namespace triage {
namespace {

using namespace tsk;

struct CloseFilesystem {
    void operator()(TSK_FS_INFO* fs) const { tsk_fs_close(fs); }
};
using FilesystemHandle = std::unique_ptr<TSK_FS_INFO, CloseFilesystem>;
struct ClosePool {
    void operator()(const TSK_POOL_INFO* pool) const { tsk_pool_close(pool); }
};
using PoolHandle = std::unique_ptr<const TSK_POOL_INFO, ClosePool>;
struct CloseImage {
    void operator()(TSK_IMG_INFO* image) const { tsk_img_close(image); }
};
using ImageHandle = std::unique_ptr<TSK_IMG_INFO, CloseImage>;

constexpr TSK_FS_TYPE_ENUM types_to_ask[] = {
    TSK_FS_TYPE_NTFS_DETECT, TSK_FS_TYPE_FAT_DETECT,     TSK_FS_TYPE_EXT_DETECT,    TSK_FS_TYPE_FFS_DETECT,
    TSK_FS_TYPE_HFS_DETECT,  TSK_FS_TYPE_ISO9660_DETECT, TSK_FS_TYPE_YAFFS2_DETECT,
};

// A volume of an APFS container: its file system reads through an image that the pool makes. Declared in this order so
// that the file system closes first.
struct PoolVolume {
    ImageHandle image;
    FilesystemHandle fs;
    PoolVolume(const TSK_POOL_INFO* pool, const TSK_POOL_VOLUME_INFO& v)
        : image(pool->get_img_info(pool, v.block)),
          fs(image ? tsk_fs_open_img(image.get(), 0, TSK_FS_TYPE_APFS) : nullptr) {}
};

enum class Loss { none, content, entries };

void report(WalkSink& sink, ProblemKind kind, std::string detail, Loss loss = Loss::content) {
    Problem problem;
    problem.kind = kind;
    problem.detail = std::move(detail);
    problem.hides_entries = loss == Loss::entries;
    problem.is_lossless = loss == Loss::none;
    sink.problem(problem);
}

void report_unrecognised(const Recognised& found, WalkSink& sink) {
    Filesystem fs;
    fs.type = found.type;
    fs.is_readable = false;
    sink.filesystem(fs);
    if (!found.is_swap) report(sink, found.kind, found.words);
}

bool holds_type(const std::vector<Recognised>& headers, std::string_view type) {
    return std::any_of(headers.begin(), headers.end(), [&](const Recognised& h) { return h.type == type; });
}

// Blocks that the file system claims beyond the end of its volume: an image cut short.
std::uint64_t missing_blocks(const TSK_FS_INFO& fs) {
    const bool is_plain = fs.block_pre_size == 0 && fs.block_post_size == 0;
    return is_plain && fs.last_block_act < fs.last_block ? fs.last_block - fs.last_block_act : 0;
}

bool is_striped(const std::vector<Recognised>& headers) {
    return std::any_of(headers.begin(), headers.end(),
                       [](const Recognised& h) { return h.raid && !h.raid->is_mirror(); });
}

// What a file system says on a member of an array that is not its own, where all of it may be.
class Guessed : public WalkSink {
  public:
    explicit Guessed(WalkSink& sink) : sink_(sink) {}
    void filesystem(const Filesystem& fs) override { sink_.filesystem(fs); }
    void entry(const Entry& entry) override {
        Entry guessed = entry;
        if (guessed.placement == Placement::recorded) guessed.placement = Placement::assumed;
        sink_.entry(guessed);
    }
    void problem(const Problem& problem) override { sink_.problem(problem); }
    void counts(const WalkCounts& counts) override { sink_.counts(counts); }
    bool may_enter(std::uint64_t address, std::string_view path) override { return sink_.may_enter(address, path); }

  private:
    WalkSink& sink_;
};

// What libtsk opens, or would, but reads other than its kernel does. YAFFS2: chunks are joined to versions by guess,
// and those that a shrink header took away come back when the file grows.
std::string why_unsound(const OpenFilesystem& open, bool is_striped) {
    if (open.fs->ftype == TSK_FS_TYPE_YAFFS2) return "YAFFS2: not read by this build";
    if (is_striped && missing_blocks(*open.fs) > 0)
        return "it goes on on other members of a Linux RAID: not read by this build";
    if (open.ext4) return open.ext4->why_unsupported();
    if (open.apfs_superblock) return why_unsupported_apfs_volume(open.image, *open.apfs_superblock);
    return why_unsupported_fat(open.fs->ftype, open.image);
}

OpenFilesystem open_parts(TSK_FS_INFO* fs, Image& image) {
    OpenFilesystem open{fs, image, std::nullopt, std::nullopt, std::nullopt};
    if (TSK_FS_TYPE_ISEXT(fs->ftype)) open.ext4.emplace(image);
    if (fs->ftype == TSK_FS_TYPE_EXFAT) open.exfat.emplace(image);
    if (TSK_FS_TYPE_ISISO9660(fs->ftype)) open.iso.emplace(image);
    return open;
}

class TskFilesystem : public FilesystemReader {
  public:
    std::string_view name() const override { return "tsk"; }
    std::string_view describes() const override {
        return "NTFS, FAT12/16/32, exFAT, ext2/3/4, HFS+, APFS, ISO 9660, UFS1/2 (The Sleuth Kit)";
    }

    bool walk(const MediaReader& media, const Volume& volume, const WalkLimits& limits, bool probe_only,
              WalkSink& sink) const override {
        Image image(media, volume.start, volume.length);
        const std::vector<Recognised> headers = recognise(image);
        image.take_flaws();
        std::set<std::string> types;
        Guessed guessed(sink);
        const bool on_stripes = is_striped(headers);
        const Walk walk{image, limits, probe_only, on_stripes, on_stripes ? guessed : sink, types};
        for (const Recognised& header : headers)
            if (header.is_boot_sector) return report_unrecognised(header, sink), true;
        show_inode_size(image);
        // libtsk looks for a container where it finds no file system; one may be written into the other.
        const bool has_filesystem = walk.detected() || (holds_type(headers, "fat32") && walk.small_fat32());
        const bool has_pool = (!has_filesystem || holds_type(headers, "apfs")) && walk.pool();
        if (!has_filesystem && !has_pool) return walk.nothing_found(headers), true;
        if (has_filesystem && has_pool)
            report(sink, ProblemKind::ambiguous, "an APFS container answers as well; both were examined");
        if (types.contains("iso9660")) walk.later_sessions();
        if (!types.empty()) walk.others(headers);
        return true;
    }

    void read(const MediaReader& media, const Volume& volume,
              const std::function<std::optional<ContentRequest>()>& next, ContentSink& sink,
              const std::function<void(Reason, std::string_view)>& done) const override;

  private:
    struct Walk {
        Image& image;
        const WalkLimits& limits;
        bool probe_only, is_striped;
        WalkSink& sink;
        std::set<std::string>& types;  // that opened

        // `superblock`: where that of an APFS volume stands; the sector of the descriptors of a later session.
        void one(TSK_FS_INFO* handle, std::string inner, std::string label,
                 std::optional<std::uint64_t> superblock = std::nullopt) const {
            Filesystem fs;
            fs.inner = std::move(inner);
            fs.label = std::move(label);
            fs.type = tsk_fs_type_toname(handle->ftype);
            fs.block_size = handle->block_size;
            set_time_forms(handle->ftype, fs);
            types.insert(fs.type);
            OpenFilesystem open = open_parts(handle, image);
            open.apfs_superblock = superblock;
            if (open.iso && superblock) open.iso.emplace(image, *superblock);
            const std::string unsound = why_unsound(open, is_striped);
            fs.is_readable = unsound.empty();
            sink.filesystem(fs);
            if (fs.is_readable) report_unapplied(open);
            for (const BadRange& flaw : image.take_flaws()) sink.problem(problem_of(flaw, image.sector_size()));
            if (const std::uint64_t missing = missing_blocks(*handle))
                report(sink, ProblemKind::damaged,
                       fmt::format("the file system goes on for {} blocks of {} bytes behind the end of its volume",
                                   missing, handle->block_size));
            if (handle->offset != 0)
                report(sink, ProblemKind::unsupported, "the classic HFS wrapper around it: not read by this build");
            if (!fs.is_readable) return report(sink, ProblemKind::unsupported, unsound);
            if (probe_only) return;
            Walker(open, limits, sink).walk();
        }

        void report_unapplied(OpenFilesystem& open) const {
            if (!sink.may_enter(0, "journal"))
                return report(sink, ProblemKind::aborted, "looking into its journal ended the worker", Loss::entries);
            const std::string changes = unapplied_changes(open);
            // The log of each Windows that was not shut down is in use, and holds what its last seconds changed.
            const bool is_ntfs = TSK_FS_TYPE_ISNTFS(open.fs->ftype);
            if (!changes.empty()) report(sink, ProblemKind::unsupported, changes, is_ntfs ? Loss::none : Loss::entries);
        }

        bool detected() const {
            if (!sink.may_enter(0, "detect"))
                return report(sink, ProblemKind::aborted, "detection ended the worker"), true;
            take_error();
            const FilesystemHandle fs(tsk_fs_open_img(image.handle(), 0, TSK_FS_TYPE_DETECT));
            if (fs) return one(fs.get(), {}, {}), true;
            // libtsk names the candidates: "Cannot determine file system type (NTFS or ext4)".
            const bool is_ambiguous = take_error().find(" or ") != std::string::npos;
            return is_ambiguous && each_type();
        }

        // libtsk goes by the number of clusters; kernels know FAT32 by fields that no other FAT has.
        bool small_fat32() const {
            const FilesystemHandle fs(tsk_fs_open_img(image.handle(), 0, TSK_FS_TYPE_FAT32));
            take_error();
            if (fs) one(fs.get(), {}, {});
            return fs != nullptr;
        }

        // More than one file system answers: each is walked, and the ambiguity reported.
        bool each_type() const {
            int found = 0;
            for (TSK_FS_TYPE_ENUM type : types_to_ask) {
                const FilesystemHandle fs(tsk_fs_open_img(image.handle(), 0, type));
                take_error();
                if (fs) one(fs.get(), found == 0 ? "" : fmt::format("fs{}", found), {}), ++found;
            }
            if (found > 0)
                report(sink, ProblemKind::ambiguous, fmt::format("{} file systems answer; each was examined", found));
            return found > 0;
        }

        void later_sessions() const {
            const std::vector<std::uint64_t> sessions = later_iso_sessions(image);
            int number = 1, opened = 1;
            for (const std::uint64_t descriptors : sessions) {
                const std::string inner = fmt::format("session{}", ++number);
                if (!sink.may_enter(descriptors, inner)) {
                    report(sink, ProblemKind::aborted, "opening a later session of the disc ended the worker");
                    continue;
                }
                show_iso_session(image, descriptors);
                const FilesystemHandle fs(tsk_fs_open_img(image.handle(), 0, TSK_FS_TYPE_ISO9660_DETECT));
                const std::string error = take_error();
                if (fs) one(fs.get(), inner, {}, descriptors), ++opened;
                else report(sink, ProblemKind::damaged, "a later session of the disc cannot be opened: " + error);
            }
            if (!sessions.empty())
                report(sink, ProblemKind::ambiguous,
                       fmt::format("a disc of {} sessions, of which {} were examined", number, opened));
        }

        bool pool() const {
            if (!sink.may_enter(0, "pool"))
                return report(sink, ProblemKind::aborted, "detection ended the worker"), true;
            const PoolHandle pool(tsk_pool_open_img_sing(image.handle(), 0, TSK_POOL_TYPE_APFS));
            take_error();
            if (!pool) return false;
            for (const std::string& flaw : apfs_container_flaws(image))
                report(sink, ProblemKind::damaged, "APFS container: " + flaw);
            const std::string unsupported = why_unsupported_apfs_container(image);
            int number = 0;
            for (const TSK_POOL_VOLUME_INFO* v = pool->vol_list; v; v = v->next) {
                const std::string inner = fmt::format("vol{}", number++), label = v->desc ? v->desc : "";
                if (!unsupported.empty()) unreadable(inner, label, ProblemKind::unsupported, unsupported);
                else if (!(v->flags & TSK_POOL_VOLUME_FLAG_ENCRYPTED)) pool_volume(pool.get(), *v, inner, label);
                else unreadable(inner, label, ProblemKind::locked, "encrypted APFS volume; no key is known");
            }
            return number > 0;
        }

        void pool_volume(const TSK_POOL_INFO* pool, const TSK_POOL_VOLUME_INFO& v, const std::string& inner,
                         const std::string& label) const {
            if (!sink.may_enter(v.block, inner))
                return unreadable(inner, label, ProblemKind::aborted, "opening it ended the worker");
            const PoolVolume opened(pool, v);
            if (opened.fs) return one(opened.fs.get(), inner, label, checked_multiply(v.block, pool->block_size));
            unreadable(inner, label, ProblemKind::damaged, "APFS volume cannot be opened: " + take_error());
        }

        void unreadable(const std::string& inner, const std::string& label, ProblemKind kind, std::string why) const {
            Filesystem fs;
            fs.inner = inner, fs.label = label, fs.type = "apfs", fs.is_readable = false;
            types.insert(fs.type);
            sink.filesystem(fs);
            report(sink, kind, std::move(why));
        }

        // Beside what was read: the shell that BitLocker To Go shows, which is not the content; the other half of a
        // disc for two systems; what an earlier format left.
        void others(const std::vector<Recognised>& headers) const {
            for (const Recognised& header : headers)
                if (header.raid) on_raid(*header.raid);
                else if (header.is_borne_out && !header.is_swap && !is_opened(header.type))
                    report(sink, header.kind, "beside what was read: " + header.words);
        }

        void on_raid(const RaidMember& raid) const {
            if (raid.is_mirror())
                return report(sink, ProblemKind::unsupported, raid.words() + ": it was read as it stands", Loss::none);
            report(sink, ProblemKind::unsupported,
                   raid.words() + ": what was read here may not be what the array holds");
        }

        // By what libtsk's names and ours begin with alike: "ext4" and "ext", "fat16" and "fat32".
        bool is_opened(std::string_view type) const {
            return std::any_of(types.begin(), types.end(),
                               [&](std::string_view o) { return o.substr(0, 3) == type.substr(0, 3); });
        }

        void nothing_found(const std::vector<Recognised>& headers) const {
            const ReadFlaws flaws = image.take_flaws();
            for (const BadRange& flaw : flaws) sink.problem(problem_of(flaw, image.sector_size()));
            if (!headers.empty()) return unread(headers);
            if (!flaws.empty()) return report(sink, ProblemKind::unreadable, "its start cannot be read");
            report(sink, ProblemKind::unrecognised,
                   looks_blank(image) ? "no file system; its first and last 64 KiB hold one repeated byte"
                                      : "no known file system");
        }

        void unread(std::vector<Recognised> headers) const {
            const std::string why = Ext4Inodes(image).why_unsupported();
            for (Recognised& header : headers)
                if (header.type == "ext" && !why.empty()) header.kind = ProblemKind::unsupported, header.words = why;
            report_unrecognised(headers[0], sink);
            for (std::size_t i = 1; i < headers.size(); ++i)
                if (!headers[i].is_swap) report(sink, headers[i].kind, "beside it: " + headers[i].words);
        }
    };
};

// Contents for one volume: the file system stays open between requests.
class ContentReader {
  public:
    ContentReader(const MediaReader& media, const Volume& volume) : image_(media, volume.start, volume.length) {}

    std::pair<Reason, std::string> read(const ContentRequest& request, ContentSink& sink) {
        if (!open(request.inner, request.fs_type)) return {Reason::damaged, "file system cannot be opened again"};
        const FileHandle file(tsk_fs_file_open_meta(fs_, nullptr, request.address));
        if (!file) return {Reason::damaged, take_error()};
        const TSK_FS_ATTR* attribute =
            tsk_fs_file_attr_get_type(file.get(), static_cast<TSK_FS_ATTR_TYPE_ENUM>(request.attribute >> 16),
                                      static_cast<std::uint16_t>(request.attribute), 1);
        const std::uint64_t most = std::min(request.size, request.most);
        const auto see = [&](ByteView piece) { sink.data(piece); };
        if (const auto compressed = compressed_fork(file.get());
            compressed && compressed->fork == attribute && compressed->record.size == request.size)
            return outcome(decode_in_fork(compressed->record, most, reader_of(*attribute), see));
        const bool is_ntfs = TSK_FS_TYPE_ISNTFS(fs_->ftype);
        if (is_ntfs && attribute && attribute->size >= 0 && static_cast<std::uint64_t>(attribute->size) == request.size)
            return outcome(read_compressed(image_, *attribute, most, see));
        return {Reason::damaged, "its attribute is not as it was listed"};
    }

  private:
    static std::function<bool(std::uint64_t, MutableBytes)> reader_of(const TSK_FS_ATTR& attribute) {
        return [&attribute](std::uint64_t offset, MutableBytes out) {
            take_error();
            const ssize_t got =
                tsk_fs_attr_read(&attribute, static_cast<TSK_OFF_T>(offset), reinterpret_cast<char*>(out.data()),
                                 out.size(), TSK_FS_FILE_READ_FLAG_NONE);
            // libtsk's false successes: an error text beside bytes, or fewer bytes than asked for.
            return got == static_cast<ssize_t>(out.size()) && take_error().empty();
        };
    }

    // `why`: it was decoded up to there only.
    std::pair<Reason, std::string> outcome(std::string why) {
        const ReadFlaws flaws = image_.take_flaws();
        if (!flaws.empty()) return {reason_of(flaws.front().cause), flaws.front().detail};
        return {why.empty() ? Reason::none : Reason::damaged, std::move(why)};
    }

    bool open(const std::string& inner, const std::string& fs_type) {
        if (fs_ && inner == inner_ && fs_type == fs_type_) return true;
        fs_ = nullptr;
        plain_.reset();
        pool_volume_.reset();
        inner_ = inner, fs_type_ = fs_type;
        if (fs_type != "apfs") {
            plain_.reset(tsk_fs_open_img(image_.handle(), 0, tsk_fs_type_toid_utf8(fs_type.c_str())));
            fs_ = plain_.get();
            return fs_ != nullptr;
        }
        if (!pool_) pool_.reset(tsk_pool_open_img_sing(image_.handle(), 0, TSK_POOL_TYPE_APFS));
        const TSK_POOL_VOLUME_INFO* v = pool_ ? pool_->vol_list : nullptr;
        for (int number = 0; v && inner != fmt::format("vol{}", number); ++number) v = v->next;
        if (v) pool_volume_.emplace(pool_.get(), *v), fs_ = pool_volume_->fs.get();
        return fs_ != nullptr;
    }

    Image image_;
    PoolHandle pool_;  // outlives its volume, which reads through it
    std::optional<PoolVolume> pool_volume_;
    FilesystemHandle plain_;
    TSK_FS_INFO* fs_ = nullptr;  // the one that is open
    std::string inner_, fs_type_;
};

void TskFilesystem::read(const MediaReader& media, const Volume& volume,
                         const std::function<std::optional<ContentRequest>()>& next, ContentSink& sink,
                         const std::function<void(Reason, std::string_view)>& done) const {
    ContentReader reader(media, volume);
    while (const std::optional<ContentRequest> request = next()) {
        const auto [reason, detail] = reader.read(*request, sink);
        done(reason, detail);
    }
}

}  // namespace

const FilesystemReader& tsk_filesystem() {
    static const TskFilesystem reader;
    return reader;
}

}  // namespace triage
