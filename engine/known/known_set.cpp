// SPDX-License-Identifier: Apache-2.0
#include "engine/known/known_set.h"

#include <algorithm>
#include <array>
#include <deque>
#include <tuple>

#include "engine/base/error.h"
#include "engine/known/column.h"
#include "engine/known/distinct_sizes.h"
#include "engine/known/set_file.h"
#include "engine/known/set_identity.h"
#include "engine/known/set_reader.h"

namespace triage {

std::string_view to_string(Polarity polarity) { return polarity == Polarity::notable ? "notable" : "ignorable"; }

namespace {

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
          tables{file,
                 path,
                 identity,
                 section(tks::SectionKind::records),
                 section(tks::SectionKind::mentions),
                 section(tks::SectionKind::labels)} {
        const tks::Superblock& s = file.superblock();
        const bool is_protected = (s.flags & tks::flag_protected) != 0;
        if (is_protected && !secret)
            throw Error(path, "is protected", s.key_kind == 2 ? "give its passphrase" : "give its key file with --key");
        if (is_protected) key = std::make_unique<SetKey>(*secret, s);
        tables.key = key.get();
        read_identity();
        for (const Algorithm a : all_algorithms)
            if (identity.algorithms.has(a)) columns.emplace_back(file, a, key ? sizeof(KeyedDigest) : digest_size(a));
        const std::uint64_t record_bytes = s.record_widths.total(), mention_bytes = s.mention_widths.total();
        std::uint64_t rows = 0;  // at least one a record: where records take no bytes, nothing else bounds them
        for (const Column& column : columns) {
            rows += column.rows();
            if (column.attached_bytes() > 0) tables.joined = &column;
        }
        const Column* joined = tables.joined;
        const bool is_table_sound =
            tables.records.length == s.records * record_bytes && tables.mentions.length == s.mentions * mention_bytes;
        const bool is_joined_sound = joined && !key && joined->attached_bytes() == record_bytes + mention_bytes &&
                                     joined->rows() == s.records && s.mentions == s.records &&
                                     s.record_widths.first_mention == 0;
        const bool is_sound = (joined ? is_joined_sound : is_table_sound) && s.records < 0xFFFF'FFFF &&
                              s.records <= rows && s.mentions < 1ull << 48 && record_bytes <= 24 && mention_bytes <= 24;
        if (!is_sound) throw Error(path, "is damaged: its tables contradict its superblock");
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    const tks::Section& section(tks::SectionKind kind) const {
        const tks::Section* found = file.find(kind);
        if (!found) throw Error(path, "is damaged: a section is missing");
        return *found;
    }

    void read_identity() {
        const tks::Section& there = section(tks::SectionKind::identity);
        SetFile::Opened opened;
        const ByteView text = key ? file.open_sealed(there, *key, 0, there.length, opened)
                                  : ByteView(file.at(there.offset, there.length), there.length);
        identity = identity_from_json(as_text(text));
        identity.source_path = path;
        identity.source_sha256 = to_hex(file.superblock().content_digest);
    }

    void find(std::span<const KnownQuery> queries, std::vector<Agreement>& agreements) const;

    SetFile file;
    const std::string path;
    std::unique_ptr<SetKey> key;
    KnownSetIdentity identity;
    std::deque<Column> columns;  // which stay where they are
    SetTables tables;
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
void KnownSet::check() const {
    impl_->file.check_all();
    const tks::Section* stored = impl_->file.find(tks::SectionKind::sizes);
    if (!stored) return;
    DistinctSizes sizes;
    SetReader reader(impl_->tables);
    for (std::uint64_t r = 0; r < impl_->file.superblock().records; ++r)
        sizes.add(reader.record_at(static_cast<std::uint32_t>(r)).size);
    Bytes of_records, of_section;
    sizes.write([&](ByteView row) { of_records.insert(of_records.end(), row.begin(), row.end()); });
    reader.for_each_size(*stored, [&](std::optional<std::uint64_t> size) {
        put_le(of_section, *size, 8);
        return true;
    });
    if (of_section != of_records) throw Error(impl_->path, "is damaged: its sizes are not those of its records");
}

std::uint64_t KnownSet::records_without(AlgorithmSet algorithms) const {
    const tks::Superblock& s = impl_->file.superblock();
    if (s.record_widths.algorithms == 0) return (s.common_algorithms & algorithms.bits()) == 0 ? s.records : 0;
    // Where every column is looked into, every record is.
    if ((impl_->identity.algorithms.bits() & ~unsigned{algorithms.bits()}) == 0) return 0;
    SetReader reader(impl_->tables);
    std::uint64_t count = 0;
    for (std::uint64_t r = 0; r < s.records; ++r)
        if ((reader.record_at(static_cast<std::uint32_t>(r)).algorithms.bits() & algorithms.bits()) == 0) ++count;
    return count;
}

void KnownSet::for_each_size(const std::function<bool(std::optional<std::uint64_t>)>& use) const {
    SetReader reader(impl_->tables);
    if (const tks::Section* sizes = impl_->file.find(tks::SectionKind::sizes)) return reader.for_each_size(*sizes, use);
    const std::uint64_t records = impl_->file.superblock().records;
    for (std::uint64_t r = 0; r < records; ++r)
        if (!use(reader.record_at(static_cast<std::uint32_t>(r)).size)) return;
}

bool KnownSet::differs_in_size_from(const KnownSet& other, const std::function<bool()>& is_stopped) const {
    constexpr std::size_t at_once = 256;
    SetReader reader(impl_->tables);
    std::array<Digests, at_once> digests;
    std::vector<KnownQuery> queries;
    const auto differs = [&] {
        if (is_stopped()) return true;
        std::vector<std::vector<Match>> matches(queries.size());
        other.lookup(queries, 0, matches);
        queries.clear();
        return std::any_of(matches.begin(), matches.end(), [](const std::vector<Match>& of_one) {
            return std::any_of(of_one.begin(), of_one.end(), [](const Match& m) { return m.size_agrees == false; });
        });
    };
    for (const Column& column : impl_->columns) {
        Digest digest;
        digest.algorithm = column.algorithm();
        for (std::uint64_t row = 0, bucket = 0; row < column.rows(); ++row) {
            const std::optional<std::uint64_t> size = reader.record_at(column.record_of(row)).size;
            if (!size) continue;
            column.key_at(row, bucket, digest.bytes.data());
            Digests& own = digests[queries.size()] = {};
            own.set(digest);
            queries.push_back({&own, *size});
            if (queries.size() == at_once && differs()) return true;
        }
        if (differs()) return true;
    }
    return false;
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
    SetReader reader(impl_->tables);
    if (!std::is_sorted(agreements.begin(), agreements.end())) std::sort(agreements.begin(), agreements.end());
    for (std::size_t i = 0; i < agreements.size();) {
        const auto [query, number, first] = agreements[i];
        Match match;
        match.set = set_index;
        for (; i < agreements.size() && agreements[i].query == query && agreements[i].record == number; ++i)
            match.agrees.add(agreements[i].algorithm);
        // A record that is looked at soon is on its way meanwhile.
        if (constexpr std::size_t ahead = 16; i + ahead < agreements.size())
            reader.prefetch(agreements[i + ahead].record);
        const SetReader::Record record = reader.record_at(number);
        const unsigned both = record.algorithms.bits() & queries[query].digests->algorithms().bits();
        match.differs = AlgorithmSet::from_bits(static_cast<std::uint8_t>(both & ~unsigned{match.agrees.bits()}));
        if (record.size) match.size_agrees = *record.size == queries[query].size;
        reader.add_mentions(record, match, out[query]);
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
