// SPDX-License-Identifier: Apache-2.0
#include "engine/worker/record.h"

#include <algorithm>

namespace triage {
namespace {

template <class T, class WriteOne>
void write_optional(RecordWriter& w, const std::optional<T>& value, WriteOne write_one) {
    w.flag(value.has_value());
    if (value) write_one(*value);
}

void write(RecordWriter& w, const std::optional<std::uint64_t>& value) {
    write_optional(w, value, [&](std::uint64_t v) { w.u64(v); });
}
std::optional<std::uint64_t> read_number(RecordReader& r) { return r.flag() ? std::optional(r.u64()) : std::nullopt; }

void write(RecordWriter& w, const std::optional<Timestamp>& time) {
    write_optional(w, time, [&](const Timestamp& t) { w.i64(t.seconds), w.u32(t.nanoseconds); });
}
std::optional<Timestamp> read_time(RecordReader& r) {
    if (!r.flag()) return std::nullopt;
    const std::int64_t seconds = r.i64();
    return Timestamp{seconds, r.u32()};
}

void write(RecordWriter& w, const TimeForm& form) {
    w.u8(form.fraction_digits), w.flag(form.is_utc), w.flag(form.is_date_only);
}
TimeForm read_form(RecordReader& r) {
    TimeForm form;
    form.fraction_digits = std::min<std::uint8_t>(r.u8(), 9);
    form.is_utc = r.flag();
    form.is_date_only = r.flag();
    return form;
}

}  // namespace

void RecordWriter::text(std::string_view v) {
    u32(static_cast<std::uint32_t>(v.size()));
    buffer_ += v;
}

std::string RecordReader::text() {
    const std::uint32_t size = u32();
    if (!is_good_ || size > rest_.size()) return is_good_ = false, std::string{};
    std::string value(as_text(rest_.first(size)));
    rest_ = rest_.subspan(size);
    return value;
}

void write(RecordWriter& w, const Segment& s) {
    w.text(s.path), w.u64(s.size), w.u64(s.device), w.u64(s.inode), w.i64(s.modified), w.i64(s.modified_ns);
}
Segment read_segment(RecordReader& r) {
    Segment s;
    s.path = r.text(), s.size = r.u64(), s.device = r.u64(), s.inode = r.u64(), s.modified = r.i64();
    s.modified_ns = r.i64();
    return s;
}

void write(RecordWriter& w, const BlockRun& run) {
    w.u8(static_cast<std::uint8_t>(run.encoding));
    w.u64(run.offset), w.u64(run.length), w.u32(run.segment), w.u64(run.position), w.u64(run.base);
    w.u64(run.data_end), w.u64(run.twin_position), w.u32(run.entry_count), w.u32(run.segment_number);
    w.text(run.reason);
}
BlockRun read_run(RecordReader& r) {
    BlockRun run;
    run.encoding = r.enumerator(Encoding::ewf_table_wide);
    run.offset = r.u64(), run.length = r.u64(), run.segment = r.u32(), run.position = r.u64(), run.base = r.u64();
    run.data_end = r.u64(), run.twin_position = r.u64(), run.entry_count = r.u32();
    run.segment_number = r.u32(), run.reason = r.text();
    return run;
}

void write(RecordWriter& w, const BlockMap& map, bool with_runs) {
    w.u64(map.media_size), w.u32(map.sector_size), w.u32(map.block_size), w.flag(map.has_checksums);
    w.u32(with_runs ? static_cast<std::uint32_t>(map.runs.size()) : 0);
    if (with_runs)
        for (const BlockRun& run : map.runs) write(w, run);
}
BlockMap read_map(RecordReader& r, bool with_runs) {
    BlockMap map;
    map.media_size = r.u64(), map.sector_size = r.u32(), map.block_size = r.u32(), map.has_checksums = r.flag();
    const std::uint32_t count = r.u32();
    for (std::uint32_t i = 0; with_runs && i < count && r.is_good(); ++i) map.runs.push_back(read_run(r));
    return map;
}

void write(RecordWriter& w, const Problem& p) {
    w.u8(static_cast<std::uint8_t>(p.kind)), w.text(p.path), write(w, p.address), w.text(p.detail);
    write(w, p.first_sector), write(w, p.sectors), w.flag(p.hides_entries), w.flag(p.is_lossless);
}
Problem read_problem(RecordReader& r) {
    Problem p;
    p.kind = r.enumerator(ProblemKind::aborted), p.path = r.text(), p.address = read_number(r), p.detail = r.text();
    p.first_sector = read_number(r), p.sectors = read_number(r);
    p.hides_entries = r.flag(), p.is_lossless = r.flag();
    return p;
}

void write(RecordWriter& w, const Volume& v) {
    w.text(v.name), w.u8(static_cast<std::uint8_t>(v.role)), w.u64(v.start), w.u64(v.length), w.text(v.description);
}
Volume read_volume(RecordReader& r) {
    Volume v;
    v.name = r.text(), v.role = r.enumerator(VolumeRole::gap), v.start = r.u64(), v.length = r.u64();
    v.description = r.text();
    return v;
}

void write(RecordWriter& w, const Filesystem& f) {
    w.text(f.inner), w.text(f.type), w.text(f.label), w.flag(f.is_readable), w.u32(f.block_size);
    write(w, f.modified), write(w, f.accessed), write(w, f.changed), write(w, f.created);
}
Filesystem read_filesystem(RecordReader& r) {
    Filesystem f;
    f.inner = r.text(), f.type = r.text(), f.label = r.text(), f.is_readable = r.flag(), f.block_size = r.u32();
    f.modified = read_form(r), f.accessed = read_form(r), f.changed = read_form(r), f.created = read_form(r);
    return f;
}

void write(RecordWriter& w, const WalkCounts& c) { w.u64(c.directories), w.u64(c.links), w.u64(c.others); }
WalkCounts read_counts(RecordReader& r) {
    WalkCounts c;
    c.directories = r.u64(), c.links = r.u64(), c.others = r.u64();
    return c;
}

void write(RecordWriter& w, const WalkLimits& l) {
    w.u32(l.depth), w.u64(l.entries), w.u64(l.orphan_entries), w.u64(l.orphan_volume_factor);
    w.flag(l.orphans), w.flag(l.deleted), w.flag(l.owners);
}
WalkLimits read_limits(RecordReader& r) {
    WalkLimits l;
    l.depth = r.u32(), l.entries = r.u64(), l.orphan_entries = r.u64(), l.orphan_volume_factor = r.u64();
    l.orphans = r.flag(), l.deleted = r.flag(), l.owners = r.flag();
    return l;
}

void write(RecordWriter& w, const ContentRequest& q) {
    w.text(q.inner), w.text(q.fs_type), w.u64(q.address), w.u32(q.attribute), w.u64(q.size);
    w.u64(q.most);
}
ContentRequest read_request(RecordReader& r) {
    ContentRequest q;
    q.inner = r.text(), q.fs_type = r.text(), q.address = r.u64(), q.attribute = r.u32(), q.size = r.u64();
    q.most = r.u64();
    return q;
}

void write(RecordWriter& w, const OpenedMedia& media) {
    w.text(media.format), w.text(media.description), write(w, media.map, false);
    w.u32(static_cast<std::uint32_t>(media.digests.size()));
    for (const StoredDigest& d : media.digests) w.text(d.algorithm), w.text(d.hex);
    w.u32(static_cast<std::uint32_t>(media.header.size()));
    for (const HeaderValue& h : media.header) w.text(h.name), w.text(h.value);
}
OpenedMedia read_media(RecordReader& r) {
    OpenedMedia media;
    media.format = r.text(), media.description = r.text(), media.map = read_map(r, false);
    for (std::uint32_t n = r.u32(); n > 0 && r.is_good(); --n) {
        std::string algorithm = r.text();
        media.digests.push_back({std::move(algorithm), r.text()});
    }
    for (std::uint32_t n = r.u32(); n > 0 && r.is_good(); --n) {
        std::string name = r.text();
        media.header.push_back({std::move(name), r.text()});
    }
    return media;
}

void write_extents(RecordWriter& w, std::span<const Extent> extents) {
    w.u32(static_cast<std::uint32_t>(extents.size()));
    for (const Extent& e : extents) w.u64(e.media_offset), w.u64(e.length);
}
bool read_extents(RecordReader& r, std::vector<Extent>& out) {
    const std::uint32_t count = r.u32();
    if (count > extents_per_record) r.fail();
    for (std::uint32_t i = 0; i < count && r.is_good(); ++i) {
        const std::uint64_t offset = r.u64();
        out.push_back({offset, r.u64()});
    }
    return r.is_good();
}

void write(RecordWriter& w, const Entry& e) {
    w.text(e.path), w.text(e.stream), w.u64(e.address), w.u32(e.attribute);
    w.u8(static_cast<std::uint8_t>(e.kind)), w.u8(static_cast<std::uint8_t>(e.state));
    w.u8(static_cast<std::uint8_t>(e.placement)), w.u64(e.size);
    write(w, e.times.modified), write(w, e.times.accessed), write(w, e.times.changed), write(w, e.times.created);
    w.text(e.owner), w.flag(e.is_metadata), w.u8(static_cast<std::uint8_t>(e.source)),
        w.u8(static_cast<std::uint8_t>(e.reason));
    w.blob(e.resident), w.u64(e.extents.size());
    write_extents(w, std::span(e.extents).first(std::min(e.extents.size(), extents_per_record)));
}
Entry read_entry(RecordReader& r, std::uint64_t& extent_count) {
    Entry e;
    e.path = r.text(), e.stream = r.text(), e.address = r.u64(), e.attribute = r.u32();
    e.kind = r.enumerator(EntryKind::carved), e.state = r.enumerator(EntryState::orphan);
    e.placement = r.enumerator(Placement::reallocated), e.size = r.u64();
    e.times.modified = read_time(r), e.times.accessed = read_time(r);
    e.times.changed = read_time(r), e.times.created = read_time(r);
    e.owner = r.text(), e.is_metadata = r.flag(), e.source = r.enumerator(Source::none),
    e.reason = r.enumerator(Reason::not_reached);
    const std::string resident = r.text();
    e.resident.assign(as_bytes(resident).begin(), as_bytes(resident).end());
    extent_count = r.u64();
    read_extents(r, e.extents);
    return e;
}

}  // namespace triage
