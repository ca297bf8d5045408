// SPDX-License-Identifier: Apache-2.0
// What the images of a self-test must give, as the script that made them wrote it (NAME.truth.tsv, see
// fixtures/support.py), and how that compares with what a scan found. Belongs to the thread of the command.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/case/store.h"

namespace triage {

struct ExpectedEntry {
    std::string volume, path, stream, state;
    std::string size;               // decimal
    std::string md5, sha1, sha256;  // hexadecimal; "none": it must be there without a hash
};

struct Expectation {
    std::string image;                                         // file name of the first segment
    std::string shows;                                         // for the record
    std::string verdict;                                       // in words
    std::vector<std::pair<std::string, std::string>> volumes;  // name, state
    std::vector<std::string> problems;                         // kinds of which one at least must be reported
    std::vector<ExpectedEntry> entries;
};

// Of every image in `folder`, in order of name. Throws Error where a file makes no sense or an image is missing.
std::vector<Expectation> read_expectations(const std::string& folder);
// The digests of an md5sum list.
std::set<std::string> read_listed(const std::string& path);

struct Check {
    std::string what, expected, found;
    bool holds() const { return expected == found; }
};

// What was checked of one image, or of the run as a whole.
struct SelftestPart {
    std::string name, shows;
    std::vector<Check> checks;
    std::string expected, found;  // of an image: the checks in short

    void expect(const std::string& what, const std::string& expected, const std::string& found);
    std::size_t failed() const;
};

// One part an image: verdict, volumes, problems, every expected entry with its size, digests and match; and nothing
// beside them but the file system's own entries, whose names begin with '$'.
std::vector<SelftestPart> compare(const std::vector<Expectation>& expectations, const std::set<std::string>& listed,
                                  const Store& store);

}  // namespace triage
