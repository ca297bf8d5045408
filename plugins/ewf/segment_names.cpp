// SPDX-License-Identifier: Apache-2.0
#include "plugins/ewf/segment_names.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "plugins/ewf/format.h"

namespace triage::ewf {
namespace {

constexpr std::uint32_t letters = 26;
constexpr std::uint32_t numbered = 99;  // E01 … E99 come before EAA

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return upper(c) >= 'A' && upper(c) <= 'Z'; }
std::uint32_t rank_of(char c) { return static_cast<std::uint32_t>(upper(c) - 'A'); }

struct Name {
    std::string_view stem;       // with its folder
    std::string_view extension;  // three characters
};

std::optional<Name> split(std::string_view path) {
    if (path.size() < 4 || path[path.size() - 4] != '.') return std::nullopt;
    return Name{path.substr(0, path.size() - 4), path.substr(path.size() - 3)};
}

std::optional<std::uint32_t> number_of(std::string_view ext, char family) {
    if (!is_letter(ext[0])) return std::nullopt;
    if (is_digit(ext[1]) && is_digit(ext[2])) {
        const auto number = static_cast<std::uint32_t>((ext[1] - '0') * 10 + (ext[2] - '0'));
        return upper(ext[0]) == upper(family) && number != 0 ? std::optional(number) : std::nullopt;
    }
    if (!is_letter(ext[1]) || !is_letter(ext[2]) || upper(ext[0]) < upper(family)) return std::nullopt;
    return numbered + 1 + (rank_of(ext[0]) - rank_of(family)) * letters * letters + rank_of(ext[1]) * letters +
           rank_of(ext[2]);
}

bool has_signature(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    char head[signature_size] = {};
    return file.read(head, sizeof head) && kind_of_file(as_bytes({head, sizeof head})) != FileKind::other;
}

bool exists(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored);
}

bool has_first(const std::string& stem, char letter) {
    return exists(stem + "." + letter + "01") ||
           exists(stem + "." + static_cast<char>(upper(letter) - 'A' + 'a') + "01");
}

// image.saa may be segment 100 of an S set or segment 9,564 of an E set: the first segment beside it decides.
std::optional<char> family_of(const Name& name) {
    const char first = upper(name.extension[0]);
    for (const char family : {'E', 'S', 'L'})
        if (first == family && is_digit(name.extension[1])) return family;
    const std::string stem(name.stem);
    for (const char family : {'S', 'L', 'E'})
        if (first >= family && has_first(stem, family)) return family;
    if (first == 'S' || first == 'L') return first;
    return first >= 'E' ? std::optional('E') : std::nullopt;
}

// Of image.E02 and image.e02 the one whose case is that of the given path.
bool is_better(const std::string& candidate, const std::string& held, std::string_view given) {
    const auto same = [&](const std::string& path) {
        return (path[path.size() - 3] >= 'a') == (given[given.size() - 3] >= 'a');
    };
    return same(candidate) && !same(held);
}

using Candidates = std::map<std::uint32_t, std::string>;

Candidates siblings(const std::string& path, const Name& name, char family) {
    const std::filesystem::path full(path);
    const std::filesystem::path folder = full.has_parent_path() ? full.parent_path() : std::filesystem::path(".");
    const std::size_t stem_size = full.filename().native().size() - 4;
    Candidates found{{*number_of(name.extension, family), path}};
    std::error_code error;
    for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        const std::string leaf = it->path().filename().native();
        if (leaf.size() != stem_size + 4 || leaf.compare(0, stem_size, full.filename().native(), 0, stem_size) != 0)
            continue;
        const auto number = leaf[stem_size] == '.' ? number_of(leaf.substr(stem_size + 1), family) : std::nullopt;
        const std::string sibling = (full.has_parent_path() ? folder / leaf : std::filesystem::path(leaf)).native();
        if (!number || sibling == path || !exists(sibling)) continue;
        const auto [held, is_new] = found.emplace(*number, sibling);
        if (!is_new && held->second != path && is_better(sibling, held->second, path)) held->second = sibling;
    }
    return found;
}

}  // namespace

std::optional<std::uint32_t> segment_number(std::string_view path, char family) {
    const auto name = split(path);
    return name ? number_of(name->extension, family) : std::nullopt;
}

bool is_segment_name(std::string_view path) {
    return segment_number(path, 'E') || segment_number(path, 'S') || segment_number(path, 'L');
}

std::vector<std::uint32_t> segment_numbers(const std::vector<std::string>& set) {
    char family = 0;
    for (const std::string& path : set) {
        const auto name = split(path);
        if (name && family == 0 && is_letter(name->extension[0]) && is_digit(name->extension[1]))
            family = name->extension[0];
    }
    std::vector<std::uint32_t> numbers;
    for (const std::string& path : set) {
        const auto name = split(path);
        const char own = name && upper(name->extension[0]) == 'S' ? 'S' : 'E';
        numbers.push_back(segment_number(path, family != 0 ? family : own).value_or(0));
    }
    return numbers;
}

std::vector<std::string> find_set(const std::string& path) {
    const auto name = split(path);
    const auto family = name ? family_of(*name) : std::nullopt;
    if (!family || !number_of(name->extension, *family)) return {path};
    std::vector<std::string> set;
    std::uint32_t last = 0;
    for (auto& [number, candidate] : siblings(path, *name, *family)) {
        // image.exe and image.txt are segments by name: a name in letters must follow its predecessor or be EWF.
        if (number > numbered && number != last + 1 && candidate != path && !has_signature(candidate)) continue;
        set.push_back(candidate);
        last = number;
    }
    return set;
}

}  // namespace triage::ewf
