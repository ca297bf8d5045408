// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <map>

#include "engine/scan/scan.h"
#include "engine/worker/spawn.h"

namespace triage {
namespace {

constexpr std::size_t head_bytes = 4096;

Bytes head_of(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) throw Error(path, std::strerror(errno));
    if (S_ISDIR(status.st_mode))
        throw Error(path, "is a directory; this build examines images and devices", "name an image file or a device");
    if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) throw Error(path, "is neither a file nor a block device");
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.get() < 0) throw Error(path, std::strerror(errno));
    Bytes head(head_bytes);
    ssize_t got = pread(file.get(), head.data(), head.size(), 0);
    if (got < 0) got = pread(file.get(), head.data(), head.size(), 0);  // what fails is tried once more
    // An unreadable start is the container's to report; an empty file is a mistake of the command line.
    head.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got == 0 && S_ISREG(status.st_mode)) throw Error(path, "is empty");
    return head;
}

const Container& container_for(const Registry& registry, const std::string& path) {
    const Bytes head = head_of(path);
    const auto found = std::find_if(registry.containers.begin(), registry.containers.end(),
                                    [&](const Container* c) { return c->recognises(path, head); });
    if (found == registry.containers.end()) throw Error(path, "no container format of this build recognises it");
    return **found;
}

bool is_same_file(const Segment& a, const Segment& b) { return a.device == b.device && a.inode == b.inode; }

bool shares_segment(const EvidenceSpec& a, const EvidenceSpec& b) {
    return std::any_of(a.segments.begin(), a.segments.end(), [&](const Segment& s) {
        return std::any_of(b.segments.begin(), b.segments.end(), [&](const Segment& t) { return is_same_file(s, t); });
    });
}

EvidenceSpec identify(const Registry& registry, const EvidenceArgument& argument) {
    EvidenceSpec spec;
    spec.exhibit = argument.exhibit;
    spec.container = &container_for(registry, argument.path);
    Result<std::vector<Segment>> segments = SegmentFiles::identify(spec.container->segment_paths(argument.path));
    if (!segments) throw Error(argument.path, segments.why());
    spec.segments = std::move(*segments);
    spec.device = block_device_at(argument.path);
    spec.name = std::filesystem::path(spec.segments.front().path).filename().string();
    return spec;
}

// What a report says of an exhibit must be said of one evidence.
void require_new_reference(const std::string& exhibit, const std::vector<EvidenceSpec>& specs) {
    const bool is_taken = !exhibit.empty() && std::any_of(specs.begin(), specs.end(), [&](const EvidenceSpec& other) {
        return other.exhibit == exhibit;
    });
    if (is_taken)
        throw Error("exhibit " + exhibit, "two evidences have this reference",
                    "give each one of its own, such as " + exhibit + "-1 and " + exhibit + "-2");
}

void number_repeated_names(std::vector<EvidenceSpec>& specs) {
    std::map<std::string, int> seen;
    for (EvidenceSpec& spec : specs)
        if (const int count = ++seen[spec.name]; count > 1) spec.name += "#" + std::to_string(count);
}

}  // namespace

std::vector<EvidenceSpec> identify_evidence(const Registry& registry, const std::vector<EvidenceArgument>& arguments,
                                            std::vector<std::string>& notices) {
    std::vector<EvidenceSpec> specs;
    std::vector<std::string> given;  // real paths, to tell the same file twice from two segments of one set
    for (const EvidenceArgument& argument : arguments) {
        EvidenceSpec spec = identify(registry, argument);
        const std::string real = std::filesystem::canonical(argument.path).string();
        const auto same = std::find_if(specs.begin(), specs.end(),
                                       [&](const EvidenceSpec& other) { return shares_segment(spec, other); });
        const bool is_repeated = std::find(given.begin(), given.end(), real) != given.end();
        given.push_back(real);
        const std::string& exhibit = argument.exhibit;
        if (same == specs.end()) {
            require_new_reference(exhibit, specs);
            specs.push_back(std::move(spec));
        } else if (is_repeated || spec.segments.size() < 2) {
            throw Error(argument.path, "the same evidence is given twice");
        } else if (!exhibit.empty() && exhibit != same->exhibit) {
            throw Error(argument.path,
                        "is a segment of " + same->name + ", which is " +
                            (same->exhibit.empty() ? "no exhibit" : "exhibit " + same->exhibit) + " and not " + exhibit,
                        "give the set one reference, with its first segment");
        } else {
            notices.push_back(argument.path + " is a segment of " + same->name + ": both are one evidence");
        }
    }
    number_repeated_names(specs);
    return specs;
}

}  // namespace triage
