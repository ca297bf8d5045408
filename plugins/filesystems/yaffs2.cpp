// SPDX-License-Identifier: Apache-2.0
// YAFFS2 in a dump of NAND flash: pages of data, each followed by a spare area with its tags. Nothing is overwritten in
// place: the content of a file is what its newest pages say, so the pages are read once from the newest to the oldest.
// libtsk 4.11.1 opens such dumps too, but gives back what a shrinking file left behind.
// Format and rules: yaffs2's own yaffs_packedtags2.h (tags), yaffs_guts.h (struct yaffs_obj_hdr) and
// yaffs_yaffs2.c (yaffs2_scan_backwards).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "engine/evidence/filesystem.h"
#include "engine/media/media_reader.h"
#include "plugins/tsk/recognise.h"

namespace triage {
namespace {

constexpr std::uint32_t lowest_sequence = 0x1000, highest_sequence = 0xefffff00, checkpoint_sequence = 0x21;
constexpr std::uint32_t most_object = 0x3ffff, most_chunk = 0xfffff;
constexpr std::uint32_t root = 1, lost_and_found = 2, unlinked = 3, deleted = 4;
constexpr std::uint64_t most_pages = 4'000'000;  // 8 GiB of pages of 2 KiB: their tags fit into a worker's memory
constexpr std::uint64_t pages_at_once = 256, pages_to_recognise = 64;
enum Type : std::uint32_t { file = 1, link = 2, directory = 3, hard_link = 4, special = 5 };

// How a chip was dumped.
struct Layout {
    std::uint32_t page = 0, spare = 0;  // bytes
    bool is_big_endian = false;
    std::uint32_t stride() const { return page + spare; }
    std::uint32_t number(ByteView bytes, std::uint64_t offset) const {
        const auto value =
            is_big_endian ? load_be<std::uint32_t>(bytes, offset) : load_le<std::uint32_t>(bytes, offset);
        return value.value_or(0);
    }
};

struct Tags {
    std::uint32_t sequence = 0, object = 0, chunk = 0, bytes = 0;  // chunk 0: the page is an object's header
    std::uint32_t page = 0;                                        // its number in the dump
};

bool is_blank(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0xff}; });
}

// Tags that yaffs2 could have written; a header may carry its object's type and parent in their upper bits.
std::optional<Tags> read_tags(const Layout& layout, ByteView spare) {
    constexpr std::uint32_t has_extra = 0x80000000, below_type = 0x0fffffff;
    Tags tags{layout.number(spare, 0), layout.number(spare, 4), layout.number(spare, 8), layout.number(spare, 12), 0};
    if (tags.chunk & has_extra) tags.object &= below_type, tags.chunk = tags.bytes = 0;
    const bool is_sound = tags.sequence >= lowest_sequence && tags.sequence < highest_sequence && tags.object > 0 &&
                          tags.object <= most_object && tags.chunk <= most_chunk &&
                          (tags.chunk == 0 || tags.bytes <= layout.page);
    return is_sound ? std::optional(tags) : std::nullopt;
}

struct Header {
    std::uint32_t type = 0, parent = 0, equivalent = 0, shadows = 0;
    bool is_shrink = false;
    std::uint64_t size = 0;
    std::string name;
    Times times;
    bool is_deletion() const { return parent == unlinked || parent == deleted; }
};

// struct yaffs_obj_hdr
std::optional<Header> read_header(const Layout& layout, ByteView page) {
    constexpr std::size_t name_at = 10, longest_name = 255, header_bytes = 512;
    if (page.size() < header_bytes) return std::nullopt;
    const auto number = [&](std::uint64_t at) { return layout.number(page, at); };
    Header h;
    h.type = number(0), h.parent = number(4);
    if (h.type < file || h.type > special || h.parent == 0 || h.parent > most_object) return std::nullopt;
    const std::string_view name = as_text(page.subspan(name_at, longest_name + 1));
    if (name.find('\0') == std::string_view::npos) return std::nullopt;
    h.name = name.substr(0, name.find('\0'));
    const auto time = [&](std::uint64_t at) { return Timestamp{static_cast<std::int32_t>(number(at)), 0}; };
    h.times.accessed = time(280), h.times.modified = time(284), h.times.changed = time(288);
    const std::uint64_t high = number(496);
    h.size = number(292) | (high == 0xffffffff ? 0 : high << 32);
    h.equivalent = number(296), h.shadows = number(504), h.is_shrink = number(508) == 1;
    return h;
}

struct Object {
    std::optional<Header> header;  // the newest that is no deletion
    bool is_deleted = false;       // a newer one deletes it
    std::uint64_t shrunk_to = ~0ull;
    std::map<std::uint32_t, Tags> chunks;  // the newest of each
    void shrink(std::uint64_t size) { shrunk_to = std::min(shrunk_to, size); }
};

Problem problem_of(ProblemKind kind, std::string detail) {
    Problem problem;
    problem.kind = kind, problem.detail = std::move(detail), problem.hides_entries = true;
    return problem;
}

class Dump {
  public:
    Dump(const MediaReader& media, const Volume& volume) : media_(media), volume_(volume) {}

    // Every page of the dump's start that is not erased has sound tags, those of a header among them.
    bool is_recognised() {
        for (const auto& [page, spare] : {std::pair{2048u, 64u}, {4096u, 128u}, {4096u, 224u}, {1024u, 32u}})
            for (const bool is_big_endian : {false, true}) {
                layout_ = {page, spare, is_big_endian};
                if (fits()) return true;
            }
        return false;
    }

    // The tags of all pages, newest first; problems of what could not be read.
    void read_pages(WalkSink& sink) {
        const std::uint64_t count = std::min(most_pages, volume_.length / layout_.stride());
        if (count < volume_.length / layout_.stride())
            sink.problem(problem_of(ProblemKind::capped, fmt::format("more than {} pages", most_pages)));
        std::uint64_t lost = 0;
        for (std::uint64_t first = 0; first < count; first += pages_at_once) {
            const ByteView bytes =
                read(first * layout_.stride(), std::min(pages_at_once, count - first) * layout_.stride());
            for (std::uint64_t at = 0; at < bytes.size(); at += layout_.stride(), ++lost) {
                const ByteView spare = bytes.subspan(at + layout_.page, layout_.spare);
                const bool is_checkpoint = layout_.number(spare, 0) == checkpoint_sequence;
                auto tags = read_tags(layout_, spare);
                if (tags)
                    tags->page = static_cast<std::uint32_t>(first + at / layout_.stride()), pages_.push_back(*tags);
                if (tags || is_checkpoint || is_blank(spare)) --lost;
            }
            for (const BadRange& flaw : std::exchange(flaws_, {}))
                sink.problem(problem_of(ProblemKind::unreadable, flaw.detail));
        }
        is_whole_ = lost == 0 && is_readable_;
        if (lost > 0)
            sink.problem(
                problem_of(ProblemKind::damaged,
                           fmt::format("the tags of {} pages make no sense: what they held is not known", lost)));
        std::stable_sort(pages_.begin(), pages_.end(), [](const Tags& a, const Tags& b) {
            return std::pair(a.sequence, a.page) > std::pair(b.sequence, b.page);
        });
    }

    // yaffs2_scan_backwards
    void replay(WalkSink& sink) {
        std::uint64_t lost = 0;
        for (const Tags& tags : pages_) {
            Object& object = objects_[tags.object];
            if (tags.chunk > 0) {
                if (std::uint64_t{tags.chunk - 1} * layout_.page < object.shrunk_to)
                    object.chunks.try_emplace(tags.chunk, tags);
                continue;
            }
            const auto header = read_header(layout_, read(std::uint64_t{tags.page} * layout_.stride(), layout_.page));
            if (!header) ++lost;
            else if (object.header) {
                if (header->is_deletion()) object.shrink(0);  // of an earlier object of this number
                else if (header->is_shrink) object.shrink(header->size);
            } else if (header->is_deletion()) {
                object.is_deleted = true;
            } else {
                object.header = *header;
                object.shrink(header->size);
                // Renamed over another object, which is gone unless it was written since.
                if (header->shadows > deleted && header->shadows <= most_object) {
                    Object& shadowed = objects_[header->shadows];
                    shadowed.is_deleted = shadowed.is_deleted || !shadowed.header;
                }
            }
        }
        is_whole_ = is_whole_ && lost == 0;
        if (lost > 0)
            sink.problem(problem_of(
                ProblemKind::damaged,
                fmt::format("{} pages should be headers, and are none: what they named or ended is not known", lost)));
    }

    void list(const WalkLimits& limits, WalkSink& sink) {
        WalkCounts counts;
        std::uint64_t entries = 0;
        for (const auto& [number, object] : objects_) {
            if (number <= deleted) continue;
            const std::uint32_t type = object.header ? object.header->type : static_cast<std::uint32_t>(file);
            if (type != file && type != hard_link) {
                ++(type == directory ? counts.directories : type == link ? counts.links : counts.others);
                continue;
            }
            const Entry entry = entry_of(number, object, limits);
            if (entry.state != EntryState::allocated && object.chunks.empty()) continue;  // nothing of it is left
            if (entry.state == EntryState::deleted && !limits.deleted) continue;
            if (entry.state == EntryState::orphan && !limits.orphans) continue;
            if (++entries > limits.entries) {
                sink.problem(problem_of(ProblemKind::capped, fmt::format("more than {} entries", limits.entries)));
                break;
            }
            sink.entry(entry);
        }
        if (astray_ > 0)
            sink.problem(problem_of(ProblemKind::capped,
                                    fmt::format("{} entries are below more than {} folders, or these lead in a circle",
                                                astray_, limits.depth)));
        sink.counts(counts);
    }

    Filesystem describe() const {
        Filesystem fs;
        fs.type = "yaffs2";
        fs.block_size = layout_.page;
        fs.modified = fs.accessed = fs.changed = fs.created = {0, true, false};
        return fs;
    }

  private:
    bool fits() {
        const std::uint64_t count = std::min(pages_to_recognise, volume_.length / layout_.stride());
        std::uint64_t headers = 0, tagged = 0, bare = 0;
        for (std::uint64_t page = 0; page < count; ++page) {
            const ByteView bytes = read(page * layout_.stride(), layout_.stride());
            if (!std::exchange(flaws_, {}).empty()) continue;
            const ByteView spare = bytes.subspan(layout_.page);
            if (is_blank(spare)) bare += !is_blank(bytes.first(layout_.page));
            if (is_blank(spare) || layout_.number(spare, 0) == checkpoint_sequence) continue;
            const auto tags = read_tags(layout_, spare);
            if (!tags) return false;
            if (tags->chunk == 0 && !read_header(layout_, bytes.first(layout_.page))) return false;
            headers += tags->chunk == 0, ++tagged;
        }
        return headers > 0 && bare <= tagged;  // content goes with its tags, but for a write that was cut short
    }

    ByteView read(std::uint64_t offset, std::uint64_t length) {
        buffer_.resize(length);
        ReadFlaws flaws = media_.read(volume_.start + offset, buffer_, window_);
        is_readable_ = is_readable_ && flaws.empty();
        flaws_.insert(flaws_.end(), flaws.begin(), flaws.end());
        return buffer_;
    }

    // Directories from the root down, and whether they lead there. A loop leads nowhere.
    std::pair<std::string, bool> folder_of(std::uint32_t number, const WalkLimits& limits) {
        std::string path;
        for (std::uint32_t depth = 0; depth < limits.depth; ++depth) {
            if (number == root) return {path, true};
            if (number == lost_and_found) return {"/lost+found" + path, true};
            const auto found = objects_.find(number);
            if (found == objects_.end() || !found->second.header || found->second.is_deleted) return {path, false};
            path = "/" + name_of(number, found->second) + path;
            number = found->second.header->parent;
        }
        ++astray_;
        return {path, false};
    }

    static std::string name_of(std::uint32_t number, const Object& object) {
        return object.header && !object.header->name.empty() ? object.header->name : fmt::format("obj{}", number);
    }

    Entry entry_of(std::uint32_t number, const Object& object, const WalkLimits& limits) {
        const auto [folder, is_rooted] =
            object.header ? folder_of(object.header->parent, limits) : std::pair{std::string(), false};
        Entry entry;
        entry.path = (is_rooted ? folder : "/$OrphanFiles" + folder) + "/" + name_of(number, object);
        entry.state = object.is_deleted ? EntryState::deleted : is_rooted ? EntryState::allocated : EntryState::orphan;
        entry.address = number;
        if (object.header) entry.times = object.header->times;
        const Object* content = &object;
        if (object.header && object.header->type == hard_link) {
            const auto target = objects_.find(object.header->equivalent);
            content = target != objects_.end() && target->second.header && target->second.header->type == file
                          ? &target->second
                          : nullptr;
            entry.address = object.header->equivalent;
        }
        if (content) locate(*content, entry);
        else entry.source = Source::none, entry.reason = Reason::damaged;
        return entry;
    }

    void locate(const Object& object, Entry& entry) const {
        entry.size = object.header ? object.header->size : 0;
        if (!object.chunks.empty()) {  // written on since its header
            const auto& [last, tags] = *object.chunks.rbegin();
            entry.size = std::max(entry.size, std::uint64_t{last - 1} * layout_.page + tags.bytes);
        }
        // What is gone may be gone in part, and an unreadable page may have held what is newer.
        const bool is_gone = entry.state != EntryState::allocated;
        if (is_gone || !is_whole_) entry.placement = Placement::assumed;
        const std::uint64_t chunks = entry.size / layout_.page + (entry.size % layout_.page != 0);
        if (is_gone && object.chunks.size() < chunks)
            return void((entry.source = Source::none, entry.reason = Reason::unrecoverable));
        std::uint64_t at = 0;
        const auto add = [&](std::uint64_t place, std::uint64_t length) {
            if (length > 0) entry.extents.push_back({place, length}), at += length;
        };
        for (const auto& [chunk, tags] : object.chunks) {
            const std::uint64_t start = std::uint64_t{chunk - 1} * layout_.page;
            if (start >= entry.size) break;
            if (start > at) add(Extent::hole, start - at);
            add(volume_.start + std::uint64_t{tags.page} * layout_.stride(),
                std::min<std::uint64_t>(tags.bytes, entry.size - start));
        }
        if (at < entry.size) add(Extent::hole, entry.size - at);
        if (entry.extents.size() > most_extents)
            entry.extents.clear(), entry.source = Source::none, entry.reason = Reason::limit;
    }

    const MediaReader& media_;
    const Volume& volume_;
    Layout layout_;
    BlockWindow window_;
    Bytes buffer_;
    ReadFlaws flaws_;
    bool is_readable_ = true, is_whole_ = true;
    std::uint64_t astray_ = 0;  // entries that were given up on the way to the root
    std::vector<Tags> pages_;
    std::map<std::uint32_t, Object> objects_;
};

class Yaffs2Filesystem : public FilesystemReader {
  public:
    std::string_view name() const override { return "yaffs2"; }
    std::string_view describes() const override { return "YAFFS2 in dumps of NAND flash with their spare areas"; }

    bool walk(const MediaReader& media, const Volume& volume, const WalkLimits& limits, bool probe_only,
              WalkSink& sink) const override {
        Dump dump(media, volume);
        if (!dump.is_recognised()) return false;
        sink.filesystem(dump.describe());
        if (probe_only) return true;
        dump.read_pages(sink);
        dump.replay(sink);
        dump.list(limits, sink);
        // A dump may be made that another system reads as something else.
        tsk::Image image(media, volume.start, volume.length);
        for (const tsk::Recognised& other : tsk::recognise(image))
            if (other.is_borne_out && !other.is_swap && other.type != "yaffs2")
                sink.problem(problem_of(ProblemKind::unsupported,
                                        "beside YAFFS2 stands a header of " + other.type + ": it was not examined"));
        return true;
    }

    // It needs no content worker.
    void read(const MediaReader&, const Volume&, const std::function<std::optional<ContentRequest>()>&, ContentSink&,
              const std::function<void(Reason, std::string_view)>&) const override {}
};

}  // namespace

const FilesystemReader& yaffs2_filesystem() {
    static const Yaffs2Filesystem reader;
    return reader;
}

}  // namespace triage
