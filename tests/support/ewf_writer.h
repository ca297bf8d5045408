// SPDX-License-Identifier: Apache-2.0
// Writes small EWF images for tests, independently of the reader: zlib by libdeflate, layout after Joachim Metz,
// "Expert Witness Compression Format specification". Also a folder that is removed at the end of a test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/media/container.h"

namespace triage::ewf_test {

class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string path(const std::string& name) const { return (path_ / name).native(); }
    std::string save(const std::string& name, ByteView bytes) const;  // its path

  private:
    std::filesystem::path path_;
};

enum class Packing { plain, deflate, mixed };

struct EwfOptions {
    std::uint32_t sectors_per_chunk = 4;
    std::uint32_t bytes_per_sector = 512;
    std::uint32_t chunks_per_table = 4;
    std::uint32_t chunks_per_segment = 1u << 30;
    Packing packing = Packing::mixed;
    bool is_smart = false;
    bool has_table2 = true;
    bool has_table_base = true;
    std::uint8_t set_identifier = 7;                              // each byte of the GUID
    std::vector<std::pair<std::uint32_t, std::uint32_t>> errors;  // first sector, sectors
    std::uint64_t claimed_sectors = 0;                            // 0: as many as there are
};

struct EwfSection {
    std::string type;
    std::size_t start = 0;
    std::size_t end = 0;
};

struct EwfSegment {
    Bytes bytes;
    std::vector<EwfSection> sections;
};

std::vector<EwfSegment> write_ewf(ByteView media, const EwfOptions& options = {});

// Parts for images that a test composes itself.
Bytes descriptor(const std::string& type, std::uint64_t next, std::uint64_t size);
Bytes file_header(std::uint32_t number);
Bytes volume_content(std::uint64_t sectors, const EwfOptions& options);
Bytes table_header(std::uint32_t entries, std::uint64_t base);
Bytes plain_chunk(ByteView bytes);  // with its Adler-32
void append(Bytes& to, ByteView bytes);
void put_u32(MutableBytes bytes, std::size_t at, std::uint32_t value);
void put_u64(MutableBytes bytes, std::size_t at, std::uint64_t value);
void seal(MutableBytes bytes);  // puts the Adler-32 of what comes before into the last four bytes

// "image.E01", "image.EAA"...
std::string segment_name(const std::string& stem, std::uint32_t number, char family = 'E');
std::vector<std::string> save_set(const Folder& folder, const std::vector<EwfSegment>& segments,
                                  const std::string& stem = "image", char family = 'E');

// Bytes with structure (so that they compress) and noise; the same for the same seed.
Bytes sample_media(std::size_t size, std::uint32_t seed = 1);
std::string md5_of(ByteView bytes);

// All bytes of the media and what could not be read.
struct WholeRead {
    Bytes bytes;
    ReadFlaws flaws;
};
WholeRead read_all(const MediaReader& reader, std::size_t step = 16u << 20);

// True when every byte equals `truth` or lies in a reported range.
bool is_honest(const WholeRead& read, ByteView truth);

// A reader over the files, when the container opens them.
struct Opened {
    std::shared_ptr<SegmentFiles> files;
    OpenedMedia media;
    std::unique_ptr<MediaReader> reader;
};
Result<Opened> open_files(const Container& container, const std::vector<std::string>& paths, std::size_t capacity = 0);

}  // namespace triage::ewf_test
