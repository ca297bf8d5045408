// SPDX-License-Identifier: Apache-2.0
// The ledger as pictures, with the same numbers in tables beside them: no colour says anything alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/case/ledger.h"
#include "engine/report/summary.h"
#include "engine/report/text_summary.h"
#include "plugins/reporters/html/parts.h"

namespace triage::html_report {
namespace {

void add(std::uint64_t& sum, std::uint64_t value) { sum = checked_add(sum, value).value_or(~std::uint64_t{0}); }

// A share of a bar: `kind` is a class of the styles.
struct Share {
    std::string_view kind, words;
    std::uint64_t entries = 0, bytes = 0;
};
using Amount = std::uint64_t Share::*;

std::uint64_t total_of(const std::vector<Share>& shares, Amount amount) {
    std::uint64_t sum = 0;
    for (const Share& share : shares) add(sum, share.*amount);
    return sum;
}

// A thousand units long. What exists is at least two wide: nothing that is there vanishes.
std::string bar(std::string_view title, const std::vector<Share>& shares, Amount amount) {
    const std::uint64_t total = total_of(shares, amount);
    std::string text = fmt::format(
        "<figure><figcaption>{}</figcaption><svg class=\"bar\" viewBox=\"0 0 1000 24\" preserveAspectRatio=\"none\" "
        "role=\"img\" aria-label=\"{}: as in the table below\">",
        html(title), html(title));
    if (total == 0) text += "<rect class=\"none\" x=\"0\" y=\"0\" width=\"1000\" height=\"24\"/>";
    double at = 0;
    for (const Share& share : shares) {
        if (share.*amount == 0) continue;
        const double part = 1000.0 * static_cast<double>(share.*amount) / static_cast<double>(total);
        const double width = std::clamp(part, 2.0, 1000.0);
        text += fmt::format(
            "<rect class=\"{}\" x=\"{:.2f}\" y=\"0\" width=\"{:.2f}\" height=\"24\"><title>{}</title></rect>",
            share.kind, std::min(at, 998.0), width, html(share.words));
        at += part;
    }
    return text + "</svg></figure>\n";
}

std::string row_of(const Share& share, std::uint64_t entries, std::uint64_t bytes) {
    return fmt::format(
        "<tr><th scope=\"row\"><svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"{}\" "
        "width=\"12\" height=\"12\"/></svg>{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td "
        "class=\"num\">{}</td><td class=\"num\">{}</td></tr>\n",
        share.kind, html(share.words), with_commas(share.entries), share_in_words(share.entries, entries),
        human_size(share.bytes), share_in_words(share.bytes, bytes));
}

std::string table_of(std::string_view caption, const std::string& count_of, const std::vector<Share>& shares) {
    const std::uint64_t entries = total_of(shares, &Share::entries), bytes = total_of(shares, &Share::bytes);
    std::string rows;
    for (const Share& share : shares)
        if (share.entries > 0) rows += row_of(share, entries, bytes);
    return table(caption, {"What", "#" + count_of, "#Share", "#Size", "#Share"}, rows);
}

Share& share_of(std::vector<Share>& shares, const LedgerRow& row) {
    if (row.status == Status::hashed) return shares[0];
    if (row.reason == Reason::size) return shares[1];
    if (row.reason == Reason::rule) return shares[2];
    if (row.reason == Reason::encrypted) return shares[3];
    if (row.status == Status::partial || row.status == Status::unreadable) return shares[4];
    return shares[5];
}

std::string entries_account(const ReportContext& context) {
    std::vector<Share> shares{{"hashed", "hashed, every byte read"},
                              {"size", "left out by size"},
                              {"rule", "skipped by a rule"},
                              {"locked", "encrypted: not read"},
                              {"unreadable", "unreadable, in part or as a whole"},
                              {"other", "without a hash for another reason"}};
    for (const LedgerRow& row : context.ledger) {
        Share& share = share_of(shares, row);
        share.entries += row.entries;
        add(share.bytes, row.bytes);
    }
    return bar("Entries: what became of each", shares, &Share::entries) +
           bar("The same by bytes", shares, &Share::bytes) + table_of("What became of entries", "Entries", shares);
}

// What no allocated content holds is a share of its own, taken from the volumes that were read.
void set_apart_unallocated(std::vector<Share>& shares, const ReportContext& context) {
    Share unallocated{"gap", "unallocated, or kept by file systems for themselves", 0, unheld_bytes(context)};
    std::uint64_t rest = unallocated.bytes;
    for (const VolumeState state : {VolumeState::walked, VolumeState::partial}) {
        Share& share = shares.at(static_cast<std::size_t>(state));
        const std::uint64_t part = std::min(share.bytes, rest);
        share.bytes -= part, rest -= part, unallocated.entries += share.entries;
    }
    shares.push_back(unallocated);
}

std::string volumes_account(const ReportContext& context) {
    std::vector<Share> shares;
    for (const VolumeStateRow& state : volume_state_table()) {
        const bool is_counted = !state.forbids_exit_zero && state.state != VolumeState::walked;
        const std::string_view kind = state.state == VolumeState::walked   ? "hashed"
                                      : state.state == VolumeState::locked ? "locked"
                                      : is_counted                         ? "gap"
                                                                           : "unreadable";
        Share share{kind, state.meaning};
        for (const VolumeRecord& volume : context.volumes)
            if (volume.state == state.state) ++share.entries, add(share.bytes, volume.length);
        shares.push_back(share);
    }
    set_apart_unallocated(shares, context);
    return bar("Media: volumes and what lies outside them, by bytes", shares, &Share::bytes) +
           table_of("Volumes by state", "Volumes", shares) +
           "<p>Unallocated space was searched for deleted entries alone. Its size is about what no content of an "
           "allocated "
           "name holds: what a file system keeps for itself is in it.</p>\n";
}

std::string states(const ReportContext& context) {
    std::vector<Share> shares{{"allocated", "allocated"}, {"deleted", "deleted"}, {"orphan", "orphan: directory gone"}};
    for (const LedgerRow& row : context.ledger) {
        Share& share = shares.at(static_cast<std::size_t>(row.state));
        share.entries += row.entries;
        add(share.bytes, row.bytes);
    }
    return bar("Entries by state", shares, &Share::entries) + table_of("By state", "Entries", shares);
}

constexpr std::size_t most_types = 14;

std::string types_table(const TypeSums& types) {
    std::vector<std::pair<std::string, TypeSum>> rows(types.begin(), types.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second.entries > b.second.entries; });
    if (rows.size() > most_types) {
        TypeSum rest;
        for (std::size_t i = most_types; i < rows.size(); ++i)
            rest.entries += rows[i].second.entries, add(rest.bytes, rows[i].second.bytes);
        rows.resize(most_types);
        rows.emplace_back("further types", rest);
    }
    std::vector<Share> shares;
    for (const auto& [type, sum] : rows) shares.push_back({"type", type, sum.entries, sum.bytes});
    const std::uint64_t most = shares.empty() ? 0 : std::max(shares.front().entries, shares.back().entries);
    std::string text;
    for (const Share& share : shares)
        text += fmt::format(
            "<tr><th scope=\"row\">{}</th><td class=\"num\">{}</td><td class=\"num\">{}</td><td><svg class=\"small\" "
            "viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"type\" "
            "width=\"{:.1f}\" height=\"10\"/></svg></td></tr>\n",
            html(share.words), with_commas(share.entries), human_size(share.bytes),
            most == 0 ? 0.0 : std::max(1.0, 100.0 * static_cast<double>(share.entries) / static_cast<double>(most)));
    return table("By type, as the content says", {"Type", "#Entries", "#Size", "Picture"}, text);
}

}  // namespace

std::string accounts(const ReportContext& context, const TypeSums& types) {
    return "<section id=\"account\" aria-labelledby=\"account-title\">\n<h2 id=\"account-title\">Account: every entry, "
           "volume and byte in one state</h2>\n" +
           entries_account(context) + volumes_account(context) + "<div class=\"pair\"><div>" + states(context) +
           "</div><div>" + types_table(types) + "</div></div>\n</section>\n";
}

}  // namespace triage::html_report
