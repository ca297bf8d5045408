// SPDX-License-Identifier: Apache-2.0
#include "cli/selftest_expected.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/base/error.h"
#include "engine/case/verdict.h"

namespace triage {
namespace {

constexpr std::string_view suffix = ".truth.tsv";
constexpr const char* nothing = "none";

// The script writes \\, \t and \n in names.
std::string unescaped(std::string_view cell) {
    std::string text;
    for (std::size_t i = 0; i < cell.size(); ++i) {
        if (cell[i] != '\\' || i + 1 == cell.size()) text += cell[i];
        else if (const char c = cell[++i]; c == 't' || c == 'n') text += c == 't' ? '\t' : '\n';
        else text += c;
    }
    return text;
}

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream pieces(line);
    for (std::string cell; std::getline(pieces, cell, '\t');) cells.push_back(unescaped(cell));
    return cells;
}

// "# volume NAME STATE START LENGTH", "# verdict WORDS"...; other notes are for other readers.
void take_note(Expectation& expectation, const std::string& line) {
    std::istringstream words(line.substr(2));
    std::string kind, first, second;
    words >> kind;
    std::string rest;
    std::getline(words >> std::ws, rest);
    if (kind == "shows") expectation.shows = rest;
    if (kind == "verdict") expectation.verdict = rest;
    if (kind == "problem") expectation.problems.push_back(rest);
    if (kind == "volume" && std::istringstream(rest) >> first >> second)
        expectation.volumes.emplace_back(first, second);
}

Expectation read_expectation(const std::string& path) {
    std::ifstream file(path);
    Expectation expectation;
    expectation.image = std::filesystem::path(path).filename().string();
    expectation.image.resize(expectation.image.size() - suffix.size());
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("# ")) {
            take_note(expectation, line);
            continue;
        }
        std::vector<std::string> cells = cells_of(line);
        if (cells.size() != 8) throw Error(path, "a line has " + std::to_string(cells.size()) + " cells instead of 8");
        if (cells[0] == "volume") continue;
        expectation.entries.push_back({cells[0], cells[1], cells[2], cells[4], cells[3], cells[5], cells[6], cells[7]});
    }
    if (!file.eof()) throw Error(path, "cannot be read");
    if (expectation.verdict.empty()) throw Error(path, "says no verdict", "make the folder by fixtures/selftest.py");
    return expectation;
}

struct Found {
    EntryRecord record;
    bool is_matched = false;
};
bool is_of_file_system(const Found& found) { return found.record.entry.path.starts_with("/$"); }
using Key = std::tuple<std::string, std::string, std::string, std::string>;  // volume, path, stream, state

// What the store holds of one evidence.
struct FoundImage {
    std::multimap<Key, Found> entries;
    std::map<std::string, std::string> volumes;
    std::set<std::string> problems;
};

Key key_of(const std::string& volume, const Entry& entry) {
    return {volume, entry.path, entry.stream, std::string(to_string(entry.state))};
}

std::map<std::uint32_t, FoundImage> found_in(const Store& store) {
    std::map<std::uint32_t, FoundImage> images;
    std::map<std::uint32_t, VolumeRecord> volumes;
    for (const VolumeRecord& volume : store.volumes()) {
        volumes[volume.id] = volume;
        images[volume.evidence].volumes[volume.name] = to_string(volume.state);
    }
    std::set<std::uint64_t> matched;
    store.for_each_finding([&](const EntryRecord& record) {
        if (!record.examined.matches.empty()) matched.insert(record.walk_order);
    });
    store.for_each_entry([&](const EntryRecord& record) {
        const VolumeRecord& volume = volumes[record.volume];
        images[volume.evidence].entries.emplace(key_of(volume.name, record.entry),
                                                Found{record, matched.contains(record.walk_order)});
    });
    store.for_each_problem(
        [&](const ProblemRecord& record) { images[record.evidence].problems.emplace(to_string(record.problem.kind)); });
    return images;
}

std::string hex_or_none(const std::optional<Digest>& digest) { return digest ? digest->hex() : nothing; }
std::string in_words(bool is_matched) { return is_matched ? "in the list" : "not in the list"; }

// Nothing but the volume where there is one, so that the words stay short.
std::string name_of(const ExpectedEntry& entry) {
    return (entry.volume == "-" ? "" : entry.volume + " ") + entry.path +
           (entry.stream.empty() ? "" : ":" + entry.stream) +
           (entry.state == "allocated" ? "" : " (" + entry.state + ")");
}

void compare_entry(SelftestPart& part, const ExpectedEntry& expected, FoundImage& image,
                   const std::set<std::string>& listed) {
    const std::string name = name_of(expected);
    const auto at = image.entries.find({expected.volume, expected.path, expected.stream, expected.state});
    part.expect(name, "listed", at == image.entries.end() ? "not listed" : "listed");
    if (at == image.entries.end()) return;
    const Found& found = at->second;
    const Digests& digests = found.record.examined.digests;
    part.expect(name + ": size", expected.size, std::to_string(found.record.entry.size));
    part.expect(name + ": md5", expected.md5, hex_or_none(digests.md5));
    part.expect(name + ": sha1", expected.sha1, hex_or_none(digests.sha1));
    part.expect(name + ": sha256", expected.sha256, hex_or_none(digests.sha256));
    part.expect(name + ": match", in_words(listed.contains(expected.md5)), in_words(found.is_matched));
    image.entries.erase(at);
}

void compare_rest(SelftestPart& part, const FoundImage& image) {
    for (const auto& [key, found] : image.entries) {
        const std::string name = std::get<0>(key) + " " + std::get<1>(key);
        if (!is_of_file_system(found)) part.expect(name, "not listed", "listed");
        part.expect(name + ": match", in_words(false), in_words(found.is_matched));
    }
}

// Entries in short, the file system's own left out.
struct Tally {
    std::size_t entries = 0, hashed = 0, matched = 0;
    std::string in_words(const std::string& verdict) const {
        return fmt::format("{}; {} entries, {} hashed, {} in the list", verdict, entries, hashed, matched);
    }
};

Tally tally_of(const Expectation& expected, const std::set<std::string>& listed) {
    Tally tally;
    for (const ExpectedEntry& entry : expected.entries) {
        ++tally.entries;
        tally.hashed += entry.sha256 != nothing;
        tally.matched += listed.contains(entry.md5);
    }
    return tally;
}

Tally tally_of(const FoundImage& image) {
    Tally tally;
    for (const auto& [key, found] : image.entries) {
        if (is_of_file_system(found)) continue;
        ++tally.entries;
        tally.hashed += found.record.examined.status == Status::hashed;
        tally.matched += found.is_matched;
    }
    return tally;
}

void compare_image(SelftestPart& part, const Expectation& expected, FoundImage image, const std::string& verdict,
                   const std::set<std::string>& listed) {
    part.expected = tally_of(expected, listed).in_words(expected.verdict);
    part.found = tally_of(image).in_words(verdict);
    part.expect("verdict", expected.verdict, verdict);
    for (const auto& [name, state] : expected.volumes) {
        const auto at = image.volumes.find(name);
        part.expect("volume " + name, state, at == image.volumes.end() ? "not listed" : at->second);
    }
    for (const std::string& kind : expected.problems)
        part.expect("problem " + kind, "reported", image.problems.contains(kind) ? "reported" : "not reported");
    for (const ExpectedEntry& entry : expected.entries) compare_entry(part, entry, image, listed);
    compare_rest(part, image);
}

}  // namespace

std::vector<Expectation> read_expectations(const std::string& folder) {
    std::vector<Expectation> expectations;
    if (!std::filesystem::is_directory(folder)) throw Error(folder, "is no folder of images");
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        const std::string path = file.path().string();
        if (!path.ends_with(suffix)) continue;
        expectations.push_back(read_expectation(path));
        const std::string image = folder + "/" + expectations.back().image;
        if (!std::filesystem::exists(image)) throw Error(image, "is not there, but an expectation of it is");
    }
    if (expectations.empty())
        throw Error(folder, "holds no image with an expectation", "make the folder by fixtures/selftest.py");
    std::sort(expectations.begin(), expectations.end(),
              [](const Expectation& a, const Expectation& b) { return a.image < b.image; });
    return expectations;
}

std::set<std::string> read_listed(const std::string& path) {
    std::ifstream file(path);
    std::set<std::string> listed;
    for (std::string line; std::getline(file, line);) listed.insert(line.substr(0, line.find(' ')));
    if (listed.empty()) throw Error(path, "cannot be read, or lists nothing");
    return listed;
}

void SelftestPart::expect(const std::string& what, const std::string& expected_value, const std::string& found_value) {
    checks.push_back({what, expected_value, found_value});
}

std::size_t SelftestPart::failed() const {
    return static_cast<std::size_t>(
        std::count_if(checks.begin(), checks.end(), [](const Check& check) { return !check.holds(); }));
}

std::vector<SelftestPart> compare(const std::vector<Expectation>& expectations, const std::set<std::string>& listed,
                                  const Store& store) {
    std::map<std::string, std::uint32_t> by_name;
    for (const EvidenceRecord& evidence : store.evidences()) by_name[evidence.name] = evidence.id;
    const std::map<std::uint32_t, FoundImage> found = found_in(store);
    std::vector<SelftestPart> parts;
    for (const Expectation& expected : expectations) {
        SelftestPart& part = parts.emplace_back(SelftestPart{expected.image, expected.shows, {}, {}, {}});
        const auto id = by_name.find(expected.image);
        part.expect("evidence", "examined", id == by_name.end() ? "not examined" : "examined");
        if (id == by_name.end()) continue;
        const auto image = found.find(id->second);
        compare_image(part, expected, image == found.end() ? FoundImage{} : image->second,
                      verdict_of(store, id->second).words(), listed);
    }
    return parts;
}

}  // namespace triage
