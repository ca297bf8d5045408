// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_reader.h"

#include <algorithm>

#include "engine/base/error.h"

namespace triage {

// In the map, or in `opened` when they had to be decrypted.
ByteView SetReader::plain(const tks::Section& there, std::uint64_t offset, std::uint64_t length,
                          SetFile::Opened& opened) const {
    if (offset > there.length || length > there.length - offset)
        throw Error(tables_.path, "is damaged: it points outside itself");
    if (tables_.key) return tables_.file.open_sealed(there, *tables_.key, offset, length, opened);
    return {tables_.file.at(there.offset + offset, length), length};
}

SetReader::Record SetReader::record_at(std::uint32_t number) {
    const tks::Superblock& s = tables_.file.superblock();
    if (number >= s.records) throw Error(tables_.path, "is damaged: a link points behind its records");
    const tks::RecordWidths w = s.record_widths;
    const bool has_next = w.first_mention > 0 && number + 1ull < s.records;
    const ByteView row = tables_.joined
                             ? tables_.joined->attached_at(number)
                             : plain(tables_.records, number * w.total(), w.total() * (has_next ? 2 : 1), records_);
    Record record;
    record.algorithms =
        AlgorithmSet::from_bits(w.algorithms ? static_cast<std::uint8_t>(get_le(row.data(), 1)) : s.common_algorithms);
    if (const std::uint64_t size = get_le(row.data() + w.algorithms, w.size)) record.size = size - 1;
    record.first_mention = number, record.last_mention = number + 1ull;
    if (w.first_mention == 0) return record;
    const std::byte* mention = row.data() + w.algorithms + w.size;
    record.first_mention = get_le(mention, w.first_mention);
    record.last_mention = has_next ? get_le(mention + w.total(), w.first_mention) : s.mentions;
    if (record.first_mention > record.last_mention || record.last_mention > s.mentions)
        throw Error(tables_.path, "is damaged: a record points outside its mentions");
    return record;
}

void SetReader::for_each_size(const tks::Section& sizes, const std::function<bool(std::optional<std::uint64_t>)>& use) {
    constexpr std::uint64_t row_bytes = 8, most_bytes = tks::sealed_bytes;
    if (sizes.rows == 0 || sizes.rows > sizes.length || sizes.length != sizes.rows * row_bytes)
        throw Error(tables_.path, "is damaged: its sizes contradict their number");
    SetFile::Opened opened;
    for (std::uint64_t offset = 0; offset < sizes.length; offset += most_bytes) {
        const ByteView rows = plain(sizes, offset, std::min(most_bytes, sizes.length - offset), opened);
        for (std::size_t at = 0; at < rows.size(); at += row_bytes)
            if (!use(get_le(rows.data() + at, row_bytes))) return;
    }
}

std::string SetReader::label_at(std::uint64_t offset) {
    if (offset == 0) return {};
    std::uint64_t length = 0;
    for (unsigned shift = 0; shift < 35 && offset < tables_.labels.length; shift += 7) {
        const auto byte = static_cast<std::uint64_t>(plain(tables_.labels, offset++, 1, labels_)[0]);
        length |= (byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) break;
    }
    if (length > most_label_bytes) throw Error(tables_.path, "is damaged: a label is longer than any");
    return std::string(as_text(plain(tables_.labels, offset, length, labels_)));
}

Mention SetReader::mention_at(std::uint64_t number) {
    const tks::MentionWidths w = tables_.file.superblock().mention_widths;
    const ByteView row =
        tables_.joined ? tables_.joined->attached_at(number).subspan(tables_.file.superblock().record_widths.total())
                       : plain(tables_.mentions, number * w.total(), w.total(), mentions_);
    const std::byte* at = row.data();
    const auto next = [&](std::uint8_t width) {
        const std::uint64_t value = get_le(at, width);
        at += width;
        return value;
    };
    Mention mention;
    mention.source = next(w.source);
    mention.position = next(w.position);
    mention.category = next(w.category);
    mention.label = next(w.label);
    mention.flags = next(w.flags);
    if (mention.category >= tables_.identity.categories.size())
        throw Error(tables_.path, "is damaged: a category does not exist");
    return mention;
}

void SetReader::add_mention(const Mention& mention, const Match& found, std::vector<Match>& out) {
    const CategoryCount& category = tables_.identity.categories[mention.category];
    Match& match = out.emplace_back(found);
    match.source = static_cast<std::uint32_t>(mention.source);
    match.record = mention.position;
    match.category_set = category.category.set;
    match.category = category.category.number;
    match.alerts = category.alerts;
    match.label = label_at(mention.label);
    match.flags = RecordFlags::from_bits(static_cast<std::uint8_t>(mention.flags));
}

// Mentions of one content stand in order of their categories: the first behind those of this one's.
std::uint64_t SetReader::next_category(std::uint64_t number, std::uint64_t last) {
    const std::uint64_t category = mention_at(number).category;
    std::uint64_t low = number + 1, high = last;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (mention_at(middle).category <= category) low = middle + 1;
        else high = middle;
    }
    return low;
}

// Those of a content that has more mentions than are told: what alerts must not be cut off behind what does not.
void SetReader::add_foremost(const Record& record, const Match& found, std::vector<Match>& out) {
    std::size_t told = 0;
    for (const bool alerting : {true, false}) {
        std::uint64_t category = 0;
        for (std::uint64_t m = record.first_mention; m < record.last_mention && told < KnownSet::most_mentions;) {
            const Mention mention = mention_at(m);
            if (mention.category < category) throw Error(tables_.path, "is damaged: mentions are out of order");
            category = mention.category;
            if (alerts(mention) != alerting) m = next_category(m, record.last_mention);
            else add_mention(mention, found, out), ++told, ++m;
        }
    }
}

void SetReader::add_mentions(const Record& record, const Match& found, std::vector<Match>& out) {
    if (record.last_mention > record.first_mention + KnownSet::most_mentions) return add_foremost(record, found, out);
    for (std::uint64_t m = record.first_mention; m < record.last_mention; ++m) add_mention(mention_at(m), found, out);
}

}  // namespace triage
