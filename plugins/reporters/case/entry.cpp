// SPDX-License-Identifier: Apache-2.0
// An entry as nodes: the file or stream with its facets, where it lies, what lists and rules say of it.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/report/json_rows.h"
#include "plugins/reporters/case/graph.h"

namespace triage::case_report {
namespace {

// A hostile image may give an entry a million pieces; other reports list them all.
constexpr std::size_t most_ranges = 10'000;

// Is what the name names what the bytes are? Where placement is assumed or the blocks are in use again, that is not
// established, and no path is asserted.
bool is_name_established(const Entry& entry) { return entry.placement == Placement::recorded; }

// As The Sleuth Kit writes a stream.
std::string with_stream(std::string_view path, std::string_view stream) {
    return stream.empty() ? std::string(path) : fmt::format("{}:{}", path, stream);
}

std::string_view types_of(const Entry& entry, std::string_view fs) {
    if (entry.kind != EntryKind::stream) return R"("uco-observable:File")";
    return fs == "ntfs" ? R"(["uco-observable:AlternateDataStream","uco-observable:FileSystemObject"])"
                        : R"("uco-observable:FileSystemObject")";
}

std::string_view meaning_of(Reason reason) {
    const auto& table = reason_table();
    const auto row = std::find_if(table.begin(), table.end(), [&](const ReasonRow& r) { return r.reason == reason; });
    return row == table.end() ? to_string(reason) : row->meaning;
}

// xs:dateTime knows no year 0, and no date alone.
void append_time(Nodes& nodes, std::string_view key, const std::optional<Timestamp>& time, TimeForm form) {
    if (!time || form.is_date_only) return;
    const std::string text = format_time(*time, form);
    if (!text.empty() && !text.starts_with("0000")) nodes.instant(key, text);
}

std::string date_alone(const std::optional<Timestamp>& time, TimeForm form) {
    return time && form.is_date_only ? format_time(*time, form) : "";
}

void append_file_facet(Nodes& nodes, const Uuid& id, const Entry& entry, const VolumeRecord& volume) {
    nodes.begin("file-facet", part_of(id, "file-facet"), R"("uco-observable:FileFacet")");
    if (is_name_established(entry) && !entry.path.empty()) {
        nodes.text("uco-observable:fileName", with_stream(entry.path.substr(entry.path.rfind('/') + 1), entry.stream));
        nodes.text("uco-observable:filePath", with_stream(entry.path, entry.stream));
    }
    nodes.truth("uco-observable:isDirectory", false);
    nodes.text("uco-observable:allocationStatus", to_string(entry.state));
    nodes.number("uco-observable:sizeInBytes", entry.size);
    append_time(nodes, "uco-observable:modifiedTime", entry.times.modified, volume.modified);
    append_time(nodes, "uco-observable:accessedTime", entry.times.accessed, volume.accessed);
    append_time(nodes, "uco-observable:metadataChangeTime", entry.times.changed, volume.changed);
    append_time(nodes, "uco-observable:observableCreatedTime", entry.times.created, volume.created);
    nodes.end();
}

void append_content_facet(Nodes& nodes, const Uuid& id, const EntryRecord& record) {
    nodes.begin("content-data-facet", part_of(id, "content-data-facet"), R"("uco-observable:ContentDataFacet")");
    nodes.number("uco-observable:sizeInBytes", record.entry.size);
    nodes.text("uco-observable:mimeType", record.examined.type);
    append_hashes(nodes, id, record.examined.digests);
    nodes.end();
}

// The address by the file system's own word, where UCO has it.
void append_address_facet(Nodes& nodes, const Uuid& id, const Entry& entry, std::string_view fs) {
    if (fs == "ntfs") {
        nodes.begin("ntfs-file-facet", part_of(id, "ntfs-file-facet"), R"("uco-observable:NTFSFileFacet")");
        nodes.number("uco-observable:entryID", entry.address);
        nodes.end();
    } else if (fs.starts_with("ext")) {
        nodes.begin("ext-inode-facet", part_of(id, "ext-inode-facet"), R"("uco-observable:ExtInodeFacet")");
        nodes.number("uco-observable:extInodeID", entry.address);
        nodes.end();
    }
}

// Streams whose attribute could not be read share one node, and a facet has one name.
void append_stream_facet(Nodes& nodes, const Uuid& id, const Entry& entry, std::string_view fs) {
    if (entry.kind != EntryKind::stream || fs != "ntfs") return;
    nodes.begin("alternate-data-stream-facet", part_of(id, "alternate-data-stream-facet"),
                R"("uco-observable:AlternateDataStreamFacet")");
    if (is_name_established(entry) && entry.attribute != 0) nodes.text("uco-core:name", entry.stream);
    nodes.number("uco-observable:size", entry.size);
    nodes.end();
}

void append_recovery_facet(Nodes& nodes, const Uuid& id, const EntryRecord& record) {
    const Entry& entry = record.entry;
    if (entry.state == EntryState::allocated) return;
    nodes.begin("recovered-object-facet", part_of(id, "recovered-object-facet"),
                R"("uco-observable:RecoveredObjectFacet")");
    nodes.text("uco-observable:nameRecoveredStatus", is_name_established(entry) ? "recovered" : "unknown");
    if (record.examined.status == Status::partial)
        nodes.text("uco-observable:contentRecoveredStatus", "partially recovered");
    else if (!is_name_established(entry)) nodes.text("uco-observable:contentRecoveredStatus", "unknown");
    nodes.end();
}

void append_descriptions(Nodes& nodes, const EntryRecord& record) {
    nodes.open("uco-core:description");
    if (!is_name_established(record.entry))
        nodes.item(
            fmt::format("Placement {}: these bytes are on the device; that this name belonged to them is not "
                        "established.",
                        to_string(record.entry.placement)));
    if (record.examined.status != Status::hashed)
        nodes.item(fmt::format("Not hashed, so not compared: {}.", meaning_of(record.examined.reason)));
    if (record.extents.size() > most_ranges)
        nodes.item(fmt::format("The first {} of {} ranges stand here.", with_commas(most_ranges),
                               with_commas(record.extents.size())));
    nodes.close();
}

// What the contract says of an entry and UCO has no word for.
void append_tags(Nodes& nodes, const EntryRecord& record, const VolumeRecord& volume) {
    const Entry& entry = record.entry;
    const Examined& examined = record.examined;
    nodes.open("uco-core:tag");
    nodes.item("kind", to_string(entry.kind));
    nodes.item("state", to_string(entry.state));
    nodes.item("address", fmt::format_int(entry.address).str());
    if (entry.placement != Placement::recorded) nodes.item("placement", to_string(entry.placement));
    nodes.item("status", to_string(examined.status));
    if (examined.reason != Reason::none) nodes.item("reason", to_string(examined.reason));
    if (examined.missing_bytes > 0) nodes.item_number("missing-bytes", examined.missing_bytes);
    nodes.item("modified-date", date_alone(entry.times.modified, volume.modified));
    nodes.item("accessed-date", date_alone(entry.times.accessed, volume.accessed));
    if (!is_name_established(entry) && !entry.path.empty())
        nodes.item("name-not-established", with_stream(entry.path, entry.stream));
    if (const std::string raw = raw_name_of(entry); !raw.empty()) nodes.item("raw-name", to_base64(as_bytes(raw)));
    nodes.close();
}

void append_range(Nodes& nodes, const Uuid& relation, const Extent& extent, std::size_t index, std::size_t of) {
    nodes.begin("data-range-facet", part_of(relation, fmt::format("data-range-facet {}", index)),
                R"(["uco-observable:DataRangeFacet","uco-observable:FragmentFacet"])");
    nodes.number("uco-observable:rangeOffset", extent.media_offset);
    nodes.text("uco-observable:rangeOffsetType", "image");
    nodes.number("uco-observable:rangeSize", extent.length);
    nodes.number("uco-observable:fragmentIndex", index);
    nodes.number("uco-observable:totalFragments", of);
    nodes.end();
}

void append_algorithms(Nodes& nodes, std::string_view word, AlgorithmSet algorithms) {
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) nodes.item(word, to_string(algorithm));
}

std::string in_words(AlgorithmSet algorithms) {
    std::vector<std::string_view> words;
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words.push_back(to_string(algorithm));
    return fmt::format("{}", fmt::join(words, ", "));
}

std::string statement_of(const Match& match, const KnownSetIdentity& list) {
    std::string text = fmt::format("Digests that agree with record {} of the {} list {}: {}", match.record,
                                   to_string(list.polarity), list.name, in_words(match.agrees));
    if (!match.differs.empty()) text += "; that differ: " + in_words(match.differs);
    return text;
}

}  // namespace

void append_hashes(Nodes& nodes, const Uuid& of, const Digests& digests) {
    if (digests.algorithms().empty()) return;
    constexpr std::array<std::string_view, all_algorithms.size()> words{"MD5", "SHA1", "SHA256"};
    nodes.open("uco-observable:hash");
    for (const Algorithm algorithm : all_algorithms)
        if (const auto& digest = digests.get(algorithm)) {
            const std::string_view word = words[static_cast<std::size_t>(algorithm)];
            nodes.begin("hash", part_of(of, word), R"("uco-types:Hash")");
            nodes.text("uco-types:hashMethod", word);
            nodes.hex("uco-types:hashValue", digest->view());
            nodes.end();
        }
    nodes.close();
}

// Of names that share all of this, each has the others' properties: they are names of one thing.
Uuid Graph::id_of(const EntryRecord& record) const {
    const Entry& e = record.entry;
    return part_of(volumes_.at(record.volume),
                   fmt::format("entry {} {} {} {} {} {}", e.address, e.attribute, to_string(e.kind), to_string(e.state),
                               to_string(e.placement), e.size));
}

void Graph::append_entry(std::string& out, const EntryRecord& record) const {
    const Entry& entry = record.entry;
    const VolumeRecord& volume = context_.volume(record.volume);
    const Uuid id = id_of(record);
    Nodes nodes(out);
    nodes.begin("entry", id, types_of(entry, volume.fs));
    append_descriptions(nodes, record);
    append_tags(nodes, record, volume);
    nodes.open("uco-core:hasFacet");
    append_file_facet(nodes, id, entry, volume);
    append_content_facet(nodes, id, record);
    append_address_facet(nodes, id, entry, volume.fs);
    append_stream_facet(nodes, id, entry, volume.fs);
    append_recovery_facet(nodes, id, record);
    nodes.close();
    nodes.end_of_line();
    append_relation(out, id, record);
    for (const Match& match : record.examined.matches) append_match(out, id, match);
    if (record.finding) append_finding(out, id, *record.finding);
}

void Graph::append_relation(std::string& out, const Uuid& id, const EntryRecord& record) const {
    const Entry& entry = record.entry;
    const Uuid relation = part_of(id, "relationship");
    Nodes nodes(out);
    nodes.begin("relationship", relation, R"("uco-observable:ObservableRelationship")");
    nodes.reference("uco-core:source", "entry", id);
    nodes.reference("uco-core:target", "volume", volumes_.at(record.volume));
    nodes.text("uco-core:kindOfRelationship", "Contained_Within");
    nodes.truth("uco-core:isDirectional", true);
    nodes.open("uco-core:hasFacet");
    if (is_name_established(entry) && !entry.path.empty()) {
        nodes.begin("path-relation-facet", part_of(relation, "path-relation-facet"),
                    R"("uco-observable:PathRelationFacet")");
        nodes.text("uco-observable:path", with_stream(entry.path, entry.stream));
        nodes.end();
    }
    const std::size_t ranges = std::min(record.extents.size(), most_ranges);
    for (std::size_t i = 0; i < ranges; ++i)
        if (record.extents[i].media_offset != Extent::hole)
            append_range(nodes, relation, record.extents[i], i, record.extents.size());
    nodes.close();
    nodes.end_of_line();
}

void Graph::append_match(std::string& out, const Uuid& entry, const Match& match) const {
    if (match.set >= lists_.size()) throw std::runtime_error("the store is damaged: a match of a list that it lacks");
    const KnownSetIdentity& list = context_.lists[match.set].identity;
    Nodes nodes(out);
    std::string name = "match ";
    append_uuid(name, lists_[match.set]);
    nodes.begin("annotation", part_of(entry, fmt::format("{} {} {}", name, match.source, match.record)),
                R"("uco-core:Annotation")");
    nodes.text("uco-core:name", "match");
    nodes.open("uco-core:object");
    nodes.item_reference("entry", entry);
    nodes.item_reference("list", lists_[match.set]);
    nodes.close();
    nodes.text("uco-core:statement", statement_of(match, list));
    nodes.open("uco-core:tag");
    nodes.item("polarity", to_string(list.polarity));
    nodes.item_number("record", match.record);
    nodes.item("category", match.category);
    nodes.item("category-set", match.category_set);
    nodes.item("label", match.label);
    if (match.source > 0) nodes.item_number("source", match.source);
    append_algorithms(nodes, "agrees", match.agrees);
    append_algorithms(nodes, "differs", match.differs);
    if (match.size_agrees) nodes.item("size-agrees", *match.size_agrees ? "true" : "false");
    for (const auto& [flag, word] : record_flag_words)
        if (match.flags.has(flag)) nodes.item("flag", word);
    nodes.close();
    nodes.end_of_line();
}

void Graph::append_finding(std::string& out, const Uuid& entry, const Finding& finding) const {
    Nodes nodes(out);
    nodes.begin(
        "annotation",
        part_of(entry, fmt::format("finding {} {}", to_string(finding.severity), fmt::join(finding.rules, "\n"))),
        R"("uco-core:Annotation")");
    nodes.text("uco-core:name", "finding");
    nodes.open("uco-core:object");
    nodes.item_reference("entry", entry);
    nodes.close();
    nodes.open("uco-core:statement");
    for (const RuleRecord& rule : context_.rules)
        if (std::find(finding.rules.begin(), finding.rules.end(), rule.name) != finding.rules.end() &&
            !rule.text.empty())
            nodes.item(rule.text);
    nodes.close();
    nodes.open("uco-core:tag");
    nodes.item("severity", to_string(finding.severity));
    for (const std::string& rule : finding.rules) nodes.item("rule", rule);
    nodes.close();
    nodes.end_of_line();
}

}  // namespace triage::case_report
