// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ewf_writer.h"

#include <libdeflate.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>

namespace triage::ewf_test {
namespace {

std::uint32_t adler(ByteView bytes) { return libdeflate_adler32(1, bytes.data(), bytes.size()); }

Bytes deflated(ByteView bytes) {
    libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
    Bytes out(libdeflate_zlib_compress_bound(compressor, bytes.size()));
    out.resize(libdeflate_zlib_compress(compressor, bytes.data(), bytes.size(), out.data(), out.size()));
    libdeflate_free_compressor(compressor);
    return out;
}

class Writer {
  public:
    Writer(ByteView media, const EwfOptions& options) : media_(media), options_(options) {}

    std::vector<EwfSegment> run() {
        const std::size_t chunk = std::size_t{options_.sectors_per_chunk} * options_.bytes_per_sector;
        const std::size_t count = (media_.size() + chunk - 1) / chunk;
        for (std::size_t first = 0; first < count || segments_.empty(); first += options_.chunks_per_segment) {
            const std::size_t last = std::min<std::size_t>(first + options_.chunks_per_segment, count);
            begin_segment();
            for (std::size_t at = first; at < last; at += options_.chunks_per_table)
                write_table(at, std::min<std::size_t>(at + options_.chunks_per_table, last), chunk);
            if (last == count) end_set();
            else add_last("next");
        }
        return std::move(segments_);
    }

  private:
    Bytes& out() { return segments_.back().bytes; }

    void add(const std::string& type, ByteView content) {
        const std::size_t start = out().size();
        append(out(), descriptor(type, start + 76 + content.size(), 76 + content.size()));
        append(out(), content);
        segments_.back().sections.push_back({type, start, out().size()});
    }

    void add_last(const std::string& type) {
        const std::size_t start = out().size();
        append(out(), descriptor(type, start, options_.is_smart ? 76 : 0));
        segments_.back().sections.push_back({type, start, out().size()});
    }

    std::uint64_t sectors() const {
        return options_.claimed_sectors != 0 ? options_.claimed_sectors : media_.size() / options_.bytes_per_sector;
    }

    void begin_segment() {
        segments_.emplace_back();
        const auto number = static_cast<std::uint32_t>(segments_.size());
        append(out(), file_header(number));
        if (number == 1) {
            const std::string text =
                "1\r\nmain\r\nc\tn\ta\te\tt\tav\tov\tm\tu\tp\r\ncase-7\tev-1\ta disk\tsomebody\t\t"
                "20140813\tLinux\t2014 4 20 7 56 50\t\t0\r\n\r\n";
            add("header", deflated(as_bytes(text)));
            add("volume", volume_content(sectors(), options_));
        } else if (!options_.is_smart) {
            add("data", volume_content(sectors(), options_));
        }
    }

    Bytes packed(std::size_t index, std::size_t chunk, bool& is_compressed) const {
        const ByteView bytes = media_.subspan(index * chunk, std::min(chunk, media_.size() - index * chunk));
        is_compressed = options_.packing == Packing::deflate || options_.is_smart ||
                        (options_.packing == Packing::mixed && index % 3 != 1);
        return is_compressed ? deflated(bytes) : plain_chunk(bytes);
    }

    void write_table(std::size_t first, std::size_t last, std::size_t chunk) {
        const auto count = static_cast<std::uint32_t>(last - first);
        const std::size_t start = out().size();
        const std::size_t data = start + 76 + (options_.is_smart ? 24 + 4 * count : 0);
        const std::uint64_t base = options_.has_table_base && !options_.is_smart ? start : 0;
        Bytes chunks;
        Bytes entries(4 * count);
        for (std::size_t i = first; i < last; ++i) {
            bool is_compressed = false;
            const auto offset = static_cast<std::uint32_t>(data + chunks.size() - base);
            append(chunks, packed(i, chunk, is_compressed));
            put_u32(entries, 4 * (i - first), offset | (is_compressed ? 0x80000000u : 0));
        }
        Bytes table = table_header(count, base);
        append(table, entries);
        if (options_.is_smart) {
            append(table, chunks);
            return add("table", table);
        }
        table.resize(table.size() + 4);
        put_u32(table, table.size() - 4, adler(entries));
        add("sectors", chunks);
        add("table", table);
        if (options_.has_table2) add("table2", table);
    }

    void end_set() {
        if (!options_.is_smart && segments_.size() == 1) add("data", volume_content(sectors(), options_));
        if (!options_.errors.empty()) add("error2", error_content());
        Bytes hash(36);
        const Bytes md5 = from_hex(md5_of(media_)).value();
        std::copy(md5.begin(), md5.end(), hash.begin());
        seal(hash);
        add("hash", hash);
        add_last("done");
    }

    Bytes error_content() const {
        Bytes content(520);
        put_u32(content, 0, static_cast<std::uint32_t>(options_.errors.size()));
        seal(content);
        Bytes entries(options_.errors.size() * 8);
        for (std::size_t i = 0; i < options_.errors.size(); ++i) {
            put_u32(entries, i * 8, options_.errors[i].first);
            put_u32(entries, i * 8 + 4, options_.errors[i].second);
        }
        append(content, entries);
        content.resize(content.size() + 4);
        put_u32(content, content.size() - 4, adler(entries));
        return content;
    }

    ByteView media_;
    const EwfOptions& options_;
    std::vector<EwfSegment> segments_;
};

}  // namespace

Folder::Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "triage-test-XXXXXX").native();
    if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    path_ = pattern;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::save(const std::string& name, ByteView bytes) const {
    std::error_code ignored;  // a new file: writing over an old one waits for the disk
    std::filesystem::remove(path(name), ignored);
    std::ofstream(path(name), std::ios::binary)
        .write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
    return path(name);
}

std::vector<EwfSegment> write_ewf(ByteView media, const EwfOptions& options) { return Writer(media, options).run(); }

Bytes descriptor(const std::string& type, std::uint64_t next, std::uint64_t size) {
    Bytes bytes(76);
    std::memcpy(bytes.data(), type.data(), type.size());
    put_u64(bytes, 16, next);
    put_u64(bytes, 24, size);
    seal(bytes);
    return bytes;
}

Bytes file_header(std::uint32_t number) {
    Bytes bytes(13);
    std::memcpy(bytes.data(), "EVF\x09\x0d\x0a\xff\x00\x01", 9);
    bytes[9] = static_cast<std::byte>(number & 0xff);
    bytes[10] = static_cast<std::byte>(number >> 8 & 0xff);
    return bytes;
}

Bytes volume_content(std::uint64_t sectors, const EwfOptions& options) {
    Bytes bytes(options.is_smart ? 94 : 1052);
    const std::uint64_t chunks = (sectors + options.sectors_per_chunk - 1) / std::max(options.sectors_per_chunk, 1u);
    bytes[0] = std::byte{1};
    put_u32(bytes, 4, static_cast<std::uint32_t>(chunks));
    put_u32(bytes, 8, options.sectors_per_chunk);
    put_u32(bytes, 12, options.bytes_per_sector);
    put_u64(bytes, 16, sectors);
    if (!options.is_smart) std::fill_n(bytes.begin() + 64, 16, std::byte{options.set_identifier});
    seal(bytes);
    return bytes;
}

Bytes table_header(std::uint32_t entries, std::uint64_t base) {
    Bytes bytes(24);
    put_u32(bytes, 0, entries);
    put_u64(bytes, 8, base);
    seal(bytes);
    return bytes;
}

Bytes plain_chunk(ByteView bytes) {
    Bytes chunk(bytes.begin(), bytes.end());
    chunk.resize(chunk.size() + 4);
    seal(chunk);
    return chunk;
}

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void put_u32(MutableBytes bytes, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

void put_u64(MutableBytes bytes, std::size_t at, std::uint64_t value) {
    for (std::size_t i = 0; i < 8; ++i) bytes[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

void seal(MutableBytes bytes) { put_u32(bytes, bytes.size() - 4, adler(bytes.first(bytes.size() - 4))); }

std::string segment_name(const std::string& stem, std::uint32_t number, char family) {
    std::string name = stem + '.';
    if (number <= 99) {
        name += family;
        name += static_cast<char>('0' + number / 10);
        name += static_cast<char>('0' + number % 10);
        return name;
    }
    const std::uint32_t rest = number - 100;
    const char a = family >= 'a' ? 'a' : 'A';
    name += static_cast<char>(family + static_cast<char>(rest / 676));
    name += static_cast<char>(a + static_cast<char>(rest / 26 % 26));
    name += static_cast<char>(a + static_cast<char>(rest % 26));
    return name;
}

std::vector<std::string> save_set(const Folder& folder, const std::vector<EwfSegment>& segments,
                                  const std::string& stem, char family) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < segments.size(); ++i)
        paths.push_back(folder.save(segment_name(stem, static_cast<std::uint32_t>(i + 1), family), segments[i].bytes));
    return paths;
}

Bytes sample_media(std::size_t size, std::uint32_t seed) {
    std::mt19937 random(seed);
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i)
        bytes[i] = i / 512 % 2 == 0 ? static_cast<std::byte>(i / 512 + seed) : static_cast<std::byte>(random());
    return bytes;
}

std::string md5_of(ByteView bytes) {
    Bytes digest(16);
    unsigned size = 16;
    EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_md5(), nullptr);
    return to_hex(digest);
}

WholeRead read_all(const MediaReader& reader, std::size_t step) {
    WholeRead whole;
    whole.bytes.resize(reader.size());
    BlockWindow window;
    for (std::size_t at = 0; at < whole.bytes.size(); at += step) {
        const MutableBytes part = MutableBytes(whole.bytes).subspan(at, std::min(step, whole.bytes.size() - at));
        for (BadRange& flaw : reader.read(at, part, window)) whole.flaws.push_back(std::move(flaw));
    }
    return whole;
}

bool is_honest(const WholeRead& read, ByteView truth) {
    if (read.bytes.size() != truth.size()) return false;
    std::vector<bool> is_bad(truth.size());
    for (const BadRange& flaw : read.flaws) {
        for (std::uint64_t i = 0; i < flaw.length && flaw.offset + i < truth.size(); ++i)
            is_bad[flaw.offset + i] = true;
        const bool is_zero = std::all_of(read.bytes.begin() + static_cast<std::ptrdiff_t>(flaw.offset),
                                         read.bytes.begin() + static_cast<std::ptrdiff_t>(flaw.offset + flaw.length),
                                         [](std::byte b) { return b == std::byte{0}; });
        if (!is_zero) return false;
    }
    for (std::size_t i = 0; i < truth.size(); ++i)
        if (!is_bad[i] && read.bytes[i] != truth[i]) return false;
    return true;
}

Result<Opened> open_files(const Container& container, const std::vector<std::string>& paths, std::size_t capacity) {
    auto segments = SegmentFiles::identify(paths);
    if (!segments) return Failure{segments.why()};
    Opened opened;
    opened.files = std::make_shared<SegmentFiles>(std::move(*segments), capacity);
    auto media = container.open(*opened.files);
    if (!media) return Failure{media.why()};
    opened.media = std::move(*media);
    opened.reader = std::make_unique<MediaReader>(opened.media.map, opened.files);
    return opened;
}

}  // namespace triage::ewf_test
