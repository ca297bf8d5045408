// SPDX-License-Identifier: Apache-2.0
#include "engine/known/known_set.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "engine/base/error.h"
#include "engine/known/column.h"
#include "engine/known/record_row.h"
#include "engine/known/set_file.h"
#include "engine/known/set_identity.h"

namespace triage {

std::string_view to_string(Polarity polarity) { return polarity == Polarity::notable ? "notable" : "ignorable"; }

namespace {

struct Record {
    AlgorithmSet algorithms;
    std::optional<std::uint64_t> size;
    std::uint64_t first_mention = 0, last_mention = 0;
};

// A hit of any column: which query agrees with which record in which algorithm.
struct Agreement {
    std::uint32_t query, record;
    Algorithm algorithm;
    bool operator<(const Agreement& other) const {
        return query != other.query ? query < other.query : record < other.record;
    }
};

using Key = std::array<std::byte, 32>;

// Those of one set stand at the end.
void sort_by_place(std::vector<Match>& matches, std::uint32_t set) {
    const auto first = std::find_if(matches.begin(), matches.end(), [&](const Match& m) { return m.set == set; });
    std::stable_sort(first, matches.end(), [](const Match& a, const Match& b) {
        return std::tie(a.source, a.record) < std::tie(b.source, b.record);
    });
}

}  // namespace

struct KnownSet::Impl {
    Impl(int fd, const std::string& name, const Secret* secret)
        : file(fd, name),
          path(name),
          records(section(tks::SectionKind::records)),
          mentions(section(tks::SectionKind::mentions)),
          labels(section(tks::SectionKind::labels)) {
        const tks::Superblock& s = file.superblock();
        const bool is_protected = (s.flags & tks::flag_protected) != 0;
        if (is_protected && !secret)
            throw Error(path, "is protected", s.key_kind == 2 ? "give its passphrase" : "give its key file with --key");
        if (is_protected) key = std::make_unique<SetKey>(*secret, s);
        read_identity();
        for (const Algorithm a : all_algorithms)
            if (identity.algorithms.has(a)) columns.emplace_back(file, a, key ? sizeof(KeyedDigest) : digest_size(a));
        const std::uint64_t record_bytes = s.record_widths.total(), mention_bytes = s.mention_widths.total();
        for (const Column& column : columns)
            if (column.attached_bytes() > 0) joined = &column;
        const bool is_table_sound =
            records.length == s.records * record_bytes && mentions.length == s.mentions * mention_bytes;
        const bool is_joined_sound = joined && !key && joined->attached_bytes() == record_bytes + mention_bytes &&
                                     joined->rows() == s.records && s.mentions == s.records &&
                                     s.record_widths.first_mention == 0;
        const bool is_sound = (joined ? is_joined_sound : is_table_sound) && s.records < 0xFFFF'FFFF &&
                              s.mentions < 1ull << 48 && record_bytes <= 24 && mention_bytes <= 24;
        if (!is_sound) throw Error(path, "is damaged: its tables contradict its superblock");
    }

    const tks::Section& section(tks::SectionKind kind) const {
        const tks::Section* found = file.find(kind);
        if (!found) throw Error(path, "is damaged: a section is missing");
        return *found;
    }

    // Plain bytes of a table or of the labels, in the map, or in `opened` when they had to be decrypted.
    ByteView plain(const tks::Section& there, std::uint64_t offset, std::uint64_t length, Bytes& opened) const {
        if (offset > there.length || length > there.length - offset)
            throw Error(path, "is damaged: it points outside itself");
        if (!key) return {file.at(there.offset + offset, length), length};
        return opened = file.open_sealed(there, *key, offset, length);
    }

    void read_identity() {
        const tks::Section& there = section(tks::SectionKind::identity);
        Bytes opened;
        identity = identity_from_json(as_text(plain(there, 0, there.length, opened)));
        identity.source_path = path;
        identity.source_sha256 = to_hex(file.superblock().content_digest);
    }

    Record record_at(std::uint32_t number) const {
        const tks::Superblock& s = file.superblock();
        if (number >= s.records) throw Error(path, "is damaged: a link points behind its records");
        const tks::RecordWidths w = s.record_widths;
        const bool has_next = w.first_mention > 0 && number + 1ull < s.records;
        Bytes opened;
        const ByteView row = joined ? joined->attached_at(number)
                                    : plain(records, number * w.total(), w.total() * (has_next ? 2 : 1), opened);
        Record record;
        record.algorithms = AlgorithmSet::from_bits(w.algorithms ? static_cast<std::uint8_t>(get_le(row.data(), 1))
                                                                 : s.common_algorithms);
        if (const std::uint64_t size = get_le(row.data() + w.algorithms, w.size)) record.size = size - 1;
        record.first_mention = number, record.last_mention = number + 1ull;
        if (w.first_mention == 0) return record;
        const std::byte* mention = row.data() + w.algorithms + w.size;
        record.first_mention = get_le(mention, w.first_mention);
        record.last_mention = has_next ? get_le(mention + w.total(), w.first_mention) : s.mentions;
        if (record.first_mention > record.last_mention || record.last_mention > s.mentions)
            throw Error(path, "is damaged: a record points outside its mentions");
        return record;
    }

    // What a record that is looked at soon will need.
    [[gnu::always_inline]] void prefetch(const std::vector<Agreement>& agreements, std::size_t at) const {
        constexpr std::size_t ahead = 16;
        if (joined || at + ahead >= agreements.size()) return;  // a joined row is in the cache already
        const std::uint64_t record = agreements[at + ahead].record;
        const tks::Superblock& s = file.superblock();
        file.prefetch(records.offset + record * s.record_widths.total());
        if (s.record_widths.first_mention == 0) file.prefetch(mentions.offset + record * s.mention_widths.total());
    }

    std::string label_at(std::uint64_t offset) const {
        if (offset == 0) return {};
        std::uint64_t length = 0;
        Bytes opened;
        for (unsigned shift = 0; shift < 35 && offset < labels.length; shift += 7) {
            const auto byte = static_cast<std::uint64_t>(plain(labels, offset++, 1, opened)[0]);
            length |= (byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) break;
        }
        if (length > most_label_bytes) throw Error(path, "is damaged: a label is longer than any");
        return std::string(as_text(plain(labels, offset, length, opened)));
    }

    Mention mention_at(std::uint64_t number) const {
        const tks::MentionWidths w = file.superblock().mention_widths;
        Bytes opened;
        const ByteView row = joined ? joined->attached_at(number).subspan(file.superblock().record_widths.total())
                                    : plain(mentions, number * w.total(), w.total(), opened);
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
        if (mention.category >= identity.categories.size()) throw Error(path, "is damaged: a category does not exist");
        return mention;
    }
    bool alerts(const Mention& mention) const { return identity.categories[mention.category].alerts; }

    void add_mention(const Mention& mention, const Match& found, std::vector<Match>& out) const {
        const CategoryCount& category = identity.categories[mention.category];
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
    std::uint64_t next_category(std::uint64_t number, std::uint64_t last) const {
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
    void add_foremost(const Record& record, const Match& found, std::vector<Match>& out) const {
        std::size_t told = 0;
        for (const bool alerting : {true, false}) {
            std::uint64_t category = 0;
            for (std::uint64_t m = record.first_mention; m < record.last_mention && told < most_mentions;) {
                const Mention mention = mention_at(m);
                if (mention.category < category) throw Error(path, "is damaged: mentions are out of order");
                category = mention.category;
                if (alerts(mention) != alerting) m = next_category(m, record.last_mention);
                else add_mention(mention, found, out), ++told, ++m;
            }
        }
    }

    void add_mentions(const Record& record, const Match& found, std::vector<Match>& out) const {
        if (record.last_mention > record.first_mention + most_mentions) return add_foremost(record, found, out);
        for (std::uint64_t m = record.first_mention; m < record.last_mention; ++m)
            add_mention(mention_at(m), found, out);
    }

    void find(std::span<const KnownQuery> queries, std::vector<Agreement>& agreements) const;

    SetFile file;
    const std::string path;
    std::unique_ptr<SetKey> key;
    const tks::Section &records, &mentions, &labels;
    KnownSetIdentity identity;
    std::vector<Column> columns;
    const Column* joined = nullptr;  // whose rows hold records and mentions
};

KnownSet KnownSet::open(int fd, const std::string& path, const Secret* secret) {
    return KnownSet(std::make_unique<Impl>(fd, path, secret));
}
KnownSet::KnownSet(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KnownSet::~KnownSet() = default;
KnownSet::KnownSet(KnownSet&&) noexcept = default;
KnownSet& KnownSet::operator=(KnownSet&&) noexcept = default;

const KnownSetIdentity& KnownSet::identity() const { return impl_->identity; }
bool KnownSet::is_protected() const { return impl_->key != nullptr; }
void KnownSet::came_from(const std::string& path, const std::string& sha256) {
    impl_->identity.source_path = path, impl_->identity.source_sha256 = sha256;
}
void KnownSet::check() const { impl_->file.check_all(); }

std::uint64_t KnownSet::records_without(AlgorithmSet algorithms) const {
    const tks::Superblock& s = impl_->file.superblock();
    if (s.record_widths.algorithms == 0) return (s.common_algorithms & algorithms.bits()) == 0 ? s.records : 0;
    std::uint64_t count = 0;
    for (std::uint64_t r = 0; r < s.records; ++r)
        if ((impl_->record_at(static_cast<std::uint32_t>(r)).algorithms.bits() & algorithms.bits()) == 0) ++count;
    return count;
}

// By groups of keys, column after column.
void KnownSet::Impl::find(std::span<const KnownQuery> queries, std::vector<Agreement>& agreements) const {
    std::array<Key, Column::group> keys{};
    std::array<const std::byte*, Column::group> pointers{};
    std::vector<Column::Hit> hits;
    for (const Column& column : columns) {
        std::array<std::uint32_t, Column::group> query_of{};
        std::size_t count = 0;
        const auto flush = [&] {
            hits.clear();
            column.find(std::span(pointers).first(count), hits);
            for (const Column::Hit& hit : hits)
                agreements.push_back({query_of[hit.query], hit.record, column.algorithm()});
            count = 0;
        };
        for (std::uint32_t q = 0; q < queries.size(); ++q) {
            const std::optional<Digest>& digest = queries[q].digests->get(column.algorithm());
            if (!digest) continue;
            pointers[count] = digest->bytes.data();
            if (key) {
                const KeyedDigest keyed = key->keyed(*digest);
                std::copy(keyed.begin(), keyed.end(), keys[count].begin());
                pointers[count] = keys[count].data();
            }
            query_of[count] = q;
            if (++count == Column::group) flush();
        }
        if (count > 0) flush();
    }
}

void KnownSet::lookup(std::span<const KnownQuery> queries, std::uint32_t set_index,
                      std::span<std::vector<Match>> out) const {
    std::vector<Agreement> agreements;
    impl_->find(queries, agreements);
    if (!std::is_sorted(agreements.begin(), agreements.end())) std::sort(agreements.begin(), agreements.end());
    for (std::size_t i = 0; i < agreements.size();) {
        const auto [query, number, first] = agreements[i];
        Match match;
        match.set = set_index;
        for (; i < agreements.size() && agreements[i].query == query && agreements[i].record == number; ++i)
            match.agrees.add(agreements[i].algorithm);
        impl_->prefetch(agreements, i);
        const Record record = impl_->record_at(number);
        const unsigned both = record.algorithms.bits() & queries[query].digests->algorithms().bits();
        match.differs = AlgorithmSet::from_bits(static_cast<std::uint8_t>(both & ~unsigned{match.agrees.bits()}));
        if (record.size) match.size_agrees = *record.size == queries[query].size;
        impl_->add_mentions(record, match, out[query]);
        const bool is_last = i == agreements.size() || agreements[i].query != query;
        if (is_last && out[query].size() > 1) sort_by_place(out[query], set_index);
    }
}

struct KnownSet::Walk::State {
    const Column* column = nullptr;
    std::uint64_t row = 0, bucket = 0;
    Digest digest;
    bool is_over = true;

    void read() {
        is_over = !column || row >= column->rows();
        if (!is_over) column->key_at(row, bucket, digest.bytes.data());
    }
};

KnownSet::Walk::Walk(const KnownSet& set, Algorithm algorithm) : state_(std::make_unique<State>()) {
    state_->digest.algorithm = algorithm;
    for (const Column& column : set.impl_->columns)
        if (column.algorithm() == algorithm && !set.is_protected()) state_->column = &column;
    state_->read();
}
KnownSet::Walk::~Walk() = default;

const Digest* KnownSet::Walk::digest() const { return state_->is_over ? nullptr : &state_->digest; }

void KnownSet::Walk::next() {
    for (const Digest before = state_->digest; !state_->is_over && state_->digest == before;) {
        ++state_->row;
        state_->read();
    }
}

void lookup(const KnownSets& sets, std::span<const KnownQuery> queries, std::span<std::vector<Match>> out) {
    for (std::size_t i = 0; i < sets.size(); ++i) sets[i].lookup(queries, static_cast<std::uint32_t>(i), out);
}

std::vector<Match> lookup(const KnownSets& sets, const Digests& digests, std::uint64_t size) {
    const KnownQuery query{&digests, size};
    std::vector<Match> matches;
    lookup(sets, {&query, 1}, {&matches, 1});
    return matches;
}

AlgorithmSet algorithms_of(const KnownSets& sets) {
    AlgorithmSet all;
    for (const KnownSet& set : sets) all.add(set.identity().algorithms);
    return all;
}

}  // namespace triage
