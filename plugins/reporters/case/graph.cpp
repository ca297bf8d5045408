// SPDX-License-Identifier: Apache-2.0
// The frame around the entries: the program, the lists, the evidence and its volumes, problems, what was found as
// provenance records, the verdict, and the action.
#include "plugins/reporters/case/graph.h"

#include <fmt/format.h>

#include "engine/base/text.h"
#include "engine/report/redact.h"

namespace triage::case_report {
namespace {

constexpr std::string_view context_of_terms =
    R"({"@context":{
"kb":"urn:triage:kb:",
"case-investigation":"https://ontology.caseontology.org/case/investigation/",
"uco-action":"https://ontology.unifiedcyberontology.org/uco/action/",
"uco-core":"https://ontology.unifiedcyberontology.org/uco/core/",
"uco-identity":"https://ontology.unifiedcyberontology.org/uco/identity/",
"uco-observable":"https://ontology.unifiedcyberontology.org/uco/observable/",
"uco-tool":"https://ontology.unifiedcyberontology.org/uco/tool/",
"uco-types":"https://ontology.unifiedcyberontology.org/uco/types/",
"xsd":"http://www.w3.org/2001/XMLSchema#"
},"@graph":[
)";

// Each part behind its length: no two lists of parts make the same name.
Uuid named(const Uuid& space, std::string_view kind, const std::vector<std::string>& parts) {
    std::string name(kind);
    for (const std::string& part : parts) name += fmt::format(" {}:{}", part.size(), part);
    return uuid_of_name(space, name);
}

// What an exhibit is, as far as the store knows: the same in each run over it, another for each other exhibit.
Uuid evidence_id(const EvidenceRecord& evidence, const Uuid& space) {
    std::vector<std::string> parts{evidence.exhibit, evidence.name, fmt::format("{}", evidence.media_size)};
    for (const StoredDigest& digest : evidence.digests) parts.push_back(digest.algorithm + ":" + digest.hex);
    if (evidence.device) parts.insert(parts.end(), {evidence.device->model, evidence.device->serial});
    return named(space, "evidence", parts);
}

Digests to_digests(const std::vector<StoredDigest>& stored) {
    Digests digests;
    for (const StoredDigest& one : stored)
        if (const auto digest = Digest::parse(one.hex); digest && to_string(digest->algorithm) == one.algorithm)
            digests.set(*digest);
    return digests;
}

std::string file_name_of(const Segment& segment) { return segment.path.substr(segment.path.rfind('/') + 1); }

void append_media_facets(Nodes& nodes, const Uuid& id, const EvidenceRecord& evidence) {
    if (evidence.device) {
        nodes.begin("device-facet", part_of(id, "device-facet"), R"("uco-observable:DeviceFacet")");
        nodes.text("uco-observable:model", evidence.device->model);
        nodes.text("uco-observable:serialNumber", evidence.device->serial);
        nodes.end();
        nodes.begin("storage-medium-facet", part_of(id, "storage-medium-facet"),
                    R"("uco-observable:StorageMediumFacet")");
        nodes.number("uco-observable:totalStorageCapacityInBytes", evidence.media_size);
        nodes.end();
        return;
    }
    nodes.begin("file-facet", part_of(id, "file-facet"), R"("uco-observable:FileFacet")");
    nodes.open("uco-observable:fileName");
    for (const Segment& segment : evidence.segments) nodes.item(file_name_of(segment));
    nodes.close();
    nodes.end();
    nodes.begin("image-facet", part_of(id, "image-facet"), R"("uco-observable:ImageFacet")");
    nodes.text("uco-observable:imageType", evidence.format);
    nodes.end();
}

// Digests that were computed in this run say more than those that the container stores.
void append_media_content(Nodes& nodes, const Uuid& id, const EvidenceRecord& evidence) {
    nodes.begin("content-data-facet", part_of(id, "content-data-facet"), R"("uco-observable:ContentDataFacet")");
    nodes.number("uco-observable:sizeInBytes", evidence.media_size);
    append_hashes(nodes, id, to_digests(evidence.check.computed.empty() ? evidence.digests : evidence.check.computed));
    nodes.end();
}

void append_containment(std::string& out, const Uuid& volume, const Uuid& evidence) {
    Nodes nodes(out);
    nodes.begin("relationship", part_of(volume, "relationship"), R"("uco-observable:ObservableRelationship")");
    nodes.reference("uco-core:source", "volume", volume);
    nodes.reference("uco-core:target", "evidence", evidence);
    nodes.text("uco-core:kindOfRelationship", "Contained_Within");
    nodes.truth("uco-core:isDirectional", true);
    nodes.end_of_line();
}

void append_argument(Nodes& nodes, const Uuid& action, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    nodes.begin("action-argument-facet", part_of(action, name), R"("uco-action:ActionArgumentFacet")");
    nodes.text("uco-action:argumentName", name);
    nodes.text("uco-action:value", value);
    nodes.end();
}

}  // namespace

Graph::Graph(const ReportContext& context) : context_(context) {
    const Uuid space = uuid_of_name(uuids_of_urls, "urn:triage:case:1");
    tool_ = named(space, "tool", {context.run.tool_version});
    for (const ListRecord& list : context.lists) {
        const KnownSetIdentity& set = list.identity;
        lists_.push_back(
            named(space, "list", {std::string(to_string(set.polarity)), set.name, set.version, set.source_sha256}));
    }
    for (const EvidenceRecord& evidence : context.evidences) evidences_[evidence.id] = evidence_id(evidence, space);
    for (const VolumeRecord& volume : context.volumes)
        volumes_[volume.id] = named(evidences_.at(volume.evidence), "volume", {volume.name});
}

std::string Graph::head() const {
    std::string out(context_of_terms);
    Nodes nodes(out);
    nodes.begin("tool", tool_, R"("uco-tool:AnalyticTool")");
    nodes.text("uco-core:name", "triage");
    nodes.text("uco-tool:toolType", "hash triage");
    nodes.text("uco-tool:version", context_.run.tool_version);
    nodes.end_of_line();
    for (std::size_t list = 0; list < context_.lists.size(); ++list) append_list(out, list);
    for (const EvidenceRecord& evidence : context_.evidences) append_evidence(out, evidence);
    for (const VolumeRecord& volume : context_.volumes) append_volume(out, volume);
    return out;
}

void Graph::append_list(std::string& out, std::size_t list) const {
    const KnownSetIdentity& set = context_.lists[list].identity;
    Nodes nodes(out);
    nodes.begin("list", lists_[list], R"("uco-observable:ContentData")");
    nodes.text("uco-core:name", set.name);
    nodes.open("uco-core:tag");
    nodes.item("polarity", to_string(set.polarity));
    nodes.item("version", set.version);
    nodes.item_number("records-accepted", set.records_accepted);
    nodes.close();
    if (const auto digest = Digest::parse(set.source_sha256)) {
        Digests digests;
        digests.set(*digest);
        nodes.open("uco-core:hasFacet");
        nodes.begin("content-data-facet", part_of(lists_[list], "content-data-facet"),
                    R"("uco-observable:ContentDataFacet")");
        append_hashes(nodes, lists_[list], digests);
        nodes.end();
        nodes.close();
    }
    nodes.end_of_line();
}

void Graph::append_evidence(std::string& out, const EvidenceRecord& evidence) const {
    const Uuid& id = evidences_.at(evidence.id);
    Nodes nodes(out);
    nodes.begin("evidence", id, evidence.device ? R"("uco-observable:StorageMedium")" : R"("uco-observable:Image")");
    nodes.text("uco-core:name", evidence.name);
    nodes.open("uco-core:description");
    if (!evidence.is_opened) nodes.item("It could not be opened, so nothing on it was examined.");
    if (!evidence.digests.empty())
        nodes.item(fmt::format("Digests that the container stores: {}.", in_words(evidence.check.result)));
    if (!evidence.check.detail.empty()) nodes.item(evidence.check.detail);
    nodes.close();
    nodes.open("uco-core:tag");
    for (const StoredDigest& digest : evidence.digests)
        nodes.item("stored-digest", digest.algorithm + ":" + digest.hex);
    nodes.close();
    nodes.open("uco-core:hasFacet");
    append_media_facets(nodes, id, evidence);
    append_media_content(nodes, id, evidence);
    nodes.close();
    nodes.end_of_line();
    append_exhibit(out, evidence);
}

// The exhibit as it came.
void Graph::append_exhibit(std::string& out, const EvidenceRecord& evidence) const {
    const Uuid& id = evidences_.at(evidence.id);
    Nodes nodes(out);
    nodes.begin("provenance-record", part_of(id, "provenance-record exhibit"),
                R"("case-investigation:ProvenanceRecord")");
    if (const std::string* description = find_value(context_.case_info, "description", evidence.id))
        nodes.text("uco-core:description", *description);
    nodes.text("case-investigation:exhibitNumber", evidence.exhibit);
    nodes.open("uco-core:object");
    nodes.item_reference("evidence", id);
    nodes.close();
    nodes.end_of_line();
}

void Graph::append_volume(std::string& out, const VolumeRecord& volume) const {
    const Uuid& id = volumes_.at(volume.id);
    Nodes nodes(out);
    nodes.begin("volume", id, R"("uco-observable:DiskPartition")");
    nodes.text("uco-core:name", volume.name);
    nodes.text("uco-core:description", volume.detail);
    nodes.open("uco-core:tag");
    nodes.item("state", to_string(volume.state));
    nodes.item("label", volume.label);
    nodes.close();
    nodes.open("uco-core:hasFacet");
    nodes.begin("disk-partition-facet", part_of(id, "disk-partition-facet"), R"("uco-observable:DiskPartitionFacet")");
    nodes.text("uco-observable:diskPartitionType", volume.description);
    nodes.number("uco-observable:partitionOffset", volume.start);
    nodes.number("uco-observable:partitionLength", volume.length);
    nodes.end();
    if (!volume.fs.empty()) {
        nodes.begin("file-system-facet", part_of(id, "file-system-facet"), R"("uco-observable:FileSystemFacet")");
        nodes.text("uco-observable:fileSystemType", volume.fs);
        nodes.end();
    }
    nodes.close();
    nodes.end_of_line();
    append_containment(out, id, evidences_.at(volume.evidence));
}

// Without its path: a disclosure copy has the same ids.
void Graph::append_problem(std::string& out, const ProblemRecord& record) const {
    const Problem& problem = record.problem;
    const Uuid& on = record.volume ? volumes_.at(*record.volume) : evidences_.at(record.evidence);
    const std::string address = problem.address ? fmt::format("{}", *problem.address) : "";
    const std::string first_sector = problem.first_sector ? fmt::format("{}", *problem.first_sector) : "";
    const std::string sectors = problem.sectors ? fmt::format("{}", *problem.sectors) : "";
    Nodes nodes(out);
    nodes.begin(
        "annotation",
        named(on, "problem", {std::string(to_string(problem.kind)), address, problem.detail, first_sector, sectors}),
        R"("uco-core:Annotation")");
    nodes.text("uco-core:name", "problem");
    nodes.open("uco-core:object");
    nodes.item_reference(record.volume ? "volume" : "evidence", on);
    nodes.close();
    nodes.text("uco-core:statement", problem.detail);
    nodes.open("uco-core:tag");
    nodes.item("what", to_string(problem.kind));
    nodes.item("address", address);
    nodes.item("path", problem.path);
    if (needs_raw_name(problem.path)) nodes.item("raw-name", to_base64(as_bytes(problem.path)));
    nodes.item("first-sector", first_sector);
    nodes.item("sectors", sectors);
    nodes.close();
    nodes.end_of_line();
}

std::uint64_t Graph::entries_of(const EvidenceRecord& evidence) const {
    std::uint64_t entries = 0;
    for (const LedgerRow& row : context_.ledger)
        if (row.evidence == evidence.id) entries += row.entries;
    return entries;
}

std::string Graph::begin_of_provenance(const EvidenceRecord& evidence, std::uint64_t entries) const {
    const bool is_all = context_.options.case_graph.entries == ReportedEntries::all;
    std::string out;
    Nodes nodes(out);
    nodes.begin("provenance-record", part_of(evidences_.at(evidence.id), "provenance-record entries"),
                R"("case-investigation:ProvenanceRecord")");
    nodes.open("uco-core:description");
    nodes.item(fmt::format("{} of {} entries stand here{}.", with_commas(entries), with_commas(entries_of(evidence)),
                           is_all ? "" : ": those with a finding"));
    nodes.item("A match says that bytes are present, not how they came there or who knew of them.");
    if (context_.options.redact.any()) nodes.item(disclosure_sentence(context_.options.redact));
    nodes.close();
    nodes.text("case-investigation:rootExhibitNumber", evidence.exhibit);
    nodes.open("uco-core:object");
    return out;
}

std::string Graph::tail() const {
    std::string out;
    append_verdict(out);
    append_action(out);
    return out + "\n]}\n";
}

void Graph::append_verdict(std::string& out) const {
    Nodes nodes(out);
    for (std::size_t i = 0; i < context_.evidences.size(); ++i) {
        const Uuid& id = evidences_.at(context_.evidences[i].id);
        const std::string words = context_.evidence_verdicts.at(i).words();
        nodes.begin("annotation", part_of(id, "verdict " + words), R"("uco-core:Annotation")");
        nodes.text("uco-core:name", "verdict");
        nodes.open("uco-core:object");
        nodes.item_reference("evidence", id);
        nodes.close();
        nodes.text("uco-core:statement", words);
        nodes.end_of_line();
    }
}

// The one line in which two runs over the same evidence may differ.
void Graph::append_action(std::string& out) const {
    const RunRecord& run = context_.run;
    const Uuid id = named(tool_, "action", {run.host, run.started_utc, run.ended_utc, run.command});
    Nodes nodes(out);
    nodes.begin("investigative-action", id, R"("case-investigation:InvestigativeAction")");
    nodes.text("uco-core:name", "hash triage");
    nodes.open("uco-core:description");
    nodes.item(context_.verdict.words());
    for (const std::string& sentence : context_.incompleteness) nodes.item(sentence);
    if (!run.exclusions.empty()) nodes.item(run.exclusions);
    nodes.close();
    if (!run.started_utc.empty()) nodes.instant("uco-action:startTime", run.started_utc);
    if (!run.ended_utc.empty()) nodes.instant("uco-action:endTime", run.ended_utc);
    if (const std::string* person = find_value(context_.case_info, "operator")) {
        nodes.property("uco-action:performer");
        nodes.begin("identity", named(id, "identity", {*person}), R"("uco-identity:Identity")");
        nodes.text("uco-core:name", *person);
        nodes.end();
    }
    nodes.text("uco-action:actionStatus", run.is_interrupted ? "Ongoing" : "Complete/Finish");
    nodes.open("uco-action:instrument");
    nodes.item_reference("tool", tool_);
    for (const Uuid& list : lists_) nodes.item_reference("list", list);
    nodes.close();
    nodes.open("uco-action:object");
    for (const EvidenceRecord& evidence : context_.evidences) {
        nodes.item_reference("evidence", evidences_.at(evidence.id));
        nodes.item_reference("provenance-record", part_of(evidences_.at(evidence.id), "provenance-record exhibit"));
    }
    nodes.close();
    nodes.open("uco-action:result");
    for (const EvidenceRecord& evidence : context_.evidences)
        nodes.item_reference("provenance-record", part_of(evidences_.at(evidence.id), "provenance-record entries"));
    nodes.close();
    nodes.open("uco-core:hasFacet");
    append_argument(nodes, id, "command", run.command);
    append_argument(nodes, id, "profile", run.profile);
    append_argument(nodes, id, "configuration_sha256", run.configuration_sha256);
    append_argument(nodes, id, "host", run.host);
    append_argument(nodes, id, "user", run.user);
    append_argument(nodes, id, "threads", fmt::format("{}", run.threads));
    append_argument(nodes, id, "earlier_threads", run.earlier_threads);
    append_argument(nodes, id, "resumed", fmt::format("{}", run.resumed));
    append_argument(nodes, id, "interruption", run.interruption);
    if (run.is_interrupted) append_argument(nodes, id, "interrupted", "true");
    if (!context_.run_facts.empty()) append_argument(nodes, id, "run_facts", context_.run_facts);
    append_argument(nodes, id, "build_id", run.build_id);
    append_argument(nodes, id, "libraries", run.libraries);
    append_argument(nodes, id, "hash_engine", run.hash_engine);
    append_argument(nodes, id, "sandbox", run.sandbox);
    nodes.close();
    nodes.end();
}

}  // namespace triage::case_report
