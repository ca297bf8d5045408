// SPDX-License-Identifier: Apache-2.0
// The `dfxml` report: report.dfxml, Digital Forensics XML 2.0.0-beta.0, one volume after the other, each with its
// entries as fileobjects. What the schema has no element for stands in a namespace of our own.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <unordered_map>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/report/redact.h"
#include "engine/report/reporter.h"
#include "engine/report/xml.h"

namespace triage {
namespace {

constexpr std::string_view head =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<dfxml xmlns="http://www.forensicswiki.org/wiki/Category:Digital_Forensics_XML" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="urn:triage:dfxml:1" version="2.0.0-beta.0">
)";

// Stands before each fileobject, with the row of its volume: no XML document holds this character.
constexpr char mark = '\1';

void append_number(std::string& out, std::string_view name, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), "<{0}>{1}</{0}>", name, number);
}

// The path below the volume's root, and the name of a stream behind a colon: as The Sleuth Kit writes it.
std::string filename_of(const Entry& entry) {
    std::string name = entry.path.substr(entry.path.starts_with('/') ? 1 : 0);
    if (!entry.stream.empty()) name += ":" + entry.stream;
    return name;
}

// xs:dateTime knows no year 0 and no date alone; `prec` says in seconds what a coarse clock tells.
void append_time(std::string& out, std::string_view name, const std::optional<Timestamp>& time, TimeForm form,
                 std::string_view fs) {
    if (!time) return;
    const std::string text = format_time(*time, {form.fraction_digits, form.is_utc, false});
    if (text.empty() || text.starts_with("0000")) return;
    std::string_view precision;
    if (form.is_date_only) precision = R"( prec="86400")";
    else if (form.fraction_digits == 0) precision = fs.starts_with("fat") ? R"( prec="2")" : R"( prec="1")";
    fmt::format_to(std::back_inserter(out), "<{0}{1}>{2}</{0}>", name, precision, text);
}

void append_state(std::string& out, EntryState state) {
    append_number(out, "alloc", state == EntryState::allocated ? 1 : 0);
    if (state == EntryState::orphan) out += "<alloc_inode>0</alloc_inode>";
    else append_number(out, "alloc_name", state == EntryState::allocated ? 1 : 0);
    if (state == EntryState::orphan) out += "<orphan>1</orphan>";
}

void append_byte_runs(std::string& out, const EntryRecord& record, const VolumeRecord& volume) {
    if (record.entry.source == Source::resident) {
        fmt::format_to(std::back_inserter(out),
                       R"(<byte_runs><byte_run file_offset="0" len="{}" type="resident"/></byte_runs>)",
                       record.entry.size);
        return;
    }
    if (record.extents.empty()) return;
    out += "<byte_runs>";
    std::uint64_t file_offset = 0;
    for (const auto& [offset, length] : record.extents) {
        fmt::format_to(std::back_inserter(out), R"(<byte_run file_offset="{}")", file_offset);
        if (offset == Extent::hole) out += R"( fill="0")";
        else if (offset >= volume.start)
            fmt::format_to(std::back_inserter(out), R"( fs_offset="{}" img_offset="{}")", offset - volume.start,
                           offset);
        else fmt::format_to(std::back_inserter(out), R"( img_offset="{}")", offset);
        fmt::format_to(std::back_inserter(out), R"( len="{}"/>)", length);
        file_offset += length;
    }
    out += "</byte_runs>";
}

void append_digests(std::string& out, const Digests& digests) {
    for (const Algorithm algorithm : all_algorithms)
        if (const auto& digest = digests.get(algorithm)) {
            fmt::format_to(std::back_inserter(out), R"(<hashdigest type="{}">)", to_string(algorithm));
            append_hex(out, digest->view());
            out += "</hashdigest>";
        }
}

std::string in_words(AlgorithmSet algorithms) {
    std::vector<std::string_view> words;
    for (const Algorithm algorithm : all_algorithms)
        if (algorithms.has(algorithm)) words.push_back(to_string(algorithm));
    return fmt::format("{}", fmt::join(words, " "));
}

class DfxmlReporter : public Reporter {
  public:
    bool wants_whole_entries() const override { return true; }

    void begin(const ReportContext& context, const std::string& folder) override {
        context_ = &context;
        for (std::size_t i = 0; i < context.volumes.size(); ++i) places_[context.volumes[i].id] = i;
        file_.emplace(PrivateFile::create(folder + "/report.dfxml"));
        file_->write(head);
        file_->write(evidences());
        file_->write(metadata());
        file_->write(creator());
        file_->write(source());
    }

    void append_entry(std::string& out, const EntryRecord& record) const override {
        const VolumeRecord& volume = context_->volume(record.volume);
        const Entry& entry = record.entry;
        const std::size_t place = places_.at(record.volume);
        fmt::format_to(std::back_inserter(out), "{}{}\n<fileobject>", mark, place);
        if (const std::string name = filename_of(entry); !name.empty()) append_xml_name(out, "filename", name);
        append_number(out, "partition", place + 1);
        if (!entry.is_metadata) out += "<name_type>r</name_type>";
        append_number(out, "filesize", entry.size);
        append_state(out, entry.state);
        append_number(out, "inode", entry.address);
        append_time(out, "mtime", entry.times.modified, volume.modified, volume.fs);
        append_time(out, "ctime", entry.times.changed, volume.changed, volume.fs);
        append_time(out, "atime", entry.times.accessed, volume.accessed, volume.fs);
        append_time(out, "crtime", entry.times.created, volume.created, volume.fs);
        append_byte_runs(out, record, volume);
        append_digests(out, record.examined.digests);
        append_own(out, record);
        out += "</fileobject>\n";
    }

    void entries(std::string_view text) override {
        while (!text.empty()) {
            const std::size_t line = text.find('\n'), next = std::min(text.find(mark, 1), text.size());
            go_to(std::stoul(std::string(text.substr(1, line - 1))));
            file_->write(text.substr(line + 1, next - line - 1));
            text.remove_prefix(next);
        }
    }

    void problem(const ProblemRecord& record) override {
        end_volumes();
        const Problem& problem = record.problem;
        std::string out = "<t:problem";
        append_xml_attribute(out, "what", to_string(problem.kind));
        append_xml_attribute(out, "evidence", context_->evidence(record.evidence).name);
        if (record.volume) append_xml_attribute(out, "partition", fmt::format("{}", places_.at(*record.volume) + 1));
        if (problem.address) append_xml_attribute(out, "inode", fmt::format("{}", *problem.address));
        if (problem.first_sector) append_xml_attribute(out, "first_sector", fmt::format("{}", *problem.first_sector));
        if (problem.sectors) append_xml_attribute(out, "sectors", fmt::format("{}", *problem.sectors));
        out += '>';
        if (!problem.path.empty()) append_xml_name(out, "t:path", problem.path);
        if (!problem.detail.empty()) append_xml_name(out, "t:detail", problem.detail);
        file_->write(out + "</t:problem>\n");
    }

    void end() override {
        end_volumes();
        file_->write("</dfxml>\n");
        file_->sync();
    }

  private:
    // What the contract says of an entry and DFXML has no word for.
    void append_own(std::string& out, const EntryRecord& record) const {
        const Entry& entry = record.entry;
        const Examined& examined = record.examined;
        out += "<t:entry";
        append_xml_attribute(out, "kind", to_string(entry.kind));
        append_xml_attribute(out, "state", to_string(entry.state));
        append_xml_attribute(out, "placement", to_string(entry.placement));
        append_xml_attribute(out, "status", to_string(examined.status));
        if (examined.reason != Reason::none) append_xml_attribute(out, "reason", to_string(examined.reason));
        if (examined.missing_bytes > 0)
            append_xml_attribute(out, "missing_bytes", fmt::format("{}", examined.missing_bytes));
        if (!examined.type.empty()) append_xml_attribute(out, "type", examined.type);
        if (!examined.libmagic_type.empty()) append_xml_attribute(out, "type_by_libmagic", examined.libmagic_type);
        if (!entry.stream.empty()) append_xml_attribute(out, "stream_bytes", fmt::format("{}", entry.stream.size()));
        out += "/>";
        for (const Match& match : examined.matches) append_match(out, match);
        if (!record.finding) return;
        out += "<t:finding";
        append_xml_attribute(out, "severity", to_string(record.finding->severity));
        append_xml_attribute(out, "rules", fmt::format("{}", fmt::join(record.finding->rules, " ")));
        out += "/>";
    }

    void append_match(std::string& out, const Match& match) const {
        out += "<t:match";
        if (match.set < context_->lists.size()) {
            const KnownSetIdentity& set = context_->lists[match.set].identity;
            append_xml_attribute(out, "list", set.name);
            append_xml_attribute(out, "version", set.version);
            append_xml_attribute(out, "list_sha256", set.source_sha256);
            append_xml_attribute(out, "polarity", to_string(set.polarity));
        }
        append_xml_attribute(out, "record", fmt::format("{}", match.record));
        if (!match.category.empty()) append_xml_attribute(out, "category", match.category);
        if (!match.label.empty()) append_xml_attribute(out, "label", match.label);
        append_xml_attribute(out, "agrees", in_words(match.agrees));
        if (!match.differs.empty()) append_xml_attribute(out, "differs", in_words(match.differs));
        if (match.size_agrees) append_xml_attribute(out, "size_agrees", *match.size_agrees ? "1" : "0");
        out += "/>";
    }

    std::string evidences() const {
        std::string out;
        for (const EvidenceRecord& evidence : context_->evidences) {
            out += "<t:evidence";
            append_xml_attribute(out, "name", evidence.name);
            if (!evidence.exhibit.empty()) append_xml_attribute(out, "exhibit", evidence.exhibit);
            append_xml_attribute(out, "format", evidence.format);
            append_xml_attribute(out, "media_size", fmt::format("{}", evidence.media_size));
            append_xml_attribute(out, "sector_size", fmt::format("{}", evidence.sector_size));
            append_xml_attribute(out, "is_opened", evidence.is_opened ? "1" : "0");
            append_xml_attribute(out, "media_check", to_string(evidence.check.result));
            out += '>';
            for (const StoredDigest& digest : evidence.digests) {
                out += "<t:stored_digest";
                append_xml_attribute(out, "type", digest.algorithm);
                out += ">" + escape_for_xml(digest.hex) + "</t:stored_digest>";
            }
            for (const StoredDigest& digest : evidence.check.computed) {
                out += "<t:computed_digest";
                append_xml_attribute(out, "type", digest.algorithm);
                out += ">" + escape_for_xml(digest.hex) + "</t:computed_digest>";
            }
            out += "</t:evidence>\n";
        }
        return out;
    }

    std::string metadata() const {
        std::string out = "<metadata><dc:type>Hash Triage</dc:type>";
        if (context_->options.redact.any())
            append_xml_name(out, "dc:description", disclosure_sentence(context_->options.redact));
        return out + "</metadata>\n";
    }

    // All that differs between two runs over the same evidence stands in this element.
    std::string creator() const {
        const RunRecord& run = context_->run;
        std::string out = "<creator";
        if (run.is_interrupted) append_xml_attribute(out, "t:interrupted", run.interruption);
        if (run.resumed > 0) append_xml_attribute(out, "t:resumed", fmt::format("{}", run.resumed));
        if (!context_->run_facts.empty()) append_xml_attribute(out, "t:run_facts", context_->run_facts);
        append_xml_attribute(out, "t:configuration_sha256", run.configuration_sha256);
        out += "><program>triage</program>";
        append_xml_name(out, "version", run.tool_version);
        out += "<execution_environment>";
        append_xml_name(out, "host", run.host);
        append_xml_name(out, "command_line", run.command);
        append_xml_name(out, "username", run.user);
        if (!run.started_utc.empty()) append_xml_name(out, "start_time", run.started_utc);
        out += "</execution_environment>";
        append_libraries(out, run.libraries);
        return out + "</creator>\n";
    }

    // "libtsk 4.11.1, OpenSSL 3.0.17"
    static void append_libraries(std::string& out, std::string_view libraries) {
        while (!libraries.empty()) {
            const std::string_view one = libraries.substr(0, libraries.find(", "));
            const std::size_t blank = std::min(one.rfind(' '), one.size());
            out += "<library";
            append_xml_attribute(out, "name", one.substr(0, blank));
            append_xml_attribute(out, "version", one.substr(std::min(blank + 1, one.size())));
            out += "/>";
            libraries.remove_prefix(std::min(one.size() + 2, libraries.size()));
        }
    }

    std::string source() const {
        std::string out = "<source>";
        for (const EvidenceRecord& evidence : context_->evidences) {
            if (evidence.segments.empty()) append_xml_name(out, "image_filename", evidence.name);
            for (const Segment& segment : evidence.segments)
                append_xml_name(out, "image_filename", segment.path.substr(segment.path.rfind('/') + 1));
        }
        return out + "</source>\n";
    }

    // Closes the volume before and opens those up to `place`.
    void go_to(std::size_t place) {
        if (place + 1 < begun_) throw std::runtime_error("the store is damaged: an entry out of order");
        while (begun_ <= place) {
            if (begun_ > 0) end_volume(context_->volumes[begun_ - 1]);
            begin_volume(context_->volumes[begun_++]);
        }
    }
    void end_volumes() {
        if (are_ended_ || context_->volumes.empty()) return;
        go_to(context_->volumes.size() - 1);
        end_volume(context_->volumes.back());
        are_ended_ = true;
    }

    void begin_volume(const VolumeRecord& volume) {
        const EvidenceRecord& evidence = context_->evidence(volume.evidence);
        std::string out = fmt::format(R"(<volume offset="{}")", volume.start);
        append_xml_attribute(out, "t:evidence", evidence.name);
        append_xml_attribute(out, "t:name", volume.name);
        append_xml_attribute(out, "t:state", to_string(volume.state));
        if (!volume.label.empty()) append_xml_attribute(out, "t:label", volume.label);
        fmt::format_to(std::back_inserter(out),
                       R"(><byte_runs><byte_run img_offset="{0}" len="{1}"/></byte_runs>)"
                       "<partition_offset>{0}</partition_offset>",
                       volume.start, volume.length);
        if (evidence.sector_size > 0) append_number(out, "sector_size", evidence.sector_size);
        if (!volume.fs.empty()) append_xml_name(out, "ftype_str", volume.fs);
        file_->write(out + "\n");
    }
    void end_volume(const VolumeRecord& volume) {
        std::string out;
        if (!volume.detail.empty()) append_xml_name(out, "error", volume.detail);
        file_->write(out + "</volume>\n");
    }

    const ReportContext* context_ = nullptr;
    std::unordered_map<std::uint32_t, std::size_t> places_;  // by row of the volume: its place in the report, from 0
    std::optional<PrivateFile> file_;
    std::size_t begun_ = 0;  // volumes
    bool are_ended_ = false;
};

}  // namespace

const ReporterKind& dfxml_reporter() {
    static const ReporterKind kind{"dfxml", "report.dfxml: Digital Forensics XML 2.0.0-beta.0",
                                   [] { return std::unique_ptr<Reporter>(new DfxmlReporter); }};
    return kind;
}

}  // namespace triage
