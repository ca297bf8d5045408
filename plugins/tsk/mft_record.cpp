// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/mft_record.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/base/text.h"

namespace triage::tsk {
namespace {

constexpr std::uint64_t smallest_record = 512, largest_record = 65536;
constexpr std::uint32_t type_data = 0x80, type_end = 0xFFFFFFFF;
constexpr std::uint64_t most_clusters = 1ull << 48;  // far more than NTFS allows
constexpr std::size_t resident_head = 0x18, runs_head = 0x40;

// The last two bytes of each 512 of a record stand in an array in its head, and its first two bytes in their place.
// False also where they do not: a part of the record was written, and another was not.
bool undo_fixups(MutableBytes record) {
    constexpr std::size_t step = 512;
    const std::size_t at = *load_le<std::uint16_t>(record, 4), count = *load_le<std::uint16_t>(record, 6);
    if (count == 0 || (count - 1) * step > record.size() || at + 2 * count > record.size()) return false;
    for (std::size_t i = 1; i < count; ++i) {
        const MutableBytes end = record.subspan(i * step - 2, 2);
        if (load_le<std::uint16_t>(end, 0) != load_le<std::uint16_t>(record, at)) return false;
        std::ranges::copy(record.subspan(at + 2 * i, 2), end.begin());
    }
    return true;
}

bool is_resident(ByteView attribute) { return attribute[8] == std::byte{0}; }

std::uint64_t first_cluster_of(ByteView attribute) {
    return is_resident(attribute) ? 0 : *load_le<std::uint64_t>(attribute, 0x10);
}

// Nothing when it ends behind its attribute.
std::optional<std::string> name_of(ByteView attribute) {
    const std::size_t bytes = std::size_t{*load_le<std::uint8_t>(attribute, 9)} * 2;
    const std::size_t at = *load_le<std::uint16_t>(attribute, 10);
    if (bytes == 0) return std::string{};
    if (at + bytes > attribute.size()) return std::nullopt;
    return ntfs_name(attribute.subspan(at, bytes));
}

std::optional<MftAttribute> read_resident(ByteView stored) {
    const std::size_t size = *load_le<std::uint32_t>(stored, 0x10), at = *load_le<std::uint16_t>(stored, 0x14);
    if (at > stored.size() || size > stored.size() - at) return std::nullopt;
    MftAttribute attribute;
    const ByteView value = stored.subspan(at, size);
    attribute.value.assign(value.begin(), value.end());
    attribute.size = attribute.initialised_size = size;
    return attribute;
}

std::optional<MftAttribute> read_with_runs(ByteView stored) {
    if (stored.size() < runs_head) return std::nullopt;
    const std::uint64_t first = *load_le<std::uint64_t>(stored, 0x10), last = *load_le<std::uint64_t>(stored, 0x18);
    const std::size_t pairs_at = *load_le<std::uint16_t>(stored, 0x20);
    auto runs = pairs_at < stored.size() ? read_mapping_pairs(stored.subspan(pairs_at)) : std::nullopt;
    if (!runs) return std::nullopt;
    std::uint64_t clusters = 0;
    for (const ClusterRun& run : *runs) clusters = std::min(clusters + run.count, most_clusters + 1);
    if (clusters > most_clusters || clusters != last + 1 - first) return std::nullopt;
    MftAttribute attribute;
    attribute.is_resident = false;
    attribute.runs = std::move(*runs);
    if (first == 0) {
        attribute.size = *load_le<std::uint64_t>(stored, 0x30);
        attribute.initialised_size = *load_le<std::uint64_t>(stored, 0x38);
    }
    return attribute;
}

// A little-endian number of up to 8 bytes, the highest of which carries the sign.
std::int64_t signed_number(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    const auto unused = static_cast<unsigned>(64 - 8 * bytes.size());
    return bytes.empty() ? 0 : static_cast<std::int64_t>(value << unused) >> unused;
}

}  // namespace

std::optional<std::uint64_t> mft_record_bytes(Image& image, std::uint32_t cluster_bytes) {
    std::array<std::byte, 1> stored{};
    if (!image.read(64, stored)) return std::nullopt;
    const auto size = std::to_integer<std::uint8_t>(stored[0]);  // clusters, or the exponent of 2 when negative
    const std::uint64_t bytes = size < 128 ? std::uint64_t{size} * cluster_bytes : 1ull << (256 - size) % 64;
    if (bytes < smallest_record || bytes > largest_record) return std::nullopt;
    return bytes;
}

// '^' for half a surrogate pair and for a control character, an end at a character of 0, no name at all when it ends in
// the first half of a pair.
std::string ntfs_name(ByteView utf16) {
    const auto is_high = [](std::uint32_t c) { return c >= 0xD800 && c <= 0xDBFF; };
    const auto is_low = [](std::uint32_t c) { return c >= 0xDC00 && c <= 0xDFFF; };
    std::string name;
    for (std::size_t at = 0; at + 2 <= utf16.size(); at += 2) {
        std::uint32_t c = *load_le<std::uint16_t>(utf16, at);
        if (is_high(c)) {
            const auto next = load_le<std::uint16_t>(utf16, at += 2);
            if (!next) return {};
            c = is_low(*next) ? 0x10000 + ((c - 0xD800) << 10) + (*next - 0xDC00) : '^';
        }
        append_utf8(name, is_low(c) || (c != 0 && c < 0x20) || c == 0x7F ? '^' : c);
    }
    return name.substr(0, name.find('\0'));
}

// Each pair: the bytes of a length and of the distance of its first cluster from that of the pair before; a distance of
// no bytes is a hole; a byte of 0 ends them.
std::optional<std::vector<ClusterRun>> read_mapping_pairs(ByteView pairs) {
    constexpr auto most = static_cast<std::int64_t>(most_clusters);
    std::vector<ClusterRun> runs;
    std::int64_t cluster = 0;
    for (;;) {
        if (pairs.empty()) return std::nullopt;
        const auto head = std::to_integer<std::size_t>(pairs[0]);
        if (head == 0) return runs;
        const std::size_t length_bytes = head & 15, distance_bytes = head >> 4;
        if (length_bytes > 8 || distance_bytes > 8 || pairs.size() < 1 + length_bytes + distance_bytes)
            return std::nullopt;
        const std::int64_t count = signed_number(pairs.subspan(1, length_bytes));
        const std::int64_t distance = signed_number(pairs.subspan(1 + length_bytes, distance_bytes));
        if (count <= 0 || count > most || distance > most || distance < -most) return std::nullopt;
        cluster += distance;
        if (cluster < 0 || cluster > most) return std::nullopt;
        ClusterRun run{std::nullopt, static_cast<std::uint64_t>(count)};
        if (distance_bytes > 0) run.first = static_cast<std::uint64_t>(cluster);
        runs.push_back(run);
        pairs = pairs.subspan(1 + length_bytes + distance_bytes);
    }
}

std::optional<MftRecord> MftRecord::parse(Bytes stored) {
    MftRecord record;
    record.bytes_ = std::move(stored);
    const ByteView bytes = record.bytes_;
    if (bytes.size() < smallest_record || as_text(bytes).substr(0, 4) != "FILE" || !undo_fixups(record.bytes_))
        return std::nullopt;
    std::size_t at = *load_le<std::uint16_t>(bytes, 0x14);
    for (;;) {
        const auto type = load_le<std::uint32_t>(bytes, at), length = load_le<std::uint32_t>(bytes, at + 4);
        if (type == type_end) return record;
        if (!type || !length || *length < resident_head || *length > bytes.size() - at) return std::nullopt;
        record.places_.emplace_back(at, *length);
        at += *length;
    }
}

std::vector<ByteView> MftRecord::attributes() const {
    std::vector<ByteView> attributes;
    for (const auto& [at, length] : places_) attributes.push_back(ByteView(bytes_).subspan(at, length));
    return attributes;
}

bool MftRecord::has(std::uint32_t type) const {
    return std::any_of(places_.begin(), places_.end(),
                       [&](const auto& place) { return load_le<std::uint32_t>(bytes_, place.first) == type; });
}

std::vector<std::pair<std::string, std::uint16_t>> MftRecord::contents() const {
    std::vector<std::pair<std::string, std::uint16_t>> contents;
    for (const ByteView attribute : attributes())
        if (load_le<std::uint32_t>(attribute, 0) == type_data && first_cluster_of(attribute) == 0)
            contents.emplace_back(name_of(attribute).value_or(""), *load_le<std::uint16_t>(attribute, 0x0E));
    return contents;
}

std::optional<MftAttribute> MftRecord::find(std::uint32_t type, std::uint16_t number, const std::string& name,
                                            std::uint64_t first_cluster) const {
    for (const ByteView stored : attributes()) {
        if (load_le<std::uint32_t>(stored, 0) != type || load_le<std::uint16_t>(stored, 0x0E) != number) continue;
        if (first_cluster_of(stored) != first_cluster || name_of(stored) != name) continue;
        std::optional<MftAttribute> attribute = is_resident(stored) ? read_resident(stored) : read_with_runs(stored);
        if (attribute) attribute->flags = *load_le<std::uint16_t>(stored, 0x0C);
        return attribute;
    }
    return std::nullopt;
}

MftRecords::MftRecords(TSK_FS_INFO* fs, Image& image) {
    if (!TSK_FS_TYPE_ISNTFS(fs->ftype)) return;
    record_bytes_ = mft_record_bytes(image, fs->block_size).value_or(0);
    if (record_bytes_ > 0) table_.reset(tsk_fs_file_open_meta(fs, nullptr, 0));
    take_error();
}

std::optional<MftRecord> MftRecords::read(std::uint64_t address) {
    const auto at = checked_multiply(address, record_bytes_);
    if (!table_ || !at || *at > static_cast<std::uint64_t>(std::numeric_limits<TSK_OFF_T>::max())) return std::nullopt;
    Bytes record(record_bytes_);
    const ssize_t got =
        tsk_fs_file_read(table_.get(), static_cast<TSK_OFF_T>(*at), reinterpret_cast<char*>(record.data()),
                         record.size(), TSK_FS_FILE_READ_FLAG_NONE);
    take_error();
    if (got != static_cast<ssize_t>(record.size())) return std::nullopt;
    return MftRecord::parse(std::move(record));
}

}  // namespace triage::tsk
