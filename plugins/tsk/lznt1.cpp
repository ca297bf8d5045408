// SPDX-License-Identifier: Apache-2.0
#include "plugins/tsk/lznt1.h"

#include <algorithm>

namespace triage::tsk {
namespace {

constexpr std::size_t chunk_bytes = 4096;
constexpr std::uint64_t most_unit_bytes = 1 << 20;  // Windows makes 64 KiB

// Of the 16 bits of a match; the more bytes it may reach back over, the fewer are left for its length.
unsigned length_bits(std::size_t made) {
    unsigned bits = 12;
    while (bits > 4 && made > 16u << (12 - bits)) --bits;
    return bits;
}

// Adds the content of a compressed chunk. False when it is broken.
bool unpack(ByteView packed, Bytes& content) {
    const std::size_t start = content.size();
    unsigned flags = 0;
    for (int item = 0; !packed.empty(); item = (item + 1) % 9, flags >>= 1) {
        const std::size_t made = content.size() - start;
        if (item == 0) {
            flags = std::to_integer<unsigned>(packed[0]) << 1;  // of the eight items that follow
            packed = packed.subspan(1);
        } else if (!(flags & 1)) {
            if (made == chunk_bytes) return false;
            content.push_back(packed[0]);
            packed = packed.subspan(1);
        } else {
            const auto match = load_le<std::uint16_t>(packed, 0);
            if (!match) return false;
            const unsigned bits = length_bits(made);
            const std::size_t length = (*match & ((1u << bits) - 1)) + 3, distance = (*match >> bits) + 1u;
            if (distance > made || length > chunk_bytes - made) return false;
            for (std::size_t i = 0; i < length; ++i) content.push_back(content[content.size() - distance]);
            packed = packed.subspan(2);
        }
    }
    return true;
}

// What is recorded of one compression unit: clusters, and behind them the hole that compression saved.
struct Unit {
    Bytes stored;
    bool has_hole = false;
    std::string why;  // it cannot be had
};

class Units {
  public:
    Units(Image& image, const TSK_FS_ATTR& attribute)
        : image_(image), fs_(*attribute.fs_file->fs_info), clusters_(attribute.nrd.compsize), run_(attribute.nrd.run) {}

    std::uint64_t bytes() const { return std::uint64_t{clusters_} * fs_.block_size; }

    Unit next() {
        Unit unit;
        for (std::uint64_t taken = 0; taken < clusters_ && run_;) {
            if ((run_->flags & TSK_FS_ATTR_RUN_FLAG_FILLER) || run_->offset + used_ != at_ || run_->len <= used_)
                return {{}, false, "its run list is out of order"};
            const std::uint64_t count = std::min<std::uint64_t>(run_->len - used_, clusters_ - taken);
            if (run_->flags & TSK_FS_ATTR_RUN_FLAG_SPARSE) unit.has_hole = true;
            else if (unit.has_hole) return {{}, false, "a compression unit goes on behind its hole"};
            else if (!add(run_->addr + used_, count, unit.stored)) return {{}, false, "a run cannot be read"};
            taken += count, at_ += count, used_ += count;
            if (used_ == run_->len) run_ = run_->next, used_ = 0;
        }
        return unit;
    }

  private:
    bool add(std::uint64_t first, std::uint64_t count, Bytes& stored) {
        const auto place = checked_multiply(first, fs_.block_size);
        const std::size_t before = stored.size();
        stored.resize(before + count * fs_.block_size);
        return place && image_.read(*place, MutableBytes(stored).subspan(before));
    }

    Image& image_;
    const TSK_FS_INFO& fs_;
    std::uint64_t clusters_;  // of a unit
    const TSK_FS_ATTR_RUN* run_;
    std::uint64_t used_ = 0, at_ = 0;  // clusters: of the run, of the attribute
};

// `needed`: bytes that the unit must have. One without a hole is stored as it is, one that is all hole is zeros.
std::string decode(Unit& unit, std::uint64_t needed) {
    if (!unit.why.empty()) return unit.why;
    if (unit.stored.empty() && unit.has_hole) return {};
    if (unit.has_hole) {
        auto content = decode_lznt1(unit.stored, most_unit_bytes);
        if (!content) return "a compression unit is broken";
        unit.stored = std::move(*content);
    }
    return unit.stored.size() < needed ? "a compression unit has fewer bytes than its size needs" : "";
}

}  // namespace

std::optional<Bytes> decode_lznt1(ByteView stream, std::size_t most) {
    Bytes content;
    while (content.size() < most) {
        const std::size_t head = load_le<std::uint16_t>(stream, 0).value_or(0), length = (head & 0xFFF) + 1;
        if (head == 0) break;
        constexpr unsigned signature = 3;
        if ((head >> 12 & 7) != signature || length > stream.size() - 2) return std::nullopt;
        if (content.size() % chunk_bytes != 0) return std::nullopt;  // only the last one may be short
        const ByteView chunk = stream.subspan(2, length);
        if (!(head & 0x8000)) content.insert(content.end(), chunk.begin(), chunk.end());
        else if (!unpack(chunk, content)) return std::nullopt;
        stream = stream.subspan(2 + length);
    }
    return content;
}

std::string read_compressed(Image& image, const TSK_FS_ATTR& attribute, std::uint64_t size,
                            const std::function<void(ByteView piece)>& see) {
    Units units(image, attribute);
    if (units.bytes() == 0 || units.bytes() > most_unit_bytes) return "its compression unit makes no sense";
    const std::uint64_t valid = std::min<std::uint64_t>(size, std::max<TSK_OFF_T>(attribute.nrd.initsize, 0));
    for (std::uint64_t at = 0; at < size; at += units.bytes()) {
        const std::uint64_t needed = at < valid ? std::min(valid - at, units.bytes()) : 0;
        Unit unit = needed > 0 ? units.next() : Unit{{}, true, {}};
        if (std::string why = decode(unit, needed); !why.empty()) return why;
        unit.stored.resize(needed);
        unit.stored.resize(std::min(size - at, units.bytes()));
        see(unit.stored);
    }
    return {};
}

}  // namespace triage::tsk
