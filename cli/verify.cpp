// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/manifest.h"

namespace triage {
namespace {

struct VerifyArguments {
    std::string path;
    std::optional<std::string> signer;
    std::vector<std::string> seals;
    bool json = false;
};

// Whose signatures hold: fingerprints, empty where there is none. Of a broken case none does.
struct Signers {
    struct Render {
        std::string folder, signer, seal;
    };
    std::string of_case;
    std::vector<Render> of_renders;
};

std::string fingerprint_of(const std::optional<PublicKey>& key) { return key ? key->fingerprint() : ""; }

// Everything holds with the demanded key, whatever stands beside it.
Signers signers_at(const std::string& path, const std::optional<PublicKey>& demanded) {
    const auto signer = [&](const std::string& folder) {
        return fingerprint_of(demanded ? demanded : signer_of(path, folder));
    };
    Signers signers{signer(""), {}};
    for (const std::string& folder : later_renders(path))
        signers.of_renders.push_back({folder, signer(folder), seal_of(path, folder)});
    return signers;
}

std::string signer_in_json(const std::string& signer) { return signer.empty() ? "null" : to_json_string(signer); }

std::string in_json(const VerifyArguments& a, const Signers& signers, const std::vector<std::string>& broken) {
    std::vector<std::string> sentences, renders;
    for (const std::string& sentence : broken) sentences.push_back(to_json_string(sentence));
    for (const auto& render : signers.of_renders)
        renders.push_back(fmt::format("{{\"folder\":{},\"seal\":\"{}\",\"signer\":{}}}", to_json_string(render.folder),
                                      render.seal, signer_in_json(render.signer)));
    return fmt::format("{{\"case\":{},\"intact\":{},\"seal\":\"{}\",\"signer\":{},\"renders\":[{}],\"broken\":[{}]}}",
                       to_json_string(a.path), broken.empty(), seal_of(a.path), signer_in_json(signers.of_case),
                       fmt::join(renders, ","), fmt::join(sentences, ","));
}

// What anybody added later is not the signer's word.
std::string other_renders(const Signers& signers) {
    std::string lines;
    for (const auto& render : signers.of_renders) {
        if (render.signer == signers.of_case) continue;
        lines += "\n" + render.folder + ", rendered later, " +
                 (render.signer.empty() ? "is not signed: anybody can have made it"
                                        : "is signed by another key: " + render.signer);
    }
    return lines;
}

std::string in_words(const VerifyArguments& a, const Signers& signers) {
    const std::string intact = "intact: every file is as it was sealed", others = other_renders(signers);
    const bool has_seal = !a.seals.empty();
    const std::string seal = "\nSeal: " + seal_in_groups(seal_of(a.path)) + (has_seal ? ", as it was given" : "");
    if (signers.of_case.empty())
        return intact + (has_seal ? " (unsigned)" : " (unsigned: shows accidental change only)") + seal + others;
    const std::string signed_by = intact + (others.empty() ? " and signed" : "; the case itself is signed") + seal +
                                  "\nSigner: " + signers.of_case;
    if (a.signer) return signed_by + ", the key that was given";
    return signed_by + others +
           "\nThe key stands beside the case, where anybody could have put it: compare it with the signer's own, or "
           "give that with --signer";
}

// As they were written down: in groups or not, in capitals or not.
std::set<std::string> plain_seals(const std::vector<std::string>& given) {
    std::set<std::string> seals;
    for (const std::string& one : given) {
        std::string seal;
        for (const unsigned char c : one)
            if (!std::isspace(c)) seal += static_cast<char>(std::tolower(c));
        if (seal.size() != 64 || seal.find_first_not_of("0123456789abcdef") != std::string::npos)
            throw Error("--seal", "is not 64 hexadecimal digits", "give what the scan printed as Seal, in quotes");
        seals.insert(seal);
    }
    return seals;
}

// Where a resume put what has this seal; empty where nothing has it.
std::string place_of_seal(const std::string& path, const std::string& seal) {
    for (const std::string& folder : set_aside(path))
        if (seal_of(path, folder) == seal) return folder;
    return {};
}

// Where seals were given, all that has one must be of a given one: anybody can have made what is not. A signature by
// the demanded key is as good for a later render.
std::vector<std::string> flaws_of_seals(const std::string& path, std::set<std::string> given, bool is_signed) {
    std::vector<std::string> flaws;
    if (given.empty()) return flaws;
    const bool is_of_case = given.erase(seal_of(path)) > 0;
    if (!is_of_case) flaws.push_back("manifest.json is not of the given seal");
    for (const std::string& folder : later_renders(path))
        if (given.erase(seal_of(path, folder)) == 0 && !is_signed)
            flaws.push_back(folder +
                            ", rendered later, is not of a given seal: anybody can have made it; give its own too");
    for (const std::string& seal : given) {
        const std::string place = place_of_seal(path, seal), which = "the seal " + seal_in_groups(seal);
        if (!place.empty()) flaws.push_back(which + " is that of " + place + ", put aside when the scan was resumed");
        else if (is_of_case) flaws.push_back(which + " is of nothing here");
    }
    return flaws;
}

std::optional<PublicKey> read_public_key(const std::string& path) {
    constexpr std::size_t longest_key = 64u << 10;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(path, std::strerror(errno), "give the signer's KEY.pub");
    std::string pem(longest_key, '\0');
    file.read(pem.data(), static_cast<std::streamsize>(pem.size()));
    pem.resize(static_cast<std::size_t>(file.gcount()));
    const std::optional<PublicKey> key = PublicKey::parse(pem);
    if (!key) throw Error(path, "is no Ed25519 public key in PEM form", "give the signer's KEY.pub");
    return key;
}

int run_verify(const VerifyArguments& a) {
    if (!std::filesystem::is_directory(a.path)) throw Error(a.path, "is no case directory");
    const std::optional<PublicKey> demanded = a.signer ? read_public_key(*a.signer) : std::nullopt;
    const std::set<std::string> seals = plain_seals(a.seals);
    std::vector<std::string> broken = verify_case(a.path, demanded);
    const std::vector<std::string> unsealed = flaws_of_seals(a.path, seals, demanded.has_value());
    broken.insert(broken.begin(), unsealed.begin(), unsealed.end());
    const int code = broken.empty() ? exit_code::success : exit_code::not_whole;
    const Signers signers = broken.empty() ? signers_at(a.path, demanded) : Signers{};
    if (a.json) return std::puts(in_json(a, signers, broken).c_str()), code;
    for (const std::string& sentence : broken) print_error(a.path + ": " + sentence, {});
    if (broken.empty()) std::puts(in_words(a, signers).c_str());
    return code;
}

}  // namespace

void add_verify(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<VerifyArguments>();
    CLI::App* verify = app.add_subcommand("verify", "Check that a case is as it was sealed");
    verify->add_option("case", a->path, "Case directory")->required();
    verify->add_option("--signer", a->signer, "Public key that must have signed the case and every later render")
        ->type_name("PUBKEY");
    verify
        ->add_option("--seal", a->seals,
                     "Seal that was written down, in quotes: the case must be what it is of, and each later render be\n"
                     "of another one, or signed by --signer; may be repeated")
        ->type_name("SEAL")
        ->allow_extra_args(false);
    verify->add_flag(
        "--json", a->json,
        "One JSON object: the case, whether it is intact, its seal and signer, those of later renders, what is broken");
    verify->footer(
        "An unsigned case shows accidental change only, unless its seal is given. Exit codes: 0 intact, 2 wrong use, 3 "
        "broken.");
    verify->callback([a, &line] { line.chosen = [a] { return run_verify(*a); }; });
}

}  // namespace triage
