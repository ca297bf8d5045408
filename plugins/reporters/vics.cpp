// SPDX-License-Identifier: Apache-2.0
// The `vics` report: vics.json, a case of the data model VICS 2.0 of Project VIC (OData JSON), for tools that sort
// media. One medium a name, metadata only: no file lies beside it. What VICS has no word for stands in annotations,
// "@triage.…", which other readers pass over. Written as it is heard.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/base/text.h"
#include "engine/case/private_file.h"
#include "engine/hash/uuid.h"
#include "engine/report/json_rows.h"
#include "engine/report/redact.h"

namespace triage {
namespace {

constexpr std::string_view data_models = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/";
constexpr std::size_t longest_nation = 64;
constexpr char without_md5 = '-';  // the line of an entry that VICS cannot name

// A comma stands after every value; `close` puts the bracket in its place.
void append_text(std::string& out, std::string_view key, std::string_view text) {
    out += '"';
    out += key;
    out += "\":";
    append_json_string(out, text);
    out += ',';
}
void append_if_any(std::string& out, std::string_view key, std::string_view text) {
    if (!text.empty()) append_text(out, key, text);
}
void append_number(std::string& out, std::string_view key, std::uint64_t number) {
    fmt::format_to(std::back_inserter(out), "\"{}\":{},", key, number);
}
void close(std::string& out, char bracket) {
    if (out.back() == ',') out.back() = bracket;
    else out += bracket;
}

std::string upper_hex(const Digest& digest) {
    std::string hex = digest.hex();
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](char c) { return c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c; });
    return hex;
}

// "VICS 2.0 US" → "US"; "VICS 1.2" → "Default": category numbers are national, and the older models name no nation.
// Empty where the numbers are not those of Project VIC.
std::string nation_of(std::string_view category_set) {
    constexpr std::string_view vics = "VICS", unnamed = "Default";
    if (category_set != vics && !category_set.starts_with("VICS ")) return {};
    const std::size_t blank = category_set.rfind(' ');
    if (blank == std::string_view::npos || blank == vics.size()) return std::string(unnamed);
    const std::string_view nation = category_set.substr(blank + 1);
    const bool is_plain = std::all_of(nation.begin(), nation.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    return std::string(is_plain && !nation.empty() && nation.size() <= longest_nation ? nation : unnamed);
}

bool is_small_number(std::string_view text) {
    return !text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string_view::npos &&
           (text.size() == 1 || text.front() != '0');
}

bool has(const std::vector<std::string_view>& texts, std::string_view text) {
    return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// Nothing contradicts it: no other digest, no other size.
bool is_whole(const Match& match) { return match.differs.empty() && match.size_agrees.value_or(true); }

class VicsReporter : public Reporter {
  public:
    bool wants_whole_entries() const override { return true; }

    void begin(const ReportContext& context, const std::string& folder) override {
        if (!context.run.algorithms.has(Algorithm::md5))
            throw std::runtime_error("VICS names a medium by its MD5, which this scan did not compute");
        context_ = &context;
        rows_.emplace(context);
        file_.emplace(PrivateFile::create(folder + "/vics.json"));
        file_->write(first_line("Default"));
        file_->write(case_head());
    }

    // A line: the categories that lists give, as nation, number and list each, ended by a tab, and what follows MediaID
    // and Category. Which nation the file is of is known when the first one is heard in turn.
    void append_entry(std::string& out, const EntryRecord& record) const override {
        if (!is_wanted(record)) return;
        const auto& md5 = record.examined.digests.md5;
        if (!md5) return out += without_md5, void(out += '\n');
        append_categories(out, record);
        append_medium(out, record, upper_hex(*md5));
        out += '\n';
    }

    void entries(std::string_view text) override {
        for (std::size_t end; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1)) {
            if (text.front() == without_md5) ++not_named_;
            else write_medium(text.substr(0, end));
        }
    }

    void end() override {
        file_->write(fmt::format("\n],\"@triage.entries_without_md5\":{}}}]}}\n", not_named_));
        if (!nation_.empty()) file_->rewrite_beginning(first_line(nation_));
        file_->sync();
    }

  private:
    // Readers look at the beginning for the context. Blanks keep room for any nation's.
    static std::string first_line(std::string_view nation) {
        const std::string context = fmt::format("{}{}/$metadata#Cases\"", data_models, nation);
        return fmt::format("{{\"@odata.context\":\"{:<{}},\n", context, data_models.size() + longest_nation + 20);
    }

    // One evidence, one reference and one set of lists make one case, whoever renders it and when.
    std::string case_head() const {
        std::string name, out = "\"value\":[{";
        for (const EvidenceRecord& evidence : context_->evidences) {
            append_text(name, "evidence", evidence.name);
            append_text(name, "exhibit", evidence.exhibit);
            append_number(name, "media_size", evidence.media_size);
            for (const StoredDigest& digest : evidence.digests) append_text(name, digest.algorithm, digest.hex);
        }
        for (const ListRecord& list : context_->lists) append_text(name, "list", list.identity.source_sha256);
        std::string id;
        append_uuid(id, uuid_of_name(uuid_of_name(uuids_of_urls, "urn:triage:vics:1"), name));
        append_text(out, "CaseID", id);
        append_text(out, "CaseNumber", case_number());
        append_text(out, "SourceApplicationName", "triage");
        append_text(out, "SourceApplicationVersion", context_->run.tool_version);
        append_if_any(out, "@triage.disclosure_copy", disclosure_sentence(context_->options.redact));
        std::vector<std::string_view> sentences;
        for (const auto& [evidence, sentence] : context_->integrity) sentences.push_back(sentence);
        append_if_any(out, "@triage.integrity", fmt::format("{}", fmt::join(sentences, "; ")));
        return out + "\"Media\":[";
    }

    // The exhibits' references, as the case has no other number.
    std::string case_number() const {
        std::vector<std::string_view> exhibits;
        for (const EvidenceRecord& evidence : context_->evidences)
            exhibits.push_back(evidence.exhibit.empty() ? evidence.name : evidence.exhibit);
        return fmt::format("{}", fmt::join(exhibits, ", "));
    }

    bool is_notable(const Match& match) const {
        return match.set < context_->lists.size() && context_->lists[match.set].identity.polarity == Polarity::notable;
    }
    bool is_wanted(const EntryRecord& record) const {
        const auto& matches = record.examined.matches;
        if (context_->options.vics.entries) return true;
        return record.finding ||
               std::any_of(matches.begin(), matches.end(), [&](const Match& match) { return is_notable(match); });
    }

    void append_categories(std::string& out, const EntryRecord& record) const {
        for (const Match& match : record.examined.matches) {
            const std::string nation = nation_of(match.category_set);
            if (nation.empty() || !is_notable(match) || !is_whole(match) || !is_small_number(match.category)) continue;
            fmt::format_to(std::back_inserter(out), "{}\t{}\t{}\t", nation, match.category,
                           to_json_string(context_->lists[match.set].identity.name));
        }
        out += '\t';
    }

    void append_medium(std::string& out, const EntryRecord& record, std::string_view md5) const {
        const Examined& examined = record.examined;
        append_text(out, "MD5", md5);
        if (const auto& sha1 = examined.digests.sha1) append_text(out, "SHA1", upper_hex(*sha1));
        append_number(out, "MediaSize", record.entry.size);
        append_if_any(out, "MimeType", examined.type);
        append_what_lists_say(out, record);
        if (const auto& sha256 = examined.digests.sha256)
            fmt::format_to(std::back_inserter(out),
                           R"("AlternativeHashes":[{{"HashName":"SHA256","HashValue":"{}"}}],)", sha256->hex());
        out += R"("MediaFiles":[{)";
        append_file(out, record, md5);
        close(out, '}');
        out += "],";
        if (!examined.matches.empty()) {
            out += R"("@triage.matches":)";
            rows_->append_matches(out, examined.matches);
            out += ',';
        }
        close(out, '}');
    }

    // Flags only where a list sets them: that it does not is no knowledge. A medium has room for one series.
    void append_what_lists_say(std::string& out, const EntryRecord& record) const {
        RecordFlags flags;
        std::string_view series;
        std::vector<std::string_view> tags;
        for (const Match& match : record.examined.matches) {
            if (!is_notable(match) || !is_whole(match)) continue;
            flags = RecordFlags::from_bits(static_cast<std::uint8_t>(flags.bits() | match.flags.bits()));
            if (series.empty() && match.flags.has(RecordFlag::series)) series = match.label;
            else if (!match.label.empty() && match.label != series && !has(tags, match.label))
                tags.push_back(match.label);
        }
        if (flags.has(RecordFlag::victim_identified)) append_text(out, "VictimIdentified", "true");
        if (flags.has(RecordFlag::offender_identified)) append_text(out, "OffenderIdentified", "true");
        if (flags.has(RecordFlag::distributed)) append_text(out, "IsDistributed", "true");
        append_if_any(out, "Series", series);
        append_if_any(out, "Tags", fmt::format("{}", fmt::join(tags, ", ")));
    }

    // Where placement is not recorded the bytes are on the device, and that the name and its times belonged to them is
    // not established: then the address stands for the name.
    void append_file(std::string& out, const EntryRecord& record, std::string_view md5) const {
        const Entry& entry = record.entry;
        const VolumeRecord& volume = context_->volume(record.volume);
        const EvidenceRecord& evidence = context_->evidence(volume.evidence);
        const bool is_named = entry.placement == Placement::recorded && !entry.path.empty();
        append_text(out, "MD5", md5);
        append_names(out, entry, is_named, evidence.name + "/" + volume.name);
        if (is_named) {
            append_if_any(out, "Created", format_time(entry.times.created, volume.created));
            append_if_any(out, "Written", format_time(entry.times.modified, volume.modified));
            append_if_any(out, "Accessed", format_time(entry.times.accessed, volume.accessed));
        }
        append_text(out, "Unallocated", entry.state == EntryState::allocated ? "false" : "true");
        append_text(out, "SourceID", evidence.exhibit.empty() ? evidence.name : evidence.exhibit);
        append_location(out, record.extents);
        append_text(out, "@triage.evidence", evidence.name);
        append_text(out, "@triage.volume", volume.name);
        append_text(out, "@triage.address", fmt::format("{}", entry.address));
        append_text(out, "@triage.state", to_string(entry.state));
        if (entry.placement != Placement::recorded) append_text(out, "@triage.placement", to_string(entry.placement));
        append_if_any(out, "@triage.path", entry.path);
        append_if_any(out, "@triage.stream", entry.stream);
        append_if_any(out, "@triage.raw_name", to_base64(as_bytes(raw_name_of(entry))));
    }

    static void append_names(std::string& out, const Entry& entry, bool is_named, std::string folder) {
        const std::string stream = entry.stream.empty() ? "" : ":" + entry.stream;
        const std::string name =
            is_named ? entry.path.substr(entry.path.rfind('/') + 1) + stream : fmt::format("address {}", entry.address);
        std::string path = folder + (is_named ? entry.path + stream : "/" + name);
        std::replace(path.begin(), path.end(), '/', '\\');
        append_text(out, "FileName", name);
        append_text(out, "FilePath", path);
    }

    static void append_location(std::string& out, const std::vector<Extent>& extents) {
        const auto first = std::find_if(extents.begin(), extents.end(),
                                        [](const Extent& extent) { return extent.media_offset != Extent::hole; });
        if (first != extents.end()) append_number(out, "PhysicalLocation", first->media_offset);
    }

    void write_medium(std::string_view line) {
        std::string category;
        while (line.front() != '\t') {
            const std::string_view nation = take_cell(line), number = take_cell(line), list = take_cell(line);
            if (nation_.empty()) nation_ = nation;
            if (nation != nation_ || !category.empty()) continue;
            category = fmt::format("\"Category\":{},\"IsPrecategorized\":\"true\",\"PrecategorizationSource\":{},",
                                   number, list);
        }
        file_->write(media_ == 0 ? "\n" : ",\n");
        file_->write(fmt::format("{{\"MediaID\":{},{}{}", ++media_, category, line.substr(1)));
    }
    static std::string_view take_cell(std::string_view& line) {
        const std::string_view cell = line.substr(0, line.find('\t'));
        line.remove_prefix(cell.size() + 1);
        return cell;
    }

    const ReportContext* context_ = nullptr;
    std::optional<JsonRows> rows_;
    std::optional<PrivateFile> file_;
    std::string nation_;
    std::uint64_t media_ = 0, not_named_ = 0;
};

}  // namespace

const ReporterKind& vics_reporter() {
    static const ReporterKind kind{"vics", "vics.json: matches as a VICS 2.0 case (Project VIC), metadata only",
                                   [] { return std::unique_ptr<Reporter>(new VicsReporter); }};
    return kind;
}

}  // namespace triage
