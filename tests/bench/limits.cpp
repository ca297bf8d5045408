// SPDX-License-Identifier: Apache-2.0
// What a scan could take at best on this machine, and what part of that it reached.
//   limits IMAGE CASE SECONDS THREADS     CASE: a finished case of the image; SECONDS: what its scan took
// The bound is the CPU time that reading, decoding and hashing the contents of the case take at the rates measured here
// with so many threads at once, divided by the threads. Each content is read and hashed once, each chunk of an E01 is
// decoded once; the walk, the look-up, the store and the reports count nothing. What of a long content does not fit
// into a lane is hashed at the rate of few contents; the bound without that is printed too. The image should be in
// memory.
#include <fmt/format.h>
#include <libdeflate.h>

#include "engine/base/sqlite.h"
#include "tests/bench/measure.h"

using namespace triage;
using namespace triage::bench;

namespace {

constexpr std::size_t read_bytes = 1 << 20;

bool is_table(const BlockRun& run) {
    return run.encoding == Encoding::ewf_table || run.encoding == Encoding::ewf_table_wide;
}

// What the contents of a case ask for.
struct Needs {
    AlgorithmSet algorithms;
    std::vector<std::uint64_t> contents;  // their sizes
    std::uint64_t hashed = 0, read = 0;   // bytes
    std::vector<bool> chunks;             // of the media, that are touched
    std::uint64_t decoded(std::uint32_t chunk_size) const {
        return static_cast<std::uint64_t>(std::count(chunks.begin(), chunks.end(), true)) * chunk_size;
    }
};

void add_extents(Needs& needs, ByteView extents, std::uint32_t chunk_size) {
    for (std::size_t at = 0; at < extents.size(); at += 16) {
        const std::uint64_t offset = load_le<std::uint64_t>(extents, at).value();
        const std::uint64_t length = load_le<std::uint64_t>(extents, at + 8).value();
        if (offset == Extent::hole || length == 0) continue;
        needs.read += length;
        if (chunk_size == 0) continue;
        for (std::uint64_t c = offset / chunk_size; c <= (offset + length - 1) / chunk_size; ++c)
            needs.chunks.at(c) = true;
    }
}

Needs needs_of(const std::string& case_folder, const BlockMap& map) {
    const Database db(case_folder + "/case.sqlite", Database::Mode::immutable);
    Needs needs;
    needs.algorithms = AlgorithmSet::from_bits(static_cast<std::uint8_t>(db.integer("SELECT algorithms FROM run")));
    if (map.block_size != 0) needs.chunks.resize(map.media_size / map.block_size + 1);
    Statement rows = db.prepare(
        "SELECT entry.size, content.extents FROM entry JOIN content ON content.id = entry.content WHERE content.status "
        "= 0");
    while (rows.step()) {
        needs.hashed += needs.contents.emplace_back(rows.unsigned_integer(0));
        add_extents(needs, rows.blob(1), map.block_size);
    }
    return needs;
}

// The files of the image a MiB at a time, each thread from a place of its own.
double read_rate(const SegmentFiles& files, unsigned threads) {
    return rate(threads, [&](unsigned t) -> Work {
        const Segment& segment = files.segments()[t % files.segments().size()];
        const std::uint64_t pieces = std::max<std::uint64_t>(segment.size / read_bytes, 1);
        auto out = std::make_shared<Bytes>(std::min<std::uint64_t>(read_bytes, segment.size));
        return [&files, t, pieces, out, piece = pieces * t / 8]() mutable {
            const auto index = static_cast<std::uint32_t>(t % files.segments().size());
            if (files.read(index, piece++ % pieces * read_bytes, *out))
                throw std::runtime_error("cannot read the image");
            return std::uint64_t{out->size()};
        };
    });
}

struct Chunk {
    std::uint32_t segment = 0;
    std::uint64_t position = 0;
    std::size_t size = 0;
    bool is_compressed = false;
};

// The chunks that the case touched, in an order that mixes what compresses with what does not.
std::vector<Chunk> stored_chunks(const Opened& image, const Needs& needs) {
    std::vector<Chunk> chunks;
    for (const BlockRun& run : image.map.runs) {
        if (!is_table(run)) continue;
        const std::uint32_t mask = run.encoding == Encoding::ewf_table ? 0x7FFF'FFFF : 0xFFFF'FFFF;
        Bytes table(std::size_t{run.entry_count} * 4);
        if (image.files->read(run.segment, run.position, table)) throw std::runtime_error("cannot read a table");
        const auto start = [&](std::size_t i) {
            return run.base + (load_le<std::uint32_t>(table, i * 4).value() & mask);
        };
        for (std::size_t i = 0; i < run.entry_count; ++i) {
            if (!needs.chunks.at(run.offset / image.map.block_size + i)) continue;
            const std::uint64_t end = i + 1 < run.entry_count ? start(i + 1) : run.data_end;
            const bool is_compressed = (load_le<std::uint32_t>(table, i * 4).value() & ~mask) != 0;
            chunks.push_back({run.segment, start(i), static_cast<std::size_t>(end - start(i)), is_compressed});
        }
    }
    std::shuffle(chunks.begin(), chunks.end(), std::mt19937(1));
    return chunks;
}

// Decoded bytes a second: a chunk is read, and inflated or its checksum computed, which is the least that must be done.
double decode_rate(const Opened& image, const Needs& needs, unsigned threads) {
    const std::vector<Chunk> chunks = stored_chunks(image, needs);
    const std::size_t chunk_size = image.map.block_size;
    return rate(threads, [&](unsigned t) -> Work {
        std::shared_ptr<libdeflate_decompressor> inflater(libdeflate_alloc_decompressor(),
                                                          libdeflate_free_decompressor);
        auto stored = std::make_shared<Bytes>(chunk_size * 2), out = std::make_shared<Bytes>(chunk_size);
        return [&, chunk_size, inflater, stored, out, next = chunks.size() * t / threads]() mutable {
            const Chunk& chunk = chunks[next++ % chunks.size()];
            const MutableBytes bytes = MutableBytes(*stored).first(std::min(chunk.size, stored->size()));
            if (image.files->read(chunk.segment, chunk.position, bytes))
                throw std::runtime_error("cannot read a chunk");
            std::size_t made = 0;
            if (chunk.is_compressed)
                libdeflate_zlib_decompress(inflater.get(), bytes.data(), bytes.size(), out->data(), out->size(), &made);
            else libdeflate_adler32(1, bytes.data(), bytes.size());
            return std::uint64_t{chunk_size};
        };
    });
}

// CPU seconds of all digests. A lane has a sixteenth of the kernels' rate, and the lanes of a thread pass a share of
// what lanes hash: no more of one content fits there. As many bytes as that allows go through lanes, found by halving.
double hash_seconds(const Needs& needs, double lanes_rate, double few_rate, unsigned threads) {
    double in_lanes = 0, most = real(needs.hashed);
    const auto does_fit = [&](double bytes) {
        double left = 0;
        for (const std::uint64_t size : needs.contents)
            left += std::max(0.0, real(size) - bytes / (lane_count * threads));
        return left <= real(needs.hashed) - bytes;
    };
    for (int step = 0; step < 60; ++step) {
        const double middle = step == 0 ? most : (in_lanes + most) / 2;
        (does_fit(middle) ? in_lanes : most) = middle;
    }
    return in_lanes / lanes_rate + (real(needs.hashed) - in_lanes) / few_rate;
}

std::string words_of(AlgorithmSet algorithms) {
    std::string words;
    for (const Algorithm a : all_algorithms)
        if (algorithms.has(a)) words += (words.empty() ? "" : "+") + std::string(to_string(a));
    return words;
}

void print_bound(std::string_view name, double cpu_seconds, double taken, unsigned threads) {
    const double bound = cpu_seconds / threads;
    fmt::print("bound, {}: {:.3f} s with {} threads; the scan took {:.3f} s and reached {:.0f} %\n", name, bound,
               threads, taken, 100 * bound / taken);
}

void print_limits(const std::string& image_path, const std::string& case_folder, double taken, unsigned threads) {
    const Opened image = open(image_path);
    const Needs needs = needs_of(case_folder, image.map);
    if (needs.contents.empty()) throw std::runtime_error("the case holds no content that was hashed");
    const std::size_t mean = std::clamp<std::size_t>(needs.hashed / needs.contents.size(), 1, read_bytes);
    const bool is_decoded = std::any_of(image.map.runs.begin(), image.map.runs.end(), is_table);
    fmt::print("needs {:.3f} GB hashed, {:.3f} GB read, {} contents\n", real(needs.hashed) / 1e9,
               real(needs.read) / 1e9, needs.contents.size());

    double cpu = 0;
    if (is_decoded) {
        const double decode = decode_rate(image, needs, threads), bytes = real(needs.decoded(image.map.block_size));
        fmt::print("decode {:.2f} GB/s a thread, its read and checksum included; {:.3f} GB\n", decode / 1e9,
                   bytes / 1e9);
        cpu += bytes / decode;
    } else {
        const double read = read_rate(*image.files, threads);
        fmt::print("read {:.2f} GB/s a thread ({:.2f} alone)\n", read / 1e9, read_rate(*image.files, 1) / 1e9);
        cpu += real(needs.read) / read;
    }
    const double openssl = openssl_rate(needs.algorithms, mean, threads),
                 engine = engine_rate(needs.algorithms, mean, threads), few = few_rate(needs.algorithms, threads);
    fmt::print("{} of {} bytes: engine {:.3f}, OpenSSL {:.3f} GB/s a thread; two long contents {:.3f}\n",
               words_of(needs.algorithms), mean, engine / 1e9, openssl / 1e9, few / 1e9);
    print_bound("engine", cpu + hash_seconds(needs, engine, few, threads), taken, threads);
    print_bound("engine, were all contents short", cpu + real(needs.hashed) / engine, taken, threads);
    print_bound("OpenSSL alone", cpu + real(needs.hashed) / openssl, taken, threads);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        fmt::print(stderr, "usage: limits IMAGE CASE SECONDS THREADS\n");
        return 2;
    }
    try {
        print_limits(arguments[1], arguments[2], std::stod(arguments[3]),
                     static_cast<unsigned>(std::stoul(arguments[4])));
    } catch (const std::exception& error) {
        fmt::print(stderr, "limits: {}\n", error.what());
        return 1;
    }
    return 0;
}
