// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/known_sets.h"
#include "engine/base/crypto.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/case/case_directory.h"
#include "engine/case/private_file.h"

namespace triage {
namespace {

struct KeygenArguments {
    std::string path, passphrase;
    bool json = false;
};

void refuse_existing(const std::string& path) {
    std::error_code error;
    if (std::filesystem::exists(std::filesystem::symlink_status(path, error)))
        throw Error(path, "exists; a key is never written over", "give another name");
}

int run_keygen(const KeygenArguments& a) {
    const std::string public_path = a.path + ".pub";
    refuse_existing(a.path);
    refuse_existing(public_path);
    refuse_inside_case(a.path);
    forbid_core_dumps();
    const SigningKey key = SigningKey::generate();
    Bytes pem = a.passphrase.empty() ? key.pem({}) : key.pem(read_passphrase(a.passphrase, true).bytes());
    write_private_file(a.path, {reinterpret_cast<const char*>(pem.data()), pem.size()});
    wipe(pem);
    write_private_file(public_path, key.public_key().pem());
    const std::string fingerprint = key.public_key().fingerprint();
    std::fputs((a.json ? fmt::format("{{\"key\":{},\"public_key\":{},\"fingerprint\":\"{}\"}}\n",
                                     to_json_string(a.path), to_json_string(public_path), fingerprint)
                       : fmt::format("Private key: {}{}\nPublic key:  {}\nFingerprint: {}\n", a.path,
                                     a.passphrase.empty() ? " (no passphrase: whoever has the file can sign)" : "",
                                     public_path, fingerprint))
                   .c_str(),
               stdout);
    return exit_code::success;
}

}  // namespace

void add_keygen(CLI::App& app, CommandLine& line) {
    auto a = std::make_shared<KeygenArguments>();
    CLI::App* keygen = app.add_subcommand("keygen", "Make a key that signs cases (Ed25519): KEY and KEY.pub");
    keygen->add_option("key", a->path, "File to make for the private key; KEY.pub is what others verify with")
        ->required();
    keygen
        ->add_option("--passphrase", a->passphrase,
                     "Protect the private key by a passphrase: \"ask\", a file, or \"fd:N\"")
        ->type_name("FROM");
    keygen->add_flag("--json", a->json, "Print the two paths and the fingerprint as one JSON object");
    keygen->callback([a, &line] { line.chosen = [a] { return run_keygen(*a); }; });
}

}  // namespace triage
