// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/manifest.h"

namespace triage {
namespace {

struct VerifyArguments {
    std::string path, signer;
    bool json = false;
};

std::string in_json(const VerifyArguments& a, const std::string& signer, const std::vector<std::string>& broken) {
    std::string sentences;
    for (const std::string& sentence : broken) sentences += (sentences.empty() ? "" : ",") + to_json_string(sentence);
    return fmt::format("{{\"case\":{},\"intact\":{},\"signer\":{},\"broken\":[{}]}}", to_json_string(a.path),
                       broken.empty(), signer.empty() ? "null" : to_json_string(signer), sentences);
}

std::string in_words(const VerifyArguments& a, const std::string& signer) {
    if (signer.empty()) return "intact: every file is as it was sealed (unsigned: shows accidental change only)";
    const std::string intact = "intact: every file is as it was sealed and signed\nSigner: " + signer;
    return a.signer.empty() ? intact +
                                  "\nThe key stands beside the case, where anybody could have put it: compare it with "
                                  "the signer's own, or give that with --signer"
                            : intact + ", the key that was given";
}

std::optional<PublicKey> read_public_key(const std::string& path) {
    if (path.empty()) return {};
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
    const std::optional<PublicKey> demanded = read_public_key(a.signer);
    const std::vector<std::string> broken = verify_case(a.path, demanded);
    const int code = broken.empty() ? exit_code::success : exit_code::not_whole;
    std::string signer;  // whose signature holds
    if (const auto key = demanded ? demanded : signer_of(a.path); key && broken.empty()) signer = key->fingerprint();
    if (a.json) return std::puts(in_json(a, signer, broken).c_str()), code;
    for (const std::string& sentence : broken) print_error(a.path + ": " + sentence, {});
    if (broken.empty()) std::puts(in_words(a, signer).c_str());
    return code;
}

}  // namespace

void add_verify(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<VerifyArguments>();
    CLI::App* verify = app.add_subcommand("verify", "Check that a case is as it was sealed");
    verify->add_option("case", a->path, "Case directory")->required();
    verify->add_option("--signer", a->signer, "Public key that must have signed the case and every later render")
        ->type_name("PUBKEY");
    verify->add_flag("--json", a->json, "One JSON object: the case, whether it is intact, its signer, what is broken");
    verify->footer("An unsigned case shows accidental change only. Exit codes: 0 intact, 2 wrong use, 3 broken.");
    verify->callback([a, &line] { line.chosen = [a] { return run_verify(*a); }; });
}

}  // namespace triage
