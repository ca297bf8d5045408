// SPDX-License-Identifier: Apache-2.0
#include "engine/examine/content_type.h"

#include <algorithm>
#include <array>

namespace triage {
namespace {

using namespace std::string_view_literals;

std::string_view piece(ByteView bytes, std::size_t offset, std::size_t length) {
    if (offset >= bytes.size()) return {};
    return as_text(bytes).substr(offset, length);
}
bool has(ByteView bytes, std::size_t offset, std::string_view what) {
    return piece(bytes, offset, what.size()) == what;
}
unsigned at(ByteView bytes, std::size_t offset) {
    return offset < bytes.size() ? static_cast<unsigned>(bytes[offset]) : 0;
}

// ---- Signatures that need a second look; empty: it was not that after all ----

// ISO/IEC 14496-12, 4.3: the major brand follows the box's type.
std::string_view type_of_brand(ByteView bytes) {
    struct Brand {
        std::string_view start, type;
    };
    static constexpr Brand brands[] = {
        {"heic", "image/heic"}, {"heix", "image/heic"}, {"heim", "image/heic"},        {"heis", "image/heic"},
        {"hevc", "image/heic"}, {"hevx", "image/heic"}, {"mif1", "image/heif"},        {"msf1", "image/heif"},
        {"avif", "image/avif"}, {"avis", "image/avif"}, {"crx ", "image/x-canon-cr3"}, {"qt", "video/quicktime"},
        {"3gp", "video/3gpp"},  {"3g2", "video/3gpp2"}, {"M4A", "audio/mp4"},          {"M4B", "audio/mp4"},
        {"jp2", "image/jp2"},
    };
    const std::string_view brand = piece(bytes, 8, 4);
    for (const Brand& row : brands)
        if (brand.starts_with(row.start)) return row.type;
    return "video/mp4";
}

std::string_view type_of_riff(ByteView bytes) {
    const std::string_view form = piece(bytes, 8, 4);
    return form == "WEBP" ? "image/webp" : form == "AVI " ? "video/x-msvideo" : form == "WAVE" ? "audio/x-wav" : "";
}

unsigned short_at(ByteView bytes, std::size_t offset) { return at(bytes, offset) | at(bytes, offset + 1) << 8; }

// PKWARE APPNOTE 4.3.7: the local headers of folders have no content, and a name that ends in '/'. Where the header of
// the first content is; 0 where only folders are in sight.
std::size_t first_zip_content(ByteView bytes) {
    std::size_t header = 0;
    while (has(bytes, header, "PK\3\4")) {
        const unsigned name = short_at(bytes, header + 26),
                       size = short_at(bytes, header + 18) | short_at(bytes, header + 20);
        if (size != 0 || name == 0 || !has(bytes, header + 30 + name - 1, "/")) return header;
        header += 30 + name + short_at(bytes, header + 28);
    }
    return 0;
}

// PKWARE APPNOTE 4.3.7: bit 0 of the flags at 6 says that the member is encrypted. OpenDocument and EPUB store their
// type as the first member, which is named mimetype.
std::string_view type_of_zip(ByteView bytes) {
    if (at(bytes, first_zip_content(bytes) + 6) & 1) return "application/x-zip-encrypted";
    const std::string_view first = piece(bytes, 30, 100);
    if (first.starts_with("mimetypeapplication/epub+zip")) return "application/epub+zip";
    if (first.starts_with("mimetypeapplication/vnd.oasis.opendocument.")) return "application/vnd.oasis.opendocument";
    return "application/zip";
}

// RAR 5.0 format, "Variable length integer": seven bits a byte, the lowest first, and a bit that says whether one more
// follows. Moves `offset` behind it; 0 where the bytes end.
std::uint64_t rar5_number(ByteView bytes, std::size_t& offset) {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 63 && offset < bytes.size(); shift += 7) {
        const unsigned byte = at(bytes, offset++);
        number |= std::uint64_t{byte & 0x7F} << shift;
        if (!(byte & 0x80)) break;
    }
    return number;
}

// "File encryption record": type 1 among the records of a header's extra area.
bool has_rar5_encryption(ByteView extra) {
    for (std::size_t offset = 0; offset < extra.size();) {
        const std::uint64_t size = rar5_number(extra, offset);
        std::size_t type = offset;
        if (size > 0 && type < extra.size() && rar5_number(extra, type) == 1) return true;
        if (size > extra.size() - offset) return false;
        offset += size;
    }
    return false;
}

// "General archive block format": the headers up to that of the first content. Type 4 is the header behind which all
// are encrypted; of a file's (2) the lowest bit of its own flags says that it is a folder, which has no content.
bool is_rar5_encrypted(ByteView bytes) {
    for (std::size_t offset = 8; offset + 4 < bytes.size();) {
        offset += 4;  // CRC-32
        const std::uint64_t size = rar5_number(bytes, offset);
        if (size == 0 || size > bytes.size() - offset) return size > 0 && at(bytes, offset) == 4;
        const ByteView header = bytes.subspan(offset, size);
        std::size_t inside = 0;
        const std::uint64_t type = rar5_number(header, inside), flags = rar5_number(header, inside);
        const std::uint64_t extra = flags & 1 ? rar5_number(header, inside) : 0;
        const std::uint64_t data = flags & 2 ? rar5_number(header, inside) : 0;
        if (type == 4) return true;
        if (type == 2 && extra <= header.size() && has_rar5_encryption(header.last(extra))) return true;
        const bool is_folder = type == 2 && rar5_number(header, inside) & 1;
        offset += size;
        if ((type == 2 && !is_folder) || data > bytes.size() - offset) return false;
        offset += data;
    }
    return false;
}
std::string_view type_of_rar5(ByteView bytes) {
    return is_rar5_encrypted(bytes) ? "application/x-rar-encrypted" : "application/vnd.rar";
}
// RAR 4: the main header's flag 0x0080 says that headers are encrypted; the flag 0x0004 of the file header (0x74)
// behind it that the first content is.
std::string_view type_of_rar4(ByteView bytes) {
    const std::size_t file = 7 + std::size_t{short_at(bytes, 12)};
    const bool are_headers = at(bytes, 9) == 0x73 && (at(bytes, 10) & 0x80);
    const bool is_content = at(bytes, 9) == 0x73 && at(bytes, file + 2) == 0x74 && (at(bytes, file + 3) & 0x04);
    return are_headers || is_content ? "application/x-rar-encrypted" : "application/vnd.rar";
}

// The DocType of an EBML header stands within its first bytes.
std::string_view type_of_ebml(ByteView bytes) {
    const std::string_view head = piece(bytes, 0, 64);
    return head.find("webm") != std::string_view::npos ? "video/webm" : "video/x-matroska";
}

// "BM" alone is too little: the sizes of the headers that exist.
std::string_view type_of_bmp(ByteView bytes) {
    const unsigned header = at(bytes, 14);
    const bool is_header =
        header == 12 || header == 40 || header == 52 || header == 56 || header == 64 || header == 108 || header == 124;
    return is_header && has(bytes, 6, "\0\0\0\0"sv) && has(bytes, 15, "\0\0\0"sv) ? "image/bmp" : "";
}

// A directory of at least one icon, whose byte 9 is reserved.
std::string_view type_of_icon(ByteView bytes) {
    return at(bytes, 4) != 0 && at(bytes, 5) == 0 && bytes.size() >= 22 && at(bytes, 9) == 0 ? "image/x-icon" : "";
}

std::string_view type_of_tiff(ByteView bytes) { return has(bytes, 8, "CR\x02") ? "image/x-canon-cr2" : "image/tiff"; }

// ISO/IEC 13818-1: each packet of 188 bytes begins with the sync byte.
std::string_view type_of_transport_stream(ByteView bytes) {
    for (std::size_t packet = 1; packet <= 3; ++packet)
        if (at(bytes, packet * 188) != 0x47) return "";
    return "video/mp2t";
}

std::string_view type_of_program(ByteView bytes) {
    return bytes.size() >= 64 ? "application/vnd.microsoft.portable-executable" : "";
}

std::string_view type_of_aes_crypt(ByteView bytes) {
    return at(bytes, 3) <= 2 && at(bytes, 4) == 0 ? "application/x-aescrypt" : "";
}

// ---- The table ----

struct Signature {
    std::string_view type;
    std::size_t offset;
    std::string_view bytes;
    std::string_view (*look)(ByteView) = nullptr;
};

constexpr Signature signatures[] = {
    // pictures
    {"image/jpeg", 0, "\xFF\xD8\xFF"},
    {"image/png", 0, "\x89PNG\r\n\x1A\n"},
    {"image/gif", 0, "GIF87a"},
    {"image/gif", 0, "GIF89a"},
    {"image/bmp", 0, "BM", type_of_bmp},
    {"image/tiff", 0, "II*\0"sv, type_of_tiff},
    {"image/tiff", 0, "MM\0*"sv, type_of_tiff},
    {"image/x-icon", 0, "\0\0\1\0"sv, type_of_icon},
    {"image/vnd.adobe.photoshop", 0, "8BPS\0"sv},
    {"image/jp2", 0, "\0\0\0\x0CjP  \r\n\x87\n"sv},
    {"image/jxl", 0, "\0\0\0\x0CJXL \r\n\x87\n"sv},
    {"image/jxl", 0, "\xFF\x0A"},
    {"image/x-fuji-raf", 0, "FUJIFILMCCD-RAW"},
    {"image/x-olympus-orf", 0, "IIRO"},
    {"image/x-olympus-orf", 0, "IIRS"},
    {"image/x-panasonic-rw2", 0, "IIU\0"sv},
    {"image/x-xcf", 0, "gimp xcf"},
    // video, and sound that shares its containers
    {"video/mp4", 4, "ftyp", type_of_brand},
    {"video/quicktime", 4, "moov"},
    {"video/quicktime", 4, "mdat"},
    {"video/quicktime", 4, "wide"},
    {"", 0, "RIFF", type_of_riff},
    {"video/x-matroska", 0, "\x1A\x45\xDF\xA3", type_of_ebml},
    {"video/x-ms-asf", 0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11"},
    {"video/x-flv", 0, "FLV\1"},
    {"video/mpeg", 0, "\0\0\1\xBA"sv},
    {"video/mpeg", 0, "\0\0\1\xB3"sv},
    {"video/mp2t", 0, "G", type_of_transport_stream},
    {"application/vnd.rn-realmedia", 0, ".RMF"},
    {"application/ogg", 0, "OggS"},
    {"audio/mpeg", 0, "ID3"},
    {"audio/flac", 0, "fLaC"},
    // archives
    {"application/zip", 0, "PK\3\4", type_of_zip},
    {"application/zip", 0, "PK\5\6"},
    {"application/zip", 0, "PK\7\x08"},
    {"application/vnd.rar", 0, "Rar!\x1A\7\1\0"sv, type_of_rar5},
    {"application/vnd.rar", 0, "Rar!\x1A\7\0"sv, type_of_rar4},
    {"application/x-7z-compressed", 0, "7z\xBC\xAF\x27\x1C"},
    {"application/gzip", 0, "\x1F\x8B\x08"},
    {"application/x-bzip2", 0, "BZh"},
    {"application/x-xz", 0, "\xFD\x37zXZ\0"sv},
    {"application/zstd", 0, "\x28\xB5\x2F\xFD"},
    {"application/x-lz4", 0, "\x04\x22\x4D\x18"},
    {"application/x-lzip", 0, "LZIP"},
    {"application/x-compress", 0, "\x1F\x9D"},
    {"application/x-lha", 2, "-lh"},
    {"application/x-tar", 257, "ustar"},
    {"application/x-cpio", 0, "07070"},
    {"application/x-archive", 0, "!<arch>\n"},
    {"application/x-ace-compressed", 7, "**ACE**"},
    {"application/x-stuffit", 0, "StuffIt "},
    {"application/x-stuffit", 0, "SIT!"},
    {"application/vnd.ms-cab-compressed", 0, "MSCF\0\0\0\0"sv},
    // documents and stores
    {"application/pdf", 0, "%PDF-"},
    {"application/postscript", 0, "%!PS"},
    {"application/rtf", 0, "{\\rtf"},
    {"application/x-ole-storage", 0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"},
    {"image/vnd.djvu", 0, "AT&TFORM"},
    {"application/x-mobipocket-ebook", 60, "BOOKMOBI"},
    {"application/vnd.ms-htmlhelp", 0, "ITSF"},
    {"application/onenote", 0, "\xE4\x52\x5C\x7B\x8C\xD8\xA7\x4D\xAE\xB1\x53\x78\xD0\x29\x96\xD3"},
    {"application/vnd.ms-outlook-pst", 0, "!BDN"},
    {"application/vnd.sqlite3", 0, "SQLite format 3\0"sv},
    // programs
    {"application/vnd.microsoft.portable-executable", 0, "MZ", type_of_program},
    {"application/x-elf", 0,
     "\x7F"
     "ELF"},
    // disk images
    {"application/x-ewf", 0, "EVF\x09\x0D\x0A\xFF\0"sv},
    {"application/x-ewf", 0, "LVF\x09\x0D\x0A\xFF\0"sv},
    {"application/x-ewf", 0, "EVF2\x0D\x0A\x81\0"sv},
    {"application/x-ewf", 0, "LEF2\x0D\x0A\x81\0"sv},
    {"application/x-aff", 0, "AFF10\r\n\0"sv},
    {"application/x-vmdk", 0, "KDMV"},
    {"application/x-vmdk", 0, "COWD"},
    {"application/x-vmdk", 0, "# Disk DescriptorFile"},
    {"application/x-qemu-disk", 0, "QFI\xFB"},
    {"application/x-vhd", 0, "conectix"},
    {"application/x-vhdx", 0, "vhdxfile"},
    {"application/x-vdi", 64, "\x7F\x10\xDA\xBE"},
    {"application/x-parallels-disk", 0, "WithoutFreeSpace"},
    {"application/x-parallels-disk", 0, "WithouFreSpacExt"},
    {"application/x-ms-wim", 0, "MSWIM\0\0\0"sv},
    {"application/vnd.squashfs", 0, "hsqs"},
    {"application/x-apple-sparseimage", 0, "sprs"},
    {"application/x-raw-disk-image", 512, "EFI PART"},
    {"application/x-iso9660-image", 32769, "CD001"},
    // stored encrypted
    {"application/x-luks", 0, "LUKS\xBA\xBE"},
    {"application/x-bitlocker", 3, "-FVE-FS-"},
    {"application/x-apple-encrypted-image", 0, "encrcdsa"},
    {"application/x-keepass", 0, "\x03\xD9\xA2\x9A"},
    {"application/x-openssl-salted", 0, "Salted__"},
    {"application/x-aescrypt", 0, "AES", type_of_aes_crypt},
    {"application/x-age", 0, "age-encryption.org/"},
    {"application/x-axcrypt", 0, "\xC0\xB9\x07\x2E\x4F\x93\xF1\x46\xA0\x15\x79\x2C\xA1\xD9\xE8\x21"},
    {"application/pgp-encrypted", 0, "-----BEGIN PGP MESSAGE-----"},
};

// The rows by the byte that decides most: a content is compared with two or three of them.
struct Index {
    std::array<std::vector<const Signature*>, 256> by_first_byte;
    std::vector<const Signature*> further_in;
    Index() {
        for (const Signature& row : signatures)
            (row.offset == 0 ? by_first_byte[static_cast<unsigned char>(row.bytes[0])] : further_in).push_back(&row);
    }
};

// What an extension promises: any of the types; none at all: text, which no signature fits.
struct Promise {
    std::string_view extensions;  // separated by blanks
    std::string_view types;
};
constexpr std::string_view zipped = "application/zip application/x-zip-encrypted";
constexpr std::string_view iso_media = "video/mp4 video/quicktime video/3gpp video/3gpp2 audio/mp4";
constexpr Promise promises[] = {
    {"jpg jpeg jpe jfif", "image/jpeg"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"bmp dib", "image/bmp"},
    {"tif tiff", "image/tiff"},
    {"webp", "image/webp"},
    {"heic heif", "image/heic image/heif"},
    {"avif", "image/avif"},
    {"ico", "image/x-icon image/png"},
    {"psd", "image/vnd.adobe.photoshop"},
    {"jp2", "image/jp2"},
    {"cr2", "image/x-canon-cr2"},
    {"nef dng arw", "image/tiff"},
    {"mp4 m4v mov qt 3gp 3g2 m4a m4b", iso_media},
    {"avi", "video/x-msvideo"},
    {"mkv webm mka", "video/x-matroska video/webm"},
    {"wmv asf wma", "video/x-ms-asf"},
    {"flv", "video/x-flv"},
    {"mpg mpeg vob", "video/mpeg video/mp2t"},
    {"ogg ogv oga opus", "application/ogg"},
    {"wav", "audio/x-wav"},
    {"flac", "audio/flac audio/mpeg"},
    {"zip jar apk docx xlsx pptx", zipped},
    {"odt ods odp odg", "application/vnd.oasis.opendocument"},
    {"epub", "application/epub+zip"},
    {"rar", "application/vnd.rar application/x-rar-encrypted"},
    {"7z", "application/x-7z-compressed"},
    {"gz tgz", "application/gzip"},
    {"bz2", "application/x-bzip2"},
    {"xz", "application/x-xz"},
    {"zst", "application/zstd"},
    {"cab", "application/vnd.ms-cab-compressed"},
    {"pdf", "application/pdf"},
    {"doc xls ppt msi msg", "application/x-ole-storage application/rtf application/zip"},
    {"rtf", "application/rtf"},
    {"exe dll sys ocx scr", "application/vnd.microsoft.portable-executable"},
    {"vmdk", "application/x-vmdk"},
    {"qcow2", "application/x-qemu-disk"},
    {"vhdx", "application/x-vhdx"},
    {"vdi", "application/x-vdi"},
    {"e01", "application/x-ewf"},
    {"txt log ini csv xml htm html css js json md", ""},
};

constexpr std::size_t longest_extension = 8;

std::string_view next_word(std::string_view& words) {
    const std::size_t end = std::min(words.find(' '), words.size());
    const std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    return word;
}

bool has_word(std::string_view words, std::string_view wanted) {
    while (!words.empty())
        if (next_word(words) == wanted) return true;
    return false;
}

// Sorted, so that a look-up costs a few comparisons.
const std::vector<std::pair<std::string_view, std::string_view>>& promised_types() {
    static const auto table = [] {
        std::vector<std::pair<std::string_view, std::string_view>> rows;
        for (const Promise& promise : promises)
            for (std::string_view words = promise.extensions; !words.empty();)
                rows.emplace_back(next_word(words), promise.types);
        std::sort(rows.begin(), rows.end());
        return rows;
    }();
    return table;
}

std::string_view type_by(const Signature& row, ByteView bytes) {
    if (!has(bytes, row.offset, row.bytes)) return {};
    return row.look ? row.look(bytes) : row.type;
}

}  // namespace

std::string_view type_of(ByteView first_bytes) {
    static const Index index;
    if (first_bytes.empty()) return {};
    for (const Signature* row : index.by_first_byte[static_cast<unsigned char>(first_bytes[0])])
        if (const std::string_view type = type_by(*row, first_bytes); !type.empty()) return type;
    for (const Signature* row : index.further_in)
        if (const std::string_view type = type_by(*row, first_bytes); !type.empty()) return type;
    return {};
}

const std::vector<std::string_view>& content_types() {
    static const auto types = [] {
        // What the second looks say beyond the rows.
        std::vector<std::string_view> all{"image/heic",
                                          "image/heif",
                                          "image/avif",
                                          "image/x-canon-cr2",
                                          "image/x-canon-cr3",
                                          "image/webp",
                                          "video/3gpp",
                                          "video/3gpp2",
                                          "video/webm",
                                          "video/x-msvideo",
                                          "audio/mp4",
                                          "audio/x-wav",
                                          "application/x-zip-encrypted",
                                          "application/x-rar-encrypted",
                                          "application/epub+zip",
                                          "application/vnd.oasis.opendocument"};
        for (const Signature& row : signatures)
            if (!row.type.empty()) all.push_back(row.type);
        std::sort(all.begin(), all.end());
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }();
    return types;
}

bool is_in_table(std::string_view word) {
    const bool is_group = word.ends_with("/*");
    const std::string_view start = word.substr(0, word.size() - is_group);
    const auto fits = [&](std::string_view one) { return is_group ? one.starts_with(start) : one == word; };
    const std::vector<std::string_view>& all = content_types();
    return word == "unknown" || std::any_of(all.begin(), all.end(), fits);
}

bool is_told_alike(std::string_view type) {
    constexpr std::string_view alike[] = {"image/jpeg", "image/png", "image/gif", "application/pdf"};
    return std::find(std::begin(alike), std::end(alike), type) != std::end(alike);
}

bool is_mime_type(std::string_view text) {
    constexpr std::size_t longest_part = 127;
    const auto is_alphanumeric = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    const auto is_part = [&](std::string_view part) {
        return !part.empty() && part.size() <= longest_part && is_alphanumeric(part[0]) &&
               std::all_of(part.begin(), part.end(), [&](char c) {
                   return is_alphanumeric(c) || "!#$&-^_.+"sv.find(c) != std::string_view::npos;
               });
    };
    const std::size_t slash = text.find('/');
    return slash != std::string_view::npos && is_part(text.substr(0, slash)) && is_part(text.substr(slash + 1));
}

std::string extension_of(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    if (dot == std::string_view::npos || path.size() - dot - 1 > longest_extension) return {};
    std::string extension(path.substr(dot + 1));
    if (extension.find('/') != std::string::npos) return {};
    for (char& c : extension)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    return extension;
}

bool is_other_than_promised(std::string_view extension, std::string_view type) {
    const auto& table = promised_types();
    const auto row = std::lower_bound(table.begin(), table.end(), std::pair(extension, std::string_view()));
    if (row == table.end() || row->first != extension) return false;
    return row->second.empty() ? !type.empty() : !has_word(row->second, type);
}

}  // namespace triage
