// SPDX-License-Identifier: Apache-2.0
// Rows of entries and contents, back into values.
#include <algorithm>
#include <cassert>
#include <iterator>

#include "engine/case/store_impl.h"

namespace triage {
namespace {

constexpr const char* entry_columns =
    ", e.walk_order, e.volume, e.address, e.attribute, e.path, e.stream, e.kind, e.state, e.placement,"
    " e.size, e.is_metadata, e.source, e.reason, e.modified, e.modified_ns, e.accessed, e.accessed_ns, e.changed,"
    " e.changed_ns, e.created, e.created_ns, c.id, c.status, c.reason, c.missing_bytes, c.md5, c.sha1, c.sha256,"
    " c.matches, c.type";
// CROSS JOIN fixes the nesting: the order is walked, the rest is found by row id.
constexpr const char* from_order =
    " FROM entry_order o CROSS JOIN entry e ON e.id = o.entry_id LEFT JOIN content c ON c.id = o.content_id"
    " WHERE o.ordinal BETWEEN ? AND ? ORDER BY o.ordinal";
constexpr const char* from_findings =
    ", c.extents, f.severity, f.rules FROM finding f CROSS JOIN entry_order o ON o.ordinal = f.ordinal"
    " CROSS JOIN entry e ON e.id = o.entry_id LEFT JOIN content c ON c.id = o.content_id"
    " WHERE f.ordinal BETWEEN ? AND ? ORDER BY f.ordinal";

constexpr const char* from_order_whole =
    ", c.extents, f.severity, f.rules FROM entry_order o CROSS JOIN entry e ON e.id = o.entry_id"
    " LEFT JOIN content c ON c.id = o.content_id LEFT JOIN finding f ON f.ordinal = o.ordinal"
    " WHERE o.ordinal BETWEEN ? AND ? ORDER BY o.ordinal";

// The contents that `seal` found for names without one are in the temporary table `shared`.
constexpr const char* from_entries =
    " FROM entry e LEFT JOIN shared s ON e.content IS NULL AND s.volume = e.volume AND s.address = e.address"
    " AND s.attribute = e.attribute LEFT JOIN content c ON c.id = coalesce(e.content, s.content)"
    " WHERE e.id BETWEEN ? AND ?";

std::string select(EntryCursor::Of of) {
    using Of = EntryCursor::Of;
    switch (of) {
        case Of::entries: return std::string("SELECT o.ordinal") + entry_columns + from_order;
        case Of::whole_entries: return std::string("SELECT o.ordinal") + entry_columns + from_order_whole;
        case Of::findings: return std::string("SELECT f.ordinal") + entry_columns + from_findings;
        case Of::unsorted: return std::string("SELECT e.id") + entry_columns + from_entries;
        case Of::names_without_content:
            return std::string("SELECT e.id") + entry_columns + from_entries + " AND e.content IS NULL";
    }
    assert(false);
    return {};
}

enum Column {
    ordinal,
    walk_order,
    volume,
    address,
    attribute,
    path,
    stream,
    kind,
    state,
    placement,
    size,
    is_metadata,
    source,
    reason,
    modified,
    modified_ns,
    accessed,
    accessed_ns,
    changed,
    changed_ns,
    created,
    created_ns,
    content,
    content_status,
    content_reason,
    missing_bytes,
    md5,
    sha1,
    sha256,
    matches,
    type,
    extents,
    severity,
    rules
};

std::optional<Timestamp> time_at(const Statement& row, int column) {
    const std::int64_t seconds = row.integer(column);
    if (seconds == 0 && row.is_null(column)) return {};
    return Timestamp{seconds, static_cast<std::uint32_t>(row.integer(column + 1))};
}

void read_entry(const std::string& file, const Statement& row, EntryRecord& record) {
    Entry& entry = record.entry;
    record.walk_order = row.unsigned_integer(walk_order);
    record.volume = static_cast<std::uint32_t>(row.integer(volume));
    entry.address = row.unsigned_integer(address);
    entry.attribute = static_cast<std::uint32_t>(row.integer(attribute));
    entry.path = row.text(path);
    entry.stream = row.text(stream);
    entry.kind = decode_enum(file, row.integer(kind), EntryKind::carved);
    entry.state = decode_enum(file, row.integer(state), EntryState::orphan);
    entry.placement = decode_enum(file, row.integer(placement), Placement::reallocated);
    entry.size = row.unsigned_integer(size);
    entry.is_metadata = row.integer(is_metadata) != 0;
    entry.source = decode_enum(file, row.integer(source), Source::none);
    entry.reason = decode_enum(file, row.integer(reason), Reason::not_reached);
    entry.times = {time_at(row, modified), time_at(row, accessed), time_at(row, changed), time_at(row, created)};
    entry.owner.clear();
}

Examined examined_at(const std::string& file, const Statement& row) {
    Examined examined;
    examined.status = decode_enum(file, row.integer(content_status), Status::unreadable);
    examined.reason = decode_enum(file, row.integer(content_reason), Reason::not_reached);
    examined.missing_bytes = row.unsigned_integer(missing_bytes);
    examined.type = row.text(type);
    examined.is_typed = examined.status != Status::hashed && !row.is_null(type);
    examined.digests.md5 = digest_at(row, md5, Algorithm::md5);
    examined.digests.sha1 = digest_at(row, sha1, Algorithm::sha1);
    examined.digests.sha256 = digest_at(row, sha256, Algorithm::sha256);
    return examined;
}

// The scan ended before the content was examined.
Examined not_examined(const Entry& entry) {
    Examined examined;
    examined.reason = entry.reason == Reason::none ? Reason::not_reached : entry.reason;
    examined.missing_bytes = entry.size;
    return examined;
}

void append_le(Bytes& out, std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<std::byte>(value >> shift & 0xFF));
}

}  // namespace

std::optional<Digest> digest_at(const Statement& row, int column, Algorithm algorithm) {
    const ByteView stored = row.blob(column);
    if (stored.empty() && row.is_null(column)) return {};
    Digest digest{algorithm, {}};
    if (stored.size() != digest_size(algorithm)) throw Error("the store", "damaged: a digest of a wrong length");
    std::copy(stored.begin(), stored.end(), digest.bytes.begin());
    return digest;
}

std::vector<std::string> split_words(std::string_view words) {
    std::vector<std::string> parts;
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        parts.emplace_back(words.substr(0, end));
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return parts;
}

EntryCursor::EntryCursor(const Database& database, Of of, std::uint64_t first, std::uint64_t last)
    : rows_(database.prepare(select(of))),
      matches_(database.prepare("SELECT list, record, category, label, agrees, differs, size_agrees, source,"
                                " category_set, alerts, flags FROM match"
                                " WHERE content = ? ORDER BY position")),
      owner_(database.prepare("SELECT name FROM owner WHERE entry = ?")),
      entropy_(database.prepare("SELECT bits FROM entropy WHERE content = ?")),
      libmagic_(database.prepare("SELECT type FROM libmagic_type WHERE content = ?")),
      has_asked_(database.integer("SELECT EXISTS (SELECT 1 FROM owner) OR EXISTS (SELECT 1 FROM entropy)") != 0),
      has_libmagic_(database.integer("SELECT EXISTS (SELECT 1 FROM libmagic_type)") != 0),
      path_(database.path()) {
    rows_.bind(first, last);
}

bool EntryCursor::next() {
    if (!rows_.step()) return false;
    ordinal_ = rows_.unsigned_integer(Column::ordinal);
    record_.finding.reset();
    record_.extents.clear();
    read_entry(path_, rows_, record_);
    record_.examined = rows_.is_null(content) ? not_examined(record_.entry) : examined_at(path_, rows_);
    if (has_libmagic_ && !rows_.is_null(content)) read_libmagic_type();
    return true;
}

void EntryCursor::read_libmagic_type() {
    if (libmagic_.bind(rows_.integer(content)).step()) record_.examined.libmagic_type = libmagic_.text(0);
    libmagic_.reset();
}

void EntryCursor::read_matches() {
    if (rows_.is_null(content) || rows_.integer(matches) == 0) return;
    for (matches_.bind(rows_.integer(content)); matches_.step();) {
        Match& match = record_.examined.matches.emplace_back();
        match.set = static_cast<std::uint32_t>(matches_.integer(0));
        match.record = matches_.unsigned_integer(1);
        match.category = matches_.text(2);
        match.label = matches_.text(3);
        match.agrees = AlgorithmSet::from_bits(static_cast<std::uint8_t>(matches_.integer(4)));
        match.differs = AlgorithmSet::from_bits(static_cast<std::uint8_t>(matches_.integer(5)));
        if (!matches_.is_null(6)) match.size_agrees = matches_.integer(6) != 0;
        match.source = static_cast<std::uint32_t>(matches_.integer(7));
        match.category_set = matches_.text(8);
        match.alerts = matches_.integer(9) != 0;
        match.flags = RecordFlags::from_bits(static_cast<std::uint8_t>(matches_.integer(10)));
    }
    matches_.reset();
}

void EntryCursor::read_asked() {
    if (!has_asked_) return;
    if (owner_.bind(ordinal_).step()) record_.entry.owner = owner_.text(0);
    owner_.reset();
    if (rows_.is_null(content)) return;
    if (entropy_.bind(rows_.integer(content)).step()) record_.examined.entropy = entropy_.real(0);
    entropy_.reset();
}

void EntryCursor::read_extents() { record_.extents = decode_extents(rows_.blob(extents)); }

void EntryCursor::read_finding() {
    if (rows_.is_null(severity)) return;
    record_.finding =
        Finding{decode_enum(path_, rows_.integer(severity), Severity::alert), split_words(rows_.text(rules))};
}

// Each extent is its media offset and its length, 8 bytes each, little-endian; a hole's offset is all ones.
Bytes encode_extents(const std::vector<Extent>& list) {
    Bytes bytes;
    bytes.reserve(list.size() * 16);
    for (const Extent& extent : list) {
        append_le(bytes, extent.media_offset);
        append_le(bytes, extent.length);
    }
    return bytes;
}

std::vector<Extent> decode_extents(ByteView bytes) {
    std::vector<Extent> list;
    for (std::size_t at = 0; at + 16 <= bytes.size(); at += 16)
        list.push_back({*load_le<std::uint64_t>(bytes, at), *load_le<std::uint64_t>(bytes, at + 8)});
    return list;
}

// fraction digits | is_utc << 8 | is_date_only << 9
std::int64_t encode_form(TimeForm form) {
    return form.fraction_digits | std::int64_t{form.is_utc} << 8 | std::int64_t{form.is_date_only} << 9;
}

TimeForm decode_form(std::int64_t code) {
    return {static_cast<std::uint8_t>(std::min<std::int64_t>(code & 0xFF, 9)), (code >> 8 & 1) != 0,
            (code >> 9 & 1) != 0};
}

}  // namespace triage
