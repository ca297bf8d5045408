// SPDX-License-Identifier: Apache-2.0
#include "engine/case/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/base/error.h"
#include "engine/base/in_order.h"
#include "engine/base/text.h"
#include "engine/base/time.h"
#include "engine/case/audit.h"
#include "engine/case/private_file.h"
#include "engine/case/store.h"
#include "engine/hash/hasher.h"

namespace triage {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view manifest_name = "manifest.json";
constexpr std::string_view signature_suffix = ".sig", public_key_suffix = ".pub";
constexpr std::string_view draft_suffix = ".new";
constexpr std::size_t longest_key = 64u << 10;  // and signature

std::string shown(const std::string& path) { return escape_for_terminal(path); }

// Of whatever kind: a link that leads nowhere is there too.
bool is_there(const std::string& path) {
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

bool is_regular(const std::string& path) {
    std::error_code error;
    return fs::is_regular_file(fs::symlink_status(path, error));
}

bool is_numbered(const std::string& name, std::string_view prefix) {
    return name.starts_with(prefix) && name.size() > prefix.size() &&
           name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
}

// "reports-2" and the like have manifests of their own.
bool is_later_render(const std::string& first_component) { return is_numbered(first_component, "reports-"); }

// Where a resume puts the reports of the part before it.
bool is_set_aside(const std::string& first_component) { return is_numbered(first_component, "interrupted-"); }

// What a render that did not end leaves: nobody vouched for it.
bool is_draft(const std::string& first_component) {
    return first_component.ends_with(draft_suffix) &&
           is_later_render(first_component.substr(0, first_component.size() - draft_suffix.size()));
}

std::vector<std::string> folders_in(const std::string& case_path, bool (*is_wanted)(const std::string&)) {
    std::vector<std::string> folders;
    for (const fs::directory_entry& entry : fs::directory_iterator(case_path))
        if (const std::string name = entry.path().filename().string(); is_wanted(name)) folders.push_back(name);
    std::sort(folders.begin(), folders.end());
    return folders;
}

// Everything below `folder` that is no directory, relative to the case, sorted by bytes.
std::vector<std::string> files_below(const std::string& case_path, const std::string& folder) {
    std::vector<std::string> files;
    const fs::path root = folder.empty() ? fs::path(case_path) : fs::path(case_path) / folder;
    for (const fs::directory_entry& file : fs::recursive_directory_iterator(root)) {
        if (file.is_directory() && !file.is_symlink()) continue;
        files.push_back(file.path().lexically_relative(case_path).string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

// The files that a manifest in `folder` ("" for the case's own) must list.
std::vector<std::string> files_of(const std::string& case_path, const std::string& folder) {
    const std::string own = folder.empty() ? std::string(manifest_name) : folder + "/" + std::string(manifest_name);
    std::vector<std::string> files = files_below(case_path, folder);
    std::erase_if(files, [&](const std::string& file) {
        const std::string first = file.substr(0, file.find('/'));
        return file == own || file == own + std::string(signature_suffix) ||
               file == own + std::string(public_key_suffix) ||
               (folder.empty() && (is_later_render(first) || is_draft(first)));
    });
    return files;
}

std::string joined(const std::vector<std::string>& rows) {
    return rows.empty() ? "[]" : fmt::format("[\n    {}\n  ]", fmt::join(rows, ",\n    "));
}

// A draft has another name when its manifest is read.
std::string final_name(const std::string& file) {
    const std::string first = file.substr(0, file.find('/'));
    return is_draft(first) ? first.substr(0, first.size() - draft_suffix.size()) + file.substr(first.size()) : file;
}

// One file a line, so that `sed` and `sha256sum --check` can read it.
std::string file_row(const std::string& case_path, const std::string& file) {
    const std::string path = case_path + "/" + file;
    if (!is_regular(path))
        throw Error("cannot seal " + shown(path), "it is not a regular file", "remove it from the case");
    return fmt::format(R"({{"sha256": "{}", "size": {}, "path": {}}})", sha256_of_file(path), fs::file_size(path),
                       to_json_string(final_name(file)));
}

// In the order of their paths. The largest is hashed first, since it takes longest.
std::vector<std::string> file_rows(const std::string& case_path, const std::string& folder, std::uint32_t threads) {
    std::vector<std::string> files = files_of(case_path, folder);
    const auto size_of = [&](const std::string& file) {
        std::error_code error;  // of a dangling link, which file_row refuses
        return fs::file_size(case_path + "/" + file, error);
    };
    std::stable_sort(files.begin(), files.end(), [&](const auto& a, const auto& b) { return size_of(a) > size_of(b); });
    std::map<std::string, std::string> by_path;
    const auto start = [&] {
        return [&](std::uint64_t number, const auto& in_turn) {
            const std::string row = file_row(case_path, files[number]);
            in_turn([&] { by_path[files[number]] = row; });
        };
    };
    InOrder(files.size()).run(threads, start);
    std::vector<std::string> rows;
    for (auto& [path, row] : by_path) rows.push_back(std::move(row));
    return rows;
}

std::string segment_row(const Segment& segment) {
    const std::string name = fs::path(segment.path).filename().string();
    return fmt::format(R"({{"name": {}, "size": {}, "modified": {}}})", to_json_string(name), segment.size,
                       to_json_string(format_time({segment.modified, 0}, {0, true, false})));
}

std::vector<std::string> evidence_rows(const std::vector<EvidenceRecord>& evidences) {
    std::vector<std::string> rows;
    for (const EvidenceRecord& evidence : evidences) {
        std::vector<std::string> segments;
        for (const Segment& segment : evidence.segments) segments.push_back(segment_row(segment));
        rows.push_back(fmt::format(R"({{"name": {}, "exhibit": {}, "segments": [{}]}})", to_json_string(evidence.name),
                                   to_json_string(evidence.exhibit), fmt::join(segments, ", ")));
    }
    return rows;
}

std::vector<std::string> list_rows(const std::vector<ListRecord>& lists) {
    std::vector<std::string> rows;
    for (const ListRecord& list : lists)
        rows.push_back(fmt::format(R"({{"name": {}, "sha256": "{}", "polarity": "{}"}})",
                                   to_json_string(list.identity.name), list.identity.source_sha256,
                                   to_string(list.identity.polarity)));
    return rows;
}

// The manifest comes last: with it the case is whole. Returns its SHA-256.
std::string write_and_hash(const std::string& path, const std::string& text, const SigningKey* signer) {
    if (signer) {
        const Bytes signature = signer->sign(as_bytes(text));
        write_private_file(path + std::string(public_key_suffix), signer->public_key().pem());
        write_private_file(path + std::string(signature_suffix),
                           {reinterpret_cast<const char*>(signature.data()), signature.size()});
        sync_folder(fs::path(path).parent_path().string());
    }
    write_private_file_at_once(path, text);
    sync_folder(fs::path(path).parent_path().string());
    return hash_of(as_bytes(text)).sha256->hex();
}

std::string signer_line(const SigningKey* signer) {
    return signer ? fmt::format("  \"signer\": \"{}\",\n", signer->public_key().fingerprint()) : "";
}

std::optional<PublicKey> key_beside(const std::string& manifest) {
    const std::string path = manifest + std::string(public_key_suffix);
    if (!is_there(path)) return {};
    const std::string pem = read_whole_file(path, longest_key);
    std::optional<PublicKey> key = PublicKey::parse(pem);
    return key && key->pem() == pem ? key : std::nullopt;  // no manifest lists it: byte for byte what was written
}

// `named`: the fingerprint that the manifest says it is signed by, or empty.
void check_signature(const std::string& manifest, const std::string& name, const std::string& named,
                     const std::optional<PublicKey>& demanded, std::vector<std::string>& broken) {
    const std::string key_suffix(public_key_suffix);
    const std::string signature_path = manifest + std::string(signature_suffix);
    const bool has_key = is_there(manifest + std::string(public_key_suffix));
    if (!is_there(signature_path)) {
        if (demanded || has_key || !named.empty()) broken.push_back(shown(name) + " has no signature: it is missing");
        return;
    }
    const std::optional<PublicKey> beside = key_beside(manifest), key = demanded ? demanded : beside;
    if (!beside) broken.push_back(shown(name + key_suffix) + " is missing or is no Ed25519 public key");
    else if (beside->pem() != key->pem()) broken.push_back(shown(name + key_suffix) + " is not the given key");
    if (!key) return;
    const std::string text = read_whole_file(manifest), signature = read_whole_file(signature_path, longest_key);
    if (!key->verifies(as_bytes(text), as_bytes(signature)))
        broken.push_back(shown(name) + " is not what " + (demanded ? "the given key" : "the key beside it") +
                         " signed: it, its signature or the key was changed");
    else if (named != key->fingerprint()) broken.push_back(shown(name) + " names another signer than its signature's");
}

void check_file(const std::string& case_path, const json& row, std::vector<std::string>& broken) {
    const std::string file = row.at("path").get<std::string>();
    const fs::path relative(file);
    if (relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end()) {
        broken.push_back("the manifest names a file outside the case: " + shown(file));
        return;
    }
    const std::string path = case_path + "/" + file;
    std::error_code error;
    if (!is_there(path)) broken.push_back(shown(file) + " is missing");
    else if (!is_regular(path)) broken.push_back(shown(file) + " was changed: it is no regular file");
    else if (fs::file_size(path, error) != row.at("size").get<std::uintmax_t>())
        broken.push_back(shown(file) + " was changed: its size differs");
    else if (sha256_of_file(path) != row.at("sha256").get<std::string>())
        broken.push_back(shown(file) + " was changed: its SHA-256 differs");
}

// A power cut while a resume set the seal aside may leave it, or what it lists, in both places.
bool is_twin(const std::string& case_path, const std::string& file) {
    const std::size_t first = file.find('/');
    if (first == std::string::npos || !is_set_aside(file.substr(0, first))) return false;
    const std::string twin = case_path + "/" + file, other = case_path + "/" + file.substr(first + 1);
    std::error_code error;
    return is_of_seal(file.substr(first + 1, file.find('/', first + 1) - first - 1)) && is_regular(twin) &&
           is_regular(other) && fs::file_size(twin, error) == fs::file_size(other, error) &&
           sha256_of_file(twin) == sha256_of_file(other);
}

void check_manifest(const std::string& case_path, const std::string& folder, const std::string& seal,
                    const std::optional<PublicKey>& signer, std::vector<std::string>& broken) {
    const std::string name = folder.empty() ? std::string(manifest_name) : folder + "/" + std::string(manifest_name);
    if (!folder.empty() && !fs::is_directory(fs::symlink_status(case_path + "/" + folder))) {
        broken.push_back(shown(folder) + " was added: it is no folder");
        return;
    }
    if (!is_there(case_path + "/" + name)) {
        broken.push_back(shown(name) + " is missing" + (folder.empty() ? ": the case was not sealed" : ""));
        return;
    }
    try {
        const json manifest = json::parse(read_whole_file(case_path + "/" + name));
        check_signature(case_path + "/" + name, name, manifest.value("signer", ""), signer, broken);
        std::set<std::string> listed;
        for (const json& row : manifest.at("files")) {
            check_file(case_path, row, broken);
            listed.insert(row.at("path").get<std::string>());
        }
        for (const std::string& file : files_of(case_path, folder))
            if (!listed.contains(file) && !is_twin(case_path, file))
                broken.push_back(shown(file) + " was added: the manifest does not list it");
        if (!folder.empty() && manifest.at("case_manifest_sha256").get<std::string>() != seal)
            broken.push_back(shown(name) + " belongs to another manifest.json");
    } catch (const json::exception&) {
        broken.push_back(shown(name) + " is damaged: it cannot be read");
    }
}

// What cannot be looked at is broken too, and the rest is looked at.
template <typename Check>
void look(std::vector<std::string>& broken, const Check& check) {
    try {
        check();
    } catch (const Error& error) {
        broken.push_back(error.what());
    } catch (const fs::filesystem_error& error) {
        broken.push_back(shown(error.path1().string()) + ": " + error.code().message());
    }
}

}  // namespace

std::string write_manifest(const std::string& case_path, const std::vector<EvidenceRecord>& evidences,
                           const std::vector<ListRecord>& lists, std::uint32_t threads, const SigningKey* signer) {
    const std::string text = fmt::format(
        "{{\n  \"format\": \"triage-case\",\n  \"version\": 1,\n  \"created_utc\": \"{}\",\n{}  \"files\": {},\n"
        "  \"evidence\": {},\n  \"lists\": {}\n}}\n",
        format_utc(utc_now()), signer_line(signer), joined(file_rows(case_path, "", threads)),
        joined(evidence_rows(evidences)), joined(list_rows(lists)));
    return write_and_hash(case_path + "/" + std::string(manifest_name), text, signer);
}

std::string write_render_manifest(const std::string& case_path, const std::string& folder_name, std::uint32_t threads,
                                  const SigningKey* signer) {
    const std::string draft = draft_of(folder_name);
    const std::string text = fmt::format(
        "{{\n  \"format\": \"triage-render\",\n  \"version\": 1,\n  \"created_utc\": \"{}\",\n"
        "{}  \"case_manifest_sha256\": \"{}\",\n  \"files\": {}\n}}\n",
        format_utc(utc_now()), signer_line(signer), sha256_of_file(case_path + "/" + std::string(manifest_name)),
        joined(file_rows(case_path, draft, threads)));
    const std::string seal = write_and_hash(case_path + "/" + draft + "/" + std::string(manifest_name), text, signer);
    fs::rename(case_path + "/" + draft, case_path + "/" + folder_name);
    sync_folder(case_path);
    return seal;
}

std::string seal_of(const std::string& case_path, const std::string& folder) {
    try {
        return hash_of(as_bytes(read_whole_file(fs::path(case_path) / folder / manifest_name))).sha256->hex();
    } catch (const Error&) {
        return "";
    }
}

std::string seal_in_groups(std::string_view seal) {
    std::string groups;
    for (std::size_t i = 0; i < seal.size(); ++i) {
        if (i > 0 && i % 8 == 0) groups += ' ';
        groups += seal[i];
    }
    return groups;
}

std::vector<std::string> verify_case(const std::string& case_path, const std::optional<PublicKey>& signer) {
    std::error_code error;
    if (!fs::is_directory(case_path, error)) return {shown(case_path) + " is not a directory"};
    std::vector<std::string> broken;
    look(broken, [&] { check_manifest(case_path, "", "", signer, broken); });
    look(broken, [&] {
        const std::string seal = seal_of(case_path);
        for (const std::string& folder : later_renders(case_path))
            look(broken, [&] { check_manifest(case_path, folder, seal, signer, broken); });
        for (const std::string& folder : folders_in(case_path, is_draft))
            broken.push_back(shown(folder) + " is left of a rendering that did not end; triage report removes it");
    });
    look(broken, [&] {
        if (const auto flaw = verify_audit(case_path + "/audit.jsonl").flaw) broken.push_back("audit.jsonl: " + *flaw);
    });
    look(broken, [&] { Store::open_read_only(case_path + "/case.sqlite"); });
    return broken;
}

bool is_of_seal(std::string_view first_component) {
    return first_component.starts_with(manifest_name) || first_component == "reports" ||
           first_component.starts_with("reports-");
}

std::vector<std::string> later_renders(const std::string& case_path) { return folders_in(case_path, is_later_render); }
std::vector<std::string> set_aside(const std::string& case_path) { return folders_in(case_path, is_set_aside); }

std::string draft_of(const std::string& render) { return render + std::string(draft_suffix); }

std::vector<std::string> remove_drafts(const std::string& case_path) {
    std::vector<std::string> folders = folders_in(case_path, is_draft);
    for (const std::string& folder : folders) {
        std::error_code error;
        fs::remove_all(case_path + "/" + folder, error);
        if (error) throw Error(shown(case_path + "/" + folder), "cannot be removed: " + error.message());
    }
    return folders;
}

std::optional<PublicKey> signer_of(const std::string& case_path, const std::string& folder) {
    return key_beside(case_path + "/" + (folder.empty() ? "" : folder + "/") + std::string(manifest_name));
}

}  // namespace triage
