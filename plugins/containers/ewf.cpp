// SPDX-License-Identifier: Apache-2.0
// EWF-E01 and EWF-S01 images: EnCase 1 to 7, FTK Imager, linen, ewfacquire (also ewfx), SMART. The work is done in
// plugins/ewf/: segment_names (files of a set), segment_scan (one file), segment_order and assemble (the set → map).
// L01, Lx01 and Ex01 are recognised and refused with a reason.
#include "engine/media/container.h"
#include "plugins/ewf/assemble.h"
#include "plugins/ewf/segment_names.h"

namespace triage {
namespace {

class EwfContainer final : public Container {
  public:
    std::string_view name() const override { return "ewf"; }
    std::string_view describes() const override {
        return "Expert Witness images: EWF-E01 (EnCase 1-7, FTK Imager, linen, ewfx) and EWF-S01 (SMART)";
    }

    // A signature with a flipped bit must not make raw bytes of an image: then the name decides.
    bool recognises(std::string_view path, ByteView head) const override {
        const ewf::FileKind kind = ewf::kind_of_file(head);
        if (kind == ewf::FileKind::evidence_damaged) return ewf::is_segment_name(path);
        return kind != ewf::FileKind::other;
    }

    std::vector<std::string> segment_paths(const std::string& path) const override { return ewf::find_set(path); }

    Result<OpenedMedia> open(const SegmentFiles& files) const override {
        std::vector<std::string> paths;
        for (const Segment& segment : files.segments()) paths.push_back(segment.path);
        std::vector<ewf::SegmentScan> scans;
        std::size_t sections_left = ewf::largest_sections;
        bool is_smart = !paths.empty() && ewf::segment_number(paths.front(), 'S') == 1u;
        for (std::uint32_t file = 0; file < paths.size(); ++file) {
            scans.push_back(ewf::scan_segment(files, file, is_smart, sections_left));
            is_smart = scans.back().is_smart;
        }
        return ewf::assemble(std::move(scans), ewf::segment_numbers(paths), files.segments());
    }
};

}  // namespace

const Container& ewf_container() {
    static const EwfContainer container;
    return container;
}

}  // namespace triage
