// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/iso9660.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "plugins/tsk/mft_record.h"

namespace triage::tsk {
namespace {

constexpr std::size_t record_head = 33, sector_bytes = 2048;
constexpr std::uint64_t most_directory_bytes = 64 << 20;  // a larger one is left to libtsk
constexpr unsigned flag_directory = 2, flag_goes_on = 0x80;

// What a record carries behind its name, which is padded to an even end.
ByteView system_use_of(ByteView record) {
    const std::size_t name = std::to_integer<std::size_t>(record[32]),
                      begin = (record_head + name + 1) & ~std::size_t{1};
    return begin < record.size() ? record.subspan(begin) : ByteView{};
}

// The first two records are the directory, by the name of one byte 0, and its parent, of one byte 1.
bool is_first(std::string_view name, std::size_t number) {
    return name.size() == 1 && name[0] == static_cast<char>(number);
}

bool is_usable(std::string_view name) {
    using namespace std::string_view_literals;
    return !name.empty() && name != "." && name != ".." && name.find_first_of("/\0"sv) == name.npos;
}

std::string joliet_name(std::string_view name) {
    Bytes swapped(name.size() & ~std::size_t{1});
    for (std::size_t i = 0; i < swapped.size(); ++i) swapped[i] = static_cast<std::byte>(name[i ^ 1]);
    return ntfs_name(swapped);
}

}  // namespace

std::optional<IsoRecords::Record> IsoRecords::parse(ByteView bytes) {
    const std::size_t length = *load_le<std::uint8_t>(bytes, 0);
    if (length < record_head + 1 || length > bytes.size()) return std::nullopt;
    const std::size_t name = *load_le<std::uint8_t>(bytes, 32);
    if (record_head + name > length) return std::nullopt;
    Record record;
    record.block = *load_le<std::uint32_t>(bytes, 2), record.size = *load_le<std::uint32_t>(bytes, 10);
    record.other_block = *load_be<std::uint32_t>(bytes, 6), record.other_size = *load_be<std::uint32_t>(bytes, 14);
    record.attribute_blocks = *load_le<std::uint8_t>(bytes, 1);
    record.is_directory = *load_le<std::uint8_t>(bytes, 25) & flag_directory;
    record.goes_on = *load_le<std::uint8_t>(bytes, 25) & flag_goes_on;
    record.is_interleaved = *load_le<std::uint8_t>(bytes, 27) != 0;
    record.name = as_text(bytes.subspan(record_head, name));
    if (skipped_) record.long_name = rock_ridge_name(system_use_of(bytes.first(length)));
    return record;
}

// The first record of the root directory says whether there are system use entries: "SP", behind 14 bytes on CD-XA.
void IsoRecords::find_rock_ridge(ByteView system_use) {
    using namespace std::string_view_literals;
    for (const std::size_t at : {0, 14})
        if (system_use.size() >= at + 7 && as_text(system_use.subspan(at, 6)) == "SP\x07\x01\xBE\xEF"sv)
            skipped_ = std::to_integer<std::size_t>(system_use[at + 6]);
}

std::string IsoRecords::rock_ridge_name(ByteView system_use) {
    constexpr int most_continuations = 16;
    std::string name;
    Bytes area;
    ByteView rest = system_use.size() > *skipped_ ? system_use.subspan(*skipped_) : ByteView{};
    for (int continuations = 0; continuations < most_continuations; ++continuations) {
        std::optional<std::uint64_t> next;
        std::uint32_t next_bytes = 0;
        while (rest.size() >= 4) {
            const auto length = std::to_integer<std::size_t>(rest[2]);
            const std::string_view signature = as_text(rest.first(2));
            if (length < 4 || length > rest.size() || signature == "ST") break;
            if (signature == "NM" && length > 5) name += as_text(rest.subspan(5, length - 5));
            if (signature == "CE" && length >= 28) {
                next =
                    std::uint64_t{*load_le<std::uint32_t>(rest, 4)} * sector_bytes + *load_le<std::uint32_t>(rest, 12);
                next_bytes = *load_le<std::uint32_t>(rest, 20);
            }
            rest = rest.subspan(length);
        }
        if (!next) break;
        area.resize(std::min<std::size_t>(next_bytes, sector_bytes));
        if (*next > image_.length() || !sectors_.read(image_, *next, area)) break;
        rest = area;
    }
    return is_usable(name) ? name : std::string{};
}

void IsoRecords::open(TSK_FS_FILE* directory) {
    clear();
    if (!directory || !directory->meta) return;
    sectors_ = IsoSectors(*directory->fs_info);
    const auto size = static_cast<std::uint64_t>(std::max<TSK_OFF_T>(directory->meta->size, 0));
    if (size > most_directory_bytes) return void(flaw_ = "it is larger than a directory can be");
    Bytes bytes(size);
    const ssize_t got = size == 0 ? 0
                                  : tsk_fs_file_read(directory, 0, reinterpret_cast<char*>(bytes.data()), size,
                                                     TSK_FS_FILE_READ_FLAG_NONE);
    if (got == static_cast<ssize_t>(size)) open(bytes);
    else flaw_ = "it cannot be read to its end";
    // Where libtsk cannot interpret the root, it takes the next directory of the path table for it.
    if (directory->meta->addr == directory->fs_info->root_inum && !is_named_root(*directory->meta))
        flaw_ = "it is not the root that a volume descriptor names; names may be missing";
}

bool IsoRecords::is_named_root(const TSK_FS_META& meta) {
    if (!meta.content_ptr) return false;
    const std::uint64_t block = *static_cast<const TSK_DADDR_T*>(meta.content_ptr);
    const std::vector<IsoRoot> named = roots();
    return std::any_of(named.begin(), named.end(), [&](const IsoRoot& root) {
        return root.block == block && root.size == static_cast<std::uint64_t>(meta.size);
    });
}

std::vector<IsoRoot> IsoRecords::roots() {
    constexpr std::uint64_t most_descriptors = 64;
    constexpr std::size_t escapes = 88, root_record = 156;
    std::vector<IsoRoot> roots;
    Bytes descriptor(sector_bytes);
    for (std::uint64_t i = first_descriptor_; i < first_descriptor_ + most_descriptors; ++i) {
        if (!sectors_.read(image_, i * sector_bytes, descriptor) || as_text(descriptor).substr(1, 5) != "CD001") break;
        const auto type = std::to_integer<unsigned>(descriptor[0]);
        if (type == 255) break;
        if (type != 1 && type != 2) continue;  // primary, supplementary
        const std::string_view escape = as_text(descriptor).substr(escapes, 3);
        roots.push_back({*load_le<std::uint32_t>(descriptor, root_record + 2),
                         *load_le<std::uint32_t>(descriptor, root_record + 10),
                         type == 2 && (escape == "%/@" || escape == "%/C" || escape == "%/E")});
    }
    return roots;
}

void IsoRecords::clear() {
    records_.clear();
    next_ = 0;
    flaw_.clear();
}

void IsoRecords::open(ByteView bytes) {
    clear();
    const std::size_t size = bytes.size();
    // A record does not cross a sector; a length of 0 ends the sector. The first two are the directory and its parent.
    std::size_t number = 0, bad_sectors = 0, doubtful = 0;
    for (std::size_t sector = 0; sector < size; sector += sector_bytes) {
        ByteView rest = bytes.subspan(sector, std::min<std::size_t>(sector_bytes, size - sector));
        while (!rest.empty() && rest[0] != std::byte{0}) {
            std::optional<Record> record = parse(rest);
            if (!record) break;
            const ByteView whole = rest.first(std::to_integer<std::size_t>(rest[0]));
            rest = rest.subspan(whole.size());
            if (number == 0) find_rock_ridge(system_use_of(whole));
            if (number < 2 && !is_first(record->name, number)) flaw_ = "it does not begin as a directory does";
            if (number == 0 && flaw_.empty() && record->size > size)
                flaw_ = "its own record says that it is longer; names may be missing";
            doubtful += number >= 2 && record->is_directory && record->is_contradictory();
            if (number++ >= 2) records_.push_back(std::move(*record));
        }
        bad_sectors += std::any_of(rest.begin(), rest.end(), [](std::byte b) { return b != std::byte{0}; });
    }
    if (number < 2) flaw_ = "it does not begin as a directory does";
    if (doubtful > 0 && flaw_.empty())
        flaw_ = fmt::format("{} of its directories have two places or sizes; names may be missing", doubtful);
    if (bad_sectors > 0 && flaw_.empty())
        flaw_ = fmt::format("{} of its sectors hold no chain of records; names may be missing", bad_sectors);
}

// Is this record a further section of the one before it?
bool IsoRecords::follows(std::size_t index) const {
    return index > 0 && index < records_.size() && records_[index - 1].goes_on &&
           records_[index - 1].name == records_[index].name;
}

bool IsoRecords::Record::is_at(std::uint64_t a_block, std::uint64_t a_size) const {
    return (block == a_block || other_block == a_block) && (size == a_size || other_size == a_size);
}

std::optional<IsoContent> IsoRecords::take(const TSK_FS_META& meta) {
    if (!meta.content_ptr) return std::nullopt;
    const std::uint64_t block = *static_cast<const TSK_DADDR_T*>(meta.content_ptr);
    // libtsk lists in the order of the records: the search seldom goes beyond the first one.
    const auto found = std::find_if(
        records_.begin() + static_cast<std::ptrdiff_t>(next_), records_.end(),
        [&](const Record& r) { return !r.is_taken && r.is_at(block, static_cast<std::uint64_t>(meta.size)); });
    if (found == records_.end()) return std::nullopt;
    found->is_taken = true;
    while (next_ < records_.size() && records_[next_].is_taken) ++next_;
    return content_of(static_cast<std::size_t>(found - records_.begin()));
}

IsoContent IsoRecords::content_of(std::size_t index) const {
    IsoContent content;
    if (follows(index)) return content;
    content.name = records_[index].long_name;
    do {
        const Record& r = records_[index];
        content.sections.push_back({r.block + r.attribute_blocks, r.size, r.is_interleaved});
        content.is_contradictory |= r.is_contradictory();
        ++index;
    } while (follows(index));
    content.is_whole = !records_[index - 1].goes_on;
    return content;
}

std::vector<IsoName> IsoRecords::names(bool is_joliet) const {
    std::vector<IsoName> names;
    for (std::size_t i = 0; i < records_.size(); ++i) {
        const Record& record = records_[i];
        if (follows(i)) continue;
        IsoContent content = content_of(i);
        std::string name = !content.name.empty() ? content.name : is_joliet ? joliet_name(record.name) : record.name;
        if (content.name.empty()) name = name.substr(0, name.rfind(';'));
        if (!is_usable(name)) name = fmt::format("block-{}", record.block);
        names.push_back({std::move(name), record.is_directory, std::move(content)});
    }
    return names;
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
