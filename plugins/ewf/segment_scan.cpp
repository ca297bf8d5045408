// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/segment_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugins/ewf/header_values.h"
#include "plugins/ewf/table.h"

namespace triage::ewf {
namespace {

// Metz, "Digest section", "Hash section", "Error2 section".
constexpr std::size_t digest_size = 80;
constexpr std::size_t hash_size = 36;
constexpr std::size_t error_header_size = 520;
constexpr std::size_t error_entry_size = 8;

struct Section {
    std::string type;
    std::uint64_t start = 0;  // of the descriptor
    std::uint64_t end = 0;
    std::uint64_t content() const { return start + descriptor_size; }
    std::uint64_t content_size() const { return end - content(); }
};

bool is_empty(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

class Scanner {
  public:
    Scanner(const SegmentFiles& files, std::uint32_t file, bool is_smart, std::size_t& sections_left)
        : files_(files), file_(file), size_(files.segments()[file].size), sections_left_(sections_left) {
        scan_.file = file;
        scan_.is_smart = is_smart;
    }

    SegmentScan run() {
        if (!read_file_header()) return std::move(scan_);
        std::uint64_t position = file_header_size;
        while (const auto next = step(position)) position = *next;
        flush_table();
        if (!scan_.has_done && !scan_.has_next) add_gap(broken_.empty() ? "its section chain is broken" : broken_);
        note_bad_headers();
        return std::move(scan_);
    }

  private:
    void report(ProblemKind kind, std::string detail, bool is_lossless = false) {
        Problem problem;
        problem.kind = kind;
        problem.detail = std::move(detail);
        problem.is_lossless = is_lossless;
        scan_.problems.push_back(std::move(problem));
    }

    std::optional<Bytes> read(std::uint64_t position, std::uint64_t size) const {
        if (size > size_ || position > size_ - size) return std::nullopt;
        Bytes bytes(size);
        if (files_.read(file_, position, bytes)) return std::nullopt;
        return bytes;
    }

    bool read_file_header() {
        const auto head = read(0, file_header_size);
        if (!head) {
            broken_ = "its file header is cut off or cannot be read";
            add_gap(broken_);
            return false;
        }
        scan_.kind = kind_of_file(*head);
        scan_.stored_number = load_le<std::uint16_t>(*head, 9).value();
        if (scan_.kind == FileKind::evidence_damaged) report(ProblemKind::damaged, "its signature is damaged", true);
        const bool is_ours = scan_.kind == FileKind::evidence || scan_.kind == FileKind::evidence_damaged;
        if (!is_ours) add_gap("it is not an EWF segment");
        return is_ours;
    }

    std::optional<std::uint64_t> give_up(std::string why) {
        broken_ = std::move(why);
        return std::nullopt;
    }

    bool is_descriptor(std::uint64_t position) const {
        const auto bytes = read(position, descriptor_size);
        return bytes && parse_descriptor(*bytes).is_sound;
    }

    // Takes one section in; the position of the next, nothing at the end of the chain.
    std::optional<std::uint64_t> step(std::uint64_t position) {
        if (sections_left_ == 0) {
            report(ProblemKind::capped, fmt::format("more than {} sections in the set", largest_sections));
            return give_up("it has too many sections");
        }
        --sections_left_;
        const auto bytes = read(position, descriptor_size);
        if (!bytes) return give_up(fmt::format("it is cut off or unreadable at byte {}", position));
        const SectionDescriptor descriptor = parse_descriptor(*bytes);
        const auto end = end_of(descriptor, position);
        if (!end) return std::nullopt;
        take({descriptor.type, position, *end});
        if (!descriptor.is_sound) doubt(descriptor, position);
        const bool is_last = scan_.has_done || scan_.has_next;
        return is_last ? std::nullopt : end;
    }

    // A damaged descriptor may hide a table, or skip one: how many chunks stand here is then unknown, unless it is a
    // table whose own header holds and both of its lengths say the same.
    void doubt(const SectionDescriptor& d, std::uint64_t position) {
        const bool is_sure =
            table_ && table_->has_header && table_->section.start == position && d.next == position + d.size;
        if (is_sure || scan_.has_done || scan_.has_next) return;
        flush_table();
        add_gap(fmt::format("the section at byte {} is damaged", position));
    }

    // The end of the section, which is the start of the next; nothing (and `broken_`) when the chain ends badly.
    std::optional<std::uint64_t> end_of(const SectionDescriptor& d, std::uint64_t position) {
        const bool is_last = d.type == "next" || d.type == "done";
        if (!d.is_sound)
            report(ProblemKind::damaged,
                   fmt::format("checksum of the section descriptor at byte {} differs", position));
        if (is_last && d.is_sound) return position + descriptor_size;
        if (is_last && position + descriptor_size == size_)
            return size_;  // where it belongs: the flaw is elsewhere in it
        for (const std::uint64_t end : {d.next, position + std::min(d.size, size_)}) {
            if (end < position + descriptor_size || end > size_) continue;
            if (!d.is_sound && !is_descriptor(end)) continue;
            if (d.is_sound && d.size != 0 && end == d.next && d.size != d.next - position)
                report(ProblemKind::damaged,
                       fmt::format("size and successor of the section at byte {} contradict each other", position));
            return end;
        }
        give_up(!d.is_sound ? fmt::format("its section chain is damaged at byte {}", position)
                : d.next <= position
                    ? fmt::format("its section chain loops at byte {}", position)
                    : fmt::format("its section chain points outside the file at byte {}, where it may be cut off",
                                  position));
        if (d.is_sound) take_cut(d, position);
        return std::nullopt;
    }

    // A section whose end lies outside the file still says what it is.
    void take_cut(const SectionDescriptor& d, std::uint64_t position) {
        if (d.type == "table" || d.type == "table2" || d.type == "sectors") take({d.type, position, size_});
    }

    void take(const Section& section) {
        const std::string& type = section.type;
        if (type == "table2" && table_) return pair_table(section);
        if (type == "table" || type == "table2") return take_table(section);
        flush_table();
        if (type == "sectors") sectors_ = section;
        else if (type == "volume" || type == "disk") take_volume(section);
        else if (type == "data") take_copy(section);
        else if (type == "header" || type == "header2" || type == "xheader") take_header(section);
        else if (type == "hash") take_hash(section);
        else if (type == "digest") take_digest(section);
        else if (type == "xhash") take_xhash(section);
        else if (type == "error2") take_errors(section);
        else if (type == "ltree") scan_.is_logical = true;
        else if (type == "done") scan_.has_done = true;
        else if (type == "next") scan_.has_next = true;
        else if (type == "incomplete")
            report(ProblemKind::damaged, "a section says that the acquisition was not completed");
        else if (type != "session" && type != "ltypes" && type != "map")
            report(ProblemKind::damaged, fmt::format("unknown section at byte {}", section.start));
    }

    // ---- volume and metadata -----------------------------------------------------------------------------------

    std::optional<Bytes> small_content(const Section& section, std::size_t limit) const {
        return read(section.content(), std::min<std::uint64_t>(section.content_size(), limit));
    }

    void take_volume(const Section& section) {
        const auto bytes = small_content(section, volume_size);
        auto volume = bytes ? parse_volume(*bytes) : std::nullopt;
        scan_.is_smart = volume ? volume->is_smart : section.content_size() < volume_size;
        if (!volume) report(ProblemKind::damaged, "its volume section is damaged", true);
        if (volume && !scan_.volume) scan_.volume = volume;
    }

    void take_copy(const Section& section) {
        const auto bytes = small_content(section, volume_size);
        auto volume = bytes ? parse_volume(*bytes) : std::nullopt;
        if (!volume) report(ProblemKind::damaged, "its data section is damaged", true);
        if (volume && !scan_.copy) scan_.copy = volume;
    }

    void take_header(const Section& section) {
        if (section.type == "xheader") scan_.generation = "ewfx";
        if (section.type == "xheader") return;
        const auto bytes = small_content(section, largest_header + 1);
        const auto text = !bytes                      ? std::nullopt
                          : section.type == "header2" ? parse_header2(*bytes)
                                                      : parse_header(*bytes);
        if (!text) return ++bad_headers_, void();
        if (scan_.generation.empty()) scan_.generation = text->generation;
        has_header_ = true;
        for (const HeaderValue& value : text->values) {
            const auto same = [&](const HeaderValue& known) { return known.name == value.name; };
            if (std::none_of(scan_.header.begin(), scan_.header.end(), same)) scan_.header.push_back(value);
        }
    }

    void note_bad_headers() {
        if (bad_headers_ != 0)
            report(ProblemKind::damaged, fmt::format("{} of its header sections cannot be decoded", bad_headers_),
                   has_header_);
    }

    void add_digest(std::string algorithm, ByteView digest) {
        if (!is_empty(digest)) scan_.digests.push_back({std::move(algorithm), to_hex(digest)});
    }

    void take_hash(const Section& section) {
        const auto bytes = small_content(section, hash_size);
        if (!bytes || bytes->size() < hash_size || !ends_with_checksum(*bytes))
            return report(ProblemKind::damaged, "its hash section is damaged");
        add_digest("md5", ByteView(*bytes).first(16));
    }

    void take_digest(const Section& section) {
        const auto bytes = small_content(section, digest_size);
        if (!bytes || bytes->size() < digest_size || !ends_with_checksum(*bytes))
            return report(ProblemKind::damaged, "its digest section is damaged");
        add_digest("md5", ByteView(*bytes).first(16));
        add_digest("sha1", ByteView(*bytes).subspan(16, 20));
    }

    void take_xhash(const Section& section) {
        const auto bytes = small_content(section, largest_header);
        for (StoredDigest& digest : bytes ? parse_xhash(*bytes) : std::vector<StoredDigest>())
            scan_.digests.push_back(std::move(digest));
    }

    void take_errors(const Section& section) {
        const auto header = read(section.content(), error_header_size);
        if (!header || section.content_size() < error_header_size || !ends_with_checksum(*header))
            return report(ProblemKind::damaged, "its list of acquisition errors is damaged");
        const std::uint64_t count = load_le<std::uint32_t>(*header, 0).value();
        const std::uint64_t room = (section.content_size() - error_header_size) / error_entry_size;
        if (count > room) report(ProblemKind::damaged, "its list of acquisition errors is cut off");
        const std::uint64_t kept = std::min({count, room, std::uint64_t{largest_errors}});
        scan_.has_more_errors = std::min(count, room) > kept;
        const auto entries = read(section.content() + error_header_size, kept * error_entry_size);
        if (!entries) return report(ProblemKind::damaged, "its list of acquisition errors cannot be read");
        if (count == kept && !has_sound_list(section, *entries))
            report(ProblemKind::damaged, "checksum of its list of acquisition errors differs");
        for (std::size_t at = 0; at < entries->size(); at += error_entry_size)
            scan_.errors.push_back({*load_le<std::uint32_t>(*entries, at), *load_le<std::uint32_t>(*entries, at + 4)});
    }

    bool has_sound_list(const Section& section, ByteView entries) const {
        const auto sum = read(section.content() + error_header_size + entries.size(), 4);
        return sum && load_le<std::uint32_t>(*sum, 0) == adler32(entries);
    }

    // ---- tables ------------------------------------------------------------------------------------------------

    void take_table(const Section& section) {
        flush_table();
        TableFacts table = prove_table(files_, file_, {section.start, section.end}, !scan_.is_smart);
        const bool is_second = section.type == "table2";
        // The first copy may have been taken in before something damaged that stands between the two.
        if (is_second && last_table_ && is_copy(*last_table_, table)) return;
        table_ = std::move(table);
        first_copy_is_lost_ = is_second;
    }

    // Metz, "Table2 section": a mirror of the table before it. Only looked at when it is needed, or cheap.
    void pair_table(const Section& section) {
        const TableSection place{section.start, section.end};
        if (table_->has_sound_entries) {
            const TableFacts other = look_at_table(files_, file_, place, !scan_.is_smart);
            if (!other.has_header) note_ = "the second copy of a table is damaged: " + other.why;
            else if (!is_copy(*table_, other)) note_ = "the two copies of a table differ; the first is used";
        } else {
            choose_copy(prove_table(files_, file_, place, !scan_.is_smart));
        }
        flush_table();
    }

    // The first copy is damaged.
    void choose_copy(const TableFacts& other) {
        note_ = fmt::format("a table is damaged ({}); its second copy is used", table_->why);
        if (other.has_sound_entries) {
            table_ = other;
            return;
        }
        if (!table_->has_header && !other.has_header) return;
        const bool have_both = table_->has_header && other.has_header && table_->entry_count == other.entry_count &&
                               table_->base == other.base;
        const TableFacts& guide = table_->has_header ? *table_ : other;
        const TableFacts& second = table_->has_header ? other : *table_;
        // Where one header is damaged its entries still stand behind it, as many as the other header says.
        const bool fits =
            second.section.entries() + std::uint64_t{guide.entry_count} * table_entry_size <= second.section.end;
        twin_ = have_both || (fits && !second.has_header) ? second.section.entries() : 0;
        if (twin_ != 0) table_ = TableFacts(guide);
    }

    void flush_table() {
        if (!table_) return;
        const TableFacts table = *table_;
        table_.reset();
        last_table_ = table;
        std::string note = std::exchange(note_, {});
        const std::uint64_t twin = std::exchange(twin_, 0);
        if (std::exchange(first_copy_is_lost_, false) && table.has_sound_entries)
            note = "the first copy of a table is lost; the second is used";
        if (!table.has_header)
            return add_gap(fmt::format("a table is damaged ({}) and there is no sound copy", table.why));
        if (!note.empty() && table.has_sound_entries) report(ProblemKind::damaged, std::exchange(note, {}), true);
        if (table.entry_count == 0) return;
        add_pieces(table, twin);
    }

    void add_pieces(const TableFacts& table, std::uint64_t twin) {
        Piece piece;
        piece.file = file_;
        piece.position = table.section.entries();
        piece.base = table.base;
        piece.chunk_count = table.entry_count;
        piece.data_end = data_end(table);
        if (!table.has_sound_entries) {
            piece.is_doubtful = true;
            piece.twin_position = twin != 0 ? twin : piece.position;
            piece.note = twin != 0 ? "both copies of a table are damaged; only entries on which they agree are used"
                                   : fmt::format("a table is damaged ({}) and has no second copy", table.why);
        }
        if (!table.has_sound_entries || table.first_wide >= table.entry_count)
            return scan_.pieces.push_back(std::move(piece)), void();
        add_wide(std::move(piece), table.first_wide);
    }

    // Splits the table where its offsets begin to use 32 bits.
    void add_wide(Piece narrow, std::uint32_t first_wide) {
        Piece wide = narrow;
        wide.is_wide = true;
        wide.chunk_count = narrow.chunk_count - first_wide;
        wide.position += std::uint64_t{first_wide} * table_entry_size;
        const auto entry = read(wide.position, table_entry_size);
        const auto boundary =
            entry ? checked_add(narrow.base, load_le<std::uint32_t>(*entry, 0).value()) : std::nullopt;
        narrow.chunk_count = first_wide;
        narrow.data_end = std::min(boundary.value_or(0), size_);
        if (first_wide != 0) scan_.pieces.push_back(std::move(narrow));
        scan_.pieces.push_back(std::move(wide));
    }

    // Where the last chunk of a table ends: at the end of the section that holds it ("sectors", or in EWF-S01 and
    // EnCase 1 the table itself); when no section claims it, at the next thing that is known not to be chunk data.
    std::uint64_t data_end(const TableFacts& table) const {
        const bool is_wide = table.first_wide < table.entry_count;
        const auto last = checked_add(table.base, is_wide ? table.last_entry : table.last_entry & 0x7fff'ffffu);
        const auto holds = [&](std::uint64_t start, std::uint64_t end) { return *last >= start && *last < end; };
        if (!last) return 0;
        if (sectors_ && holds(sectors_->content(), sectors_->end)) return sectors_->end;
        if (holds(table.section.entries(), table.section.end)) return table.section.end;
        if (*last < table.section.start) return table.section.start;
        return size_;
    }

    void add_gap(std::string why) {
        Piece gap;
        gap.file = file_;
        gap.is_gap = true;
        gap.note = std::move(why);
        scan_.pieces.push_back(std::move(gap));
    }

    const SegmentFiles& files_;
    std::uint32_t file_;
    std::uint64_t size_;
    std::size_t& sections_left_;
    SegmentScan scan_;
    std::optional<Section> sectors_;   // the last "sectors" section
    std::optional<TableFacts> table_;  // a table whose second copy may follow
    std::optional<TableFacts> last_table_;
    std::uint64_t twin_ = 0;
    std::string note_;
    bool first_copy_is_lost_ = false;
    std::size_t bad_headers_ = 0;
    bool has_header_ = false;
    std::string broken_;
};

}  // namespace

SegmentScan scan_segment(const SegmentFiles& files, std::uint32_t file, bool is_smart, std::size_t& sections_left) {
    return Scanner(files, file, is_smart, sections_left).run();
}

}  // namespace triage::ewf
