// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/iso9660.h"

#include <algorithm>
#include <array>

namespace triage::tsk {
namespace {

constexpr std::size_t record_head = 33, sector_bytes = 2048;
constexpr std::uint64_t most_directory_bytes = 64 << 20;  // a larger one is left to libtsk
constexpr unsigned flag_goes_on = 0x80;

}  // namespace

std::optional<IsoRecords::Record> IsoRecords::parse(ByteView bytes) {
    const std::size_t length = *load_le<std::uint8_t>(bytes, 0);
    if (length < record_head + 1 || length > bytes.size()) return std::nullopt;
    const std::size_t name = *load_le<std::uint8_t>(bytes, 32);
    if (record_head + name > length) return std::nullopt;
    Record record;
    record.block = *load_le<std::uint32_t>(bytes, 2), record.size = *load_le<std::uint32_t>(bytes, 10);
    record.attribute_blocks = *load_le<std::uint8_t>(bytes, 1);
    record.goes_on = *load_le<std::uint8_t>(bytes, 25) & flag_goes_on;
    record.is_interleaved = *load_le<std::uint8_t>(bytes, 27) != 0;
    record.name = as_text(bytes.subspan(record_head, name));
    return record;
}

void IsoRecords::open(TSK_FS_FILE* directory) {
    records_.clear();
    next_ = 0;
    if (!directory || !directory->meta || directory->meta->size <= 0) return;
    const auto size = static_cast<std::uint64_t>(directory->meta->size);
    if (size > most_directory_bytes) return;
    Bytes bytes(size);
    const ssize_t got =
        tsk_fs_file_read(directory, 0, reinterpret_cast<char*>(bytes.data()), bytes.size(), TSK_FS_FILE_READ_FLAG_NONE);
    if (got != static_cast<ssize_t>(size)) return;
    // A record does not cross a sector; a length of 0 ends the sector. The first two are the directory and its parent.
    std::size_t number = 0;
    for (std::size_t sector = 0; sector < size; sector += sector_bytes)
        for (ByteView rest = ByteView(bytes).subspan(sector, std::min<std::size_t>(sector_bytes, size - sector));
             !rest.empty() && rest[0] != std::byte{0};) {
            std::optional<Record> record = parse(rest);
            if (!record) break;
            rest = rest.subspan(std::to_integer<std::size_t>(rest[0]));
            if (number++ >= 2) records_.push_back(std::move(*record));
        }
}

// Is this record a further section of the one before it?
bool IsoRecords::follows(std::size_t index) const {
    return index > 0 && index < records_.size() && records_[index - 1].goes_on &&
           records_[index - 1].name == records_[index].name;
}

std::optional<IsoContent> IsoRecords::take(const TSK_FS_META& meta) {
    if (!meta.content_ptr) return std::nullopt;
    const std::uint64_t block = *static_cast<const TSK_DADDR_T*>(meta.content_ptr);
    // libtsk lists in the order of the records: the search seldom goes beyond the first one.
    const auto found =
        std::find_if(records_.begin() + static_cast<std::ptrdiff_t>(next_), records_.end(), [&](const Record& r) {
            return !r.is_taken && r.block == block && r.size == static_cast<std::uint64_t>(meta.size);
        });
    if (found == records_.end()) return std::nullopt;
    found->is_taken = true;
    while (next_ < records_.size() && records_[next_].is_taken) ++next_;
    IsoContent content;
    auto index = static_cast<std::size_t>(found - records_.begin());
    if (follows(index)) return content;
    do {
        const Record& r = records_[index];
        content.sections.push_back({r.block + r.attribute_blocks, r.size, r.is_interleaved});
        ++index;
    } while (follows(index));
    content.is_whole = !records_[index - 1].goes_on;
    return content;
}

std::size_t IsoRecords::left() const {
    return static_cast<std::size_t>(
        std::count_if(records_.begin(), records_.end(), [](const Record& r) { return !r.is_taken; }));
}

bool starts_zisofs(Image& image, std::uint64_t offset) {
    using namespace std::string_view_literals;
    std::array<std::byte, 8> magic{};
    if (offset + magic.size() > image.length() || !image.read(offset, magic)) return false;
    return as_text(magic) == "\x37\xE4\x53\x96\xC9\xDB\xD6\x07"sv ||
           as_text(magic) == "\xEF\x22\x55\xA1\xBC\x1B\x95\xA0"sv;
}

}  // namespace triage::tsk
