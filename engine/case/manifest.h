// SPDX-License-Identifier: Apache-2.0
// manifest.json: the SHA-256 of every file of a sealed case, and what was examined against what. Its own SHA-256 is the
// seal. Without a signature it shows accidental change only; with one, `manifest.json.sig` and the signer's key
// `manifest.json.pub` stand beside it, and it names the key. The format is in docs/case-format.md and can be checked
// with sha256sum alone. Called once, by the thread that runs the scan or the report; `threads` hash the files.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/crypto.h"
#include "engine/case/records.h"

namespace triage {

// Writes CASE/manifest.json over everything in the case but later renders; returns the seal, 64 hexadecimal digits.
// The store must be sealed and closed, the audit log complete.
std::string write_manifest(const std::string& case_path, const std::vector<EvidenceRecord>& evidences,
                           const std::vector<ListRecord>& lists, std::uint32_t threads = 1,
                           const SigningKey* signer = nullptr);

// A later render is made in a folder of another name, so that what did not end is known for it.
std::string draft_of(const std::string& render);  // "reports-2.new" of "reports-2"; or of a path
// Writes the manifest over the draft of a later render ("reports-2"), naming the case's seal; then gives it its name.
// Returns the manifest's own seal.
std::string write_render_manifest(const std::string& case_path, const std::string& folder_name,
                                  std::uint32_t threads = 1, const SigningKey* signer = nullptr);

// Of the case, or of a folder in it ("reports-2", "interrupted-1"); empty where it has no manifest that can be read.
std::string seal_of(const std::string& case_path, const std::string& folder = {});
// For writing down: groups of eight digits.
std::string seal_in_groups(std::string_view seal);

// What is broken in a case, as sentences; empty when everything is as it was sealed. A signature is checked with the
// key that stands beside it, which anybody could have put there; with `signer`, every manifest must be signed by that
// one, and the key beside it be that one.
std::vector<std::string> verify_case(const std::string& case_path, const std::optional<PublicKey>& signer = {});
// The key that stands beside the signature of the case, or of the later render in `folder` ("reports-2"); nothing where
// it is unsigned.
std::optional<PublicKey> signer_of(const std::string& case_path, const std::string& folder = {});
// Whether a resume puts what has this name in a case aside: the seal, the reports under it, later renders.
bool is_of_seal(std::string_view first_component);
std::vector<std::string> later_renders(const std::string& case_path);  // their folders
std::vector<std::string> set_aside(const std::string& case_path);      // folders of what resumes put aside
// What renders left that did not end; returns the folders. The case must be locked.
std::vector<std::string> remove_drafts(const std::string& case_path);

}  // namespace triage
