// SPDX-License-Identifier: Apache-2.0
#include "engine/known/set_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/known/column_builder.h"
#include "engine/known/conflicts.h"
#include "engine/known/content_table.h"
#include "engine/known/distinct_sizes.h"
#include "engine/known/label_heap.h"
#include "engine/known/record_row.h"
#include "engine/known/set_assembly.h"
#include "engine/known/set_identity.h"

namespace triage {
namespace {

constexpr std::uint64_t rows_between_advances = 1 << 18;
constexpr std::size_t most_sources = 255, most_categories = 65'534;

std::size_t index(Algorithm a) { return static_cast<std::size_t>(a); }

std::uint64_t beginning(const std::byte* digest) { return get_be(digest, 8); }

class Categories {
  public:
    std::uint64_t number_of(const Category& category) {
        if (category == last_) return last_number_;
        const auto [at, is_new] = numbers_.try_emplace({category.set, category.number}, numbers_.size());
        if (is_new && numbers_.size() > most_categories)
            throw Error("known set", fmt::format("more than {} categories", most_categories),
                        "a column that holds none was taken for the category: see --columns");
        last_ = category, last_number_ = at->second;
        if (is_new) counts_.push_back({category, 0, true});
        return last_number_;
    }
    void count(std::uint64_t number) { ++counts_[number].records; }
    // A number that no record has is a slip of the pen (01 for 1) that would keep every match from alerting.
    void require(const std::vector<std::string>& alert_categories) const {
        for (const std::string& wanted : alert_categories)
            if (std::ranges::none_of(counts_, [&](const CategoryCount& c) { return c.category.number == wanted; }))
                throw Error("--alert-category",
                            fmt::format("no record has the alert category {}: it has {}", wanted, named()));
    }
    // In the order of their numbers.
    std::vector<CategoryCount> counts(const std::vector<std::string>& alert_categories) const {
        std::vector<CategoryCount> counts = counts_;
        for (CategoryCount& c : counts)
            c.alerts = alert_categories.empty() || std::find(alert_categories.begin(), alert_categories.end(),
                                                             c.category.number) != alert_categories.end();
        return counts;
    }

  private:
    // Those that exist, the first ones.
    std::string named() const {
        constexpr std::size_t most = 20;
        std::set<std::string> numbers;
        for (const CategoryCount& c : counts_)
            if (!c.category.number.empty()) numbers.insert(c.category.number);
        if (numbers.empty()) return "none";
        const std::size_t more = numbers.size() - std::min(numbers.size(), most);
        while (numbers.size() > most) numbers.erase(std::prev(numbers.end()));
        return fmt::format("{}{}", fmt::join(numbers, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
    }

    std::map<std::pair<std::string, std::string>, std::uint64_t> numbers_;
    std::vector<CategoryCount> counts_;
    Category last_{"\n", "\n"};  // no category
    std::uint64_t last_number_ = 0;
};

}  // namespace

struct SetWriter::Impl {
    explicit Impl(const SetWriterOptions& o)
        : options(o),
          spooled(o.temporary_folder),
          labels(o.temporary_folder, o.memory_bytes / 8),
          contents(o.temporary_folder) {
        for (const Algorithm a : all_algorithms)
            key_sizes[index(a)] = static_cast<std::uint8_t>(o.key ? sizeof(KeyedDigest) : digest_size(a));
    }

    RowSpool& spool(std::array<std::unique_ptr<RowSpool>, 3>& spools, Algorithm a) {
        std::unique_ptr<RowSpool>& spool = spools[index(a)];
        if (!spool) {
            const auto piece = std::clamp<std::uint64_t>(options.memory_bytes >> 14, 1024, 64 << 10);
            spool = std::make_unique<RowSpool>(spooled, options.memory_bytes / 2, piece);
        }
        return *spool;
    }

    void put_key(const Digest& digest) {
        if (!options.key) return put(digest.view());
        put(options.key->keyed(digest));
    }
    void put(ByteView bytes) { row.insert(row.end(), bytes.begin(), bytes.end()); }

    // Each record is sorted once, and once more for each column.
    void advance() {
        std::uint64_t passes = 1;
        for (const Algorithm a : all_algorithms) passes += all.has(a);
        if (++rows_done % rows_between_advances == 0 && options.advance)
            options.advance("writing the set", rows_done, added * passes);
    }

    void add(const KnownRecord& record);
    void gather();
    void take(Algorithm first, const RowView& now);
    void spool_digests(const RowView& now, std::uint32_t record);
    Conflicts::Content described(const RowView& now, std::uint32_t record) const;

    // The column of the first algorithm needs no links: its rows are the first contents, in order.
    bool is_in_order(Algorithm a) const { return a == first_of(all); }
    // A record with its mention stands in its row, where each has one and all have the first algorithm: one place
    // to look at instead of two. Not in a protected set, whose columns are not encrypted.
    bool is_joined() const {
        const std::uint64_t in_column = in_order->size() / key_sizes[index(first_of(all))];
        return !options.key && contents.has_one_mention_each() && in_column == contents.records();
    }
    void build_column(Algorithm a, ColumnBuilder& column);
    void write_column(SetAssembly& file, Algorithm a);

    const SetWriterOptions options;
    KeySizes key_sizes{};
    TemporaryFile spooled;
    std::array<std::unique_ptr<RowSpool>, 3> primary, secondary;  // by algorithm
    std::unique_ptr<BufferedFile> in_order;                       // keys of the one column that needs no links
    AlgorithmSet all;
    LabelHeap labels;
    ContentTable contents;
    DistinctSizes sizes;
    Categories categories;
    std::size_t sources = 0;
    std::uint64_t added = 0, duplicates = 0;
    Conflicts conflicts;
    Bytes row;

    std::uint64_t rows_done = 0;  // while the set is written
    Bytes last;                   // row before the one that is taken
};

SetWriter::SetWriter(const SetWriterOptions& options) : impl_(std::make_unique<Impl>(options)) {}
SetWriter::~SetWriter() = default;

void SetWriter::begin_source() {
    if (++impl_->sources > most_sources)
        throw Error("known set", fmt::format("more than {} lists", most_sources), "join some of them first");
}

std::uint64_t SetWriter::size() const { return impl_->added; }

void SetWriter::add(const KnownRecord& record) { impl_->add(record); }

void SetWriter::Impl::add(const KnownRecord& record) {
    const AlgorithmSet algorithms = record.digests.algorithms();
    assert(!algorithms.empty() && sources > 0);
    const Algorithm first = first_of(algorithms);
    const std::uint64_t category = categories.number_of(record.category);
    row.clear();
    put_key(*record.digests.get(first));
    put_be(row, algorithms.bits(), 1);
    for (const Algorithm a : all_algorithms)
        if (a != first && algorithms.has(a)) put_key(*record.digests.get(a));
    put_be(row, record.size ? *record.size + 1 : 0, 8);
    put_be(row, category, 2), put_be(row, labels.offset_of(record.label), 5), put_be(row, record.flags.bits(), 1);
    put_be(row, sources - 1, 1), put_be(row, std::min(record.position, most_position), 5);
    spool(primary, first).add(row);
    all.add(algorithms);
    ++added;
}

// The contents, in order, from the spools of their first digests.
void SetWriter::Impl::gather() {
    in_order = std::make_unique<BufferedFile>(options.temporary_folder);
    for (const Algorithm a : all_algorithms) {
        if (!primary[index(a)]) continue;
        last.clear();
        primary[index(a)]->sorted([&](ByteView bytes) {
            take(a, RowView(bytes, a, key_sizes));
            last.assign(bytes.begin(), bytes.end());
            advance();
        });
        primary[index(a)].reset();
    }
}

Conflicts::Content SetWriter::Impl::described(const RowView& now, std::uint32_t record) const {
    Conflicts::Content content{record, now.algorithms(), now.size_plus_one(), {}};
    for (const Algorithm a : all_algorithms)
        if (content.algorithms.has(a)) content.beginnings[index(a)] = beginning(now.key(a));
    return content;
}

void SetWriter::Impl::take(Algorithm first, const RowView& now) {
    const RowView before(last, first, key_sizes);
    const auto same = [&](ByteView (RowView::*part)() const) {
        return !last.empty() && std::ranges::equal((now.*part)(), (before.*part)());
    };
    if (same(&RowView::without_position)) return void(++duplicates);
    const Mention mention = now.mention();
    if (!same(&RowView::content)) {
        const std::size_t key = key_sizes[index(first)];
        const std::uint64_t size_plus_one = now.size_plus_one();
        const std::uint32_t record = contents.begin_record(now.algorithms(), size_plus_one);
        sizes.add(size_plus_one > 0 ? std::optional(size_plus_one - 1) : std::nullopt);
        const bool shares_key =
            !last.empty() && std::equal(last.begin(), last.begin() + static_cast<std::ptrdiff_t>(key), now.key(first));
        if (!shares_key) conflicts.next_digest();
        conflicts.add(described(now, record));
        if (is_in_order(first)) in_order->append({now.key(first), key});
        spool_digests(now, record);
    }
    contents.add_mention(mention);
    categories.count(mention.category);
}

// What the columns with links will be made of: key, record, and what tells contradictions.
void SetWriter::Impl::spool_digests(const RowView& now, std::uint32_t record) {
    for (const Algorithm a : all_algorithms) {
        if (!now.algorithms().has(a) || is_in_order(a)) continue;
        row.clear();
        put({now.key(a), key_sizes[index(a)]});
        const Conflicts::Content content = described(now, record);
        put_be(row, record, 4), put_be(row, content.algorithms.bits(), 1), put_be(row, content.size_plus_one, 8);
        for (const std::uint64_t beginning : content.beginnings) put_be(row, beginning, 8);
        spool(secondary, a).add(row);
    }
}

void SetWriter::Impl::build_column(Algorithm a, ColumnBuilder& column) {
    const std::size_t key = key_sizes[index(a)];
    if (is_in_order(a)) {
        StoredRows keys(*in_order, key);
        if (is_joined())
            contents.write_joined([&](ByteView attached) { column.add(keys.next(), 0, attached), advance(); });
        else
            while (const std::byte* next = keys.next()) column.add(next, 0), advance();
        return column.finish();
    }
    Bytes key_before;
    secondary[index(a)]->sorted([&](ByteView bytes) {
        const std::byte* rest = bytes.data() + key;
        const Conflicts::Content now{static_cast<std::uint32_t>(get_be(rest, 4)),
                                     AlgorithmSet::from_bits(static_cast<std::uint8_t>(rest[4])),
                                     get_be(rest + 5, 8),
                                     {get_be(rest + 13, 8), get_be(rest + 21, 8), get_be(rest + 29, 8)}};
        if (!std::ranges::equal(key_before, bytes.first(key))) conflicts.next_digest();
        conflicts.add(now);
        column.add(bytes.data(), now.record);
        advance();
        key_before.assign(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(key));
    });
    secondary[index(a)].reset();
    column.finish();
}

void SetWriter::Impl::write_column(SetAssembly& file, Algorithm a) {
    const std::uint64_t rows = is_in_order(a) ? in_order->size() / key_sizes[index(a)] : secondary[index(a)]->rows();
    ColumnBuilder column(options.temporary_folder, rows, key_sizes[index(a)], !is_in_order(a));
    build_column(a, column);
    const auto section = [&](tks::SectionKind kind, tks::Section described, BufferedFile& content) {
        described.kind = kind, described.algorithm = static_cast<std::uint32_t>(a);
        file.begin(described);
        file.append(content);
        file.end();
    };
    section(tks::SectionKind::shards, column.shard_section, column.shards);
    section(tks::SectionKind::filter, {}, column.filter);
    section(tks::SectionKind::buckets, column.bucket_section, column.buckets);
    section(tks::SectionKind::column, column.row_section, column.rows);
}

KnownSetIdentity SetWriter::write(int fd, KnownSetIdentity identity, const std::vector<std::string>& alert_categories) {
    Impl& i = *impl_;
    i.categories.require(alert_categories);
    i.gather();
    SetAssembly file(fd, i.options.key);
    for (const Algorithm a : all_algorithms)
        if (i.all.has(a)) i.write_column(file, a);

    file.begin({.kind = tks::SectionKind::records, .rows = i.contents.records()});
    if (!i.is_joined()) i.contents.write_records([&](ByteView row) { file.append(row); });
    file.end();
    file.begin({.kind = tks::SectionKind::mentions, .rows = i.contents.mentions()});
    if (!i.is_joined()) i.contents.write_mentions([&](ByteView row) { file.append(row); });
    file.end();
    if (i.sizes.count() > 0) {
        file.begin({.kind = tks::SectionKind::sizes, .rows = i.sizes.count()});
        i.sizes.write([&](ByteView row) { file.append(row); });
        file.end();
    }
    file.begin({.kind = tks::SectionKind::labels});
    file.append(i.labels.file());
    file.end();

    identity.algorithms = i.all;
    identity.records_accepted = i.contents.mentions();
    identity.records_duplicate = i.duplicates;
    identity.records_conflicting = i.conflicts.count();
    identity.categories = i.categories.counts(alert_categories);
    file.begin({.kind = tks::SectionKind::identity});
    file.append(as_bytes(identity_to_json(identity)));
    file.end();

    tks::Superblock superblock;
    superblock.records = i.contents.records(), superblock.mentions = i.contents.mentions();
    superblock.common_algorithms = i.contents.common_algorithms();
    superblock.record_widths = i.contents.record_widths(), superblock.mention_widths = i.contents.mention_widths();
    if (i.options.key) i.options.key->describe(superblock);
    file.finish(superblock);
    return identity;
}

}  // namespace triage
