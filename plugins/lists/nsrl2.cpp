// SPDX-License-Identifier: Apache-2.0
// NSRL Reference Data Set, version 2 (NIST, "Data Formats of the NSRL Reference Data Set (RDS) Distribution"): CSV with
// one row for each content, name and product. The header names the columns; version 1 has them in another order, MD4
// among them. Products are in NSRLProd.txt beside the list; a code may have several rows there, one for each operating
// system or language. SpecialCode ("M" for malicious files) is kept as the category.
#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/known/csv.h"
#include "engine/known/list_values.h"

namespace triage {
namespace {

constexpr std::string_view products_name = "NSRLProd.txt";
constexpr std::size_t most_products_text = 256 << 20;  // bytes of memory
constexpr std::size_t longest_label = 1024;            // of a product with many names

enum Column : std::size_t { sha1, md5, file_name, file_size, product_code, special_code };

Result<csv::Places> find_file_columns(const std::vector<std::string_view>& header) {
    auto places = csv::find_columns(header, {"sha1", "md5", "filename", "filesize", "productcode", "specialcode"});
    if (!places) return places;
    for (const Column column : {sha1, file_name, product_code})
        if (!(*places)[column]) return Failure{"no header of NSRLFile.txt"};
    return places;
}

// Names of columns are shorter than digests: spares millions of rows a closer look.
bool may_be_header(const std::vector<std::string_view>& fields) {
    return std::all_of(fields.begin(), fields.end(), [](std::string_view field) { return field.size() < 32; });
}

// Product names by code. A code without a product has an empty name.
class Products {
  public:
    // `sink` hears of rows that cannot be read; they are no rows of the list, so their position is 0.
    void read(std::istream& list, const ImportSink& sink) {
        csv::Reader reader(list, ',');
        csv::Places places;
        while (reader.next()) {
            if (reader.fault().empty() && reader.is_blank()) continue;
            const std::string_view why = !reader.fault().empty() ? reader.fault()
                                         : places.empty()        ? find(reader, places)
                                                                 : add(reader, places);
            if (text_ > most_products_text)
                return sink.warn("more products than memory is set aside for: records are kept without the others");
            if (why.empty()) continue;
            sink.reject({0, fmt::format("{}, line {}: {}", products_name, reader.line(), why)});
            if (places.empty()) return;
        }
    }
    std::string_view name_of(const std::string& code) const {
        const auto found = names_.find(code);
        return found == names_.end() ? std::string_view{} : found->second;
    }

  private:
    std::string_view find(const csv::Reader& reader, csv::Places& places) {
        auto found = csv::find_columns(reader.fields(), {"productcode", "productname", "productversion"});
        if (!found || !(*found)[0] || !(*found)[1]) return "no header; reading of products ended here";
        places = std::move(*found);
        columns_ = reader.fields().size();
        return {};
    }

    std::string_view add(const csv::Reader& reader, const csv::Places& places) {
        const auto& fields = reader.fields();
        if (fields.size() != columns_) return "not as many fields as the header has";
        const std::string_view code = trimmed(fields[*places[0]]);
        if (code.empty()) return "no product code";
        std::string name(trimmed(fields[*places[1]]));
        const std::string_view version = places[2] ? trimmed(fields[*places[2]]) : std::string_view{};
        if (!version.empty()) name.append(name.empty() ? "" : " ").append(version);
        text_ += code.size() + name.size() + 128;  // the map's own needs among them
        if (text_ > most_products_text) return {};
        std::string& known = names_[std::string(code)];
        if (name.empty() || is_listed(known, name) || known.size() + name.size() > longest_label) return {};
        known.append(known.empty() ? "" : "; ").append(name);
        return {};
    }

    static bool is_listed(std::string_view names, std::string_view name) {
        while (!names.empty()) {
            const std::size_t end = std::min(names.find("; "), names.size());
            if (names.substr(0, end) == name) return true;
            names.remove_prefix(std::min(end + 2, names.size()));
        }
        return false;
    }

    std::unordered_map<std::string, std::string> names_;
    std::size_t columns_ = 0, text_ = 0;
};

Result<KnownRecord> parse_record(const std::vector<std::string_view>& fields, const csv::Places& places,
                                 const Products& products) {
    KnownRecord record;
    const auto field = [&](Column column) { return places[column] ? fields[*places[column]] : std::string_view{}; };
    auto why = csv::put_digest(field(sha1), Algorithm::sha1, record);
    if (why.empty()) why = csv::put_digest(field(md5), Algorithm::md5, record);
    if (why.empty()) why = csv::put_size(field(file_size), record);
    if (why.empty() && record.digests.algorithms().empty()) why = "no digest";
    if (!why.empty()) return Failure{std::move(why)};
    record.label = field(file_name);
    const std::string_view product = products.name_of(std::string(trimmed(field(product_code))));
    if (!product.empty()) record.label.append(record.label.empty() ? "" : ", ").append(product);
    const std::string_view special = trimmed(field(special_code));
    if (!special.empty()) record.category = {"NSRL", std::string(special)};
    return record;
}

class Nsrl2 : public ListFormat {
  public:
    std::string_view name() const override { return "nsrl2"; }
    std::string_view describes() const override { return "NSRL RDS version 2 (NSRLFile.txt, with NSRLProd.txt)"; }
    bool recognises(ListSource& source) const override {
        const auto first = csv::first_record(source.head(), ',');
        if (!first) return false;
        return static_cast<bool>(find_file_columns({first->begin(), first->end()}));
    }

    void read(ListSource& source, const ListOptions&, const ImportSink& sink) const override {
        Products products;
        if (const auto list = source.sibling(products_name)) products.read(*list, sink);
        csv::Places places;
        std::size_t columns = 0;
        csv::Reader reader(source.stream(), ',');
        csv::each_record(reader, sink, [&](std::uint64_t line, const std::vector<std::string_view>& fields) {
            if (may_be_header(fields)) {  // anywhere: parts of the set may have been joined
                if (auto header = find_file_columns(fields)) {
                    places = std::move(*header);
                    columns = fields.size();
                    return;
                }
            }
            if (places.empty()) return sink.reject({line, "no header names the columns before it"});
            if (fields.size() != columns) return sink.reject({line, "not as many fields as the header has"});
            auto record = parse_record(fields, places, products);
            if (!record) return sink.reject({line, record.why()});
            record->position = line;
            sink.record(std::move(*record));
        });
    }
};

}  // namespace

const ListFormat& nsrl2_list() {
    static const Nsrl2 format;
    return format;
}

}  // namespace triage
