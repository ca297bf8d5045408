// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/embedded.h"
#include "config/keys.h"
#include "config/rule_checks.h"
#include "config/rule_file.h"
#include "config/suggest.h"
#include "config/yaml.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/hash/hasher.h"
#include "engine/outside/plugin_file.h"
#include "engine/rules/rule_book.h"

namespace triage {
namespace {

enum class Layer : std::uint8_t { profile, file, flag, resolved };

// An item of the key `rules`: a name or path to be resolved, or a rule written out.
struct RuleSource {
    std::string name;    // empty: `rule` holds it
    std::string folder;  // with its slash, to which a path is relative; empty is the current one
    Rule rule;
    Place place;
};

// What the layers add up to.
struct Settings {
    ScanOptions options;
    std::string profile = "default";
    std::vector<RuleSource> rules;
    std::map<std::string, Place, std::less<>> places;  // of each key that a layer set
};

std::optional<std::string_view> embedded(const std::string& path) {
    for (const EmbeddedFile& file : embedded_files())
        if (file.path == path) return file.text;
    return std::nullopt;
}

// "rules" → the names of rules/*.yaml.
std::vector<std::string> embedded_names(std::string_view folder) {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_files()) {
        if (!file.path.starts_with(folder) || !file.path.ends_with(".yaml")) continue;
        names.emplace_back(file.path.substr(folder.size() + 1, file.path.size() - folder.size() - 6));
    }
    return names;
}

// ---- One layer ----

// Applies the tree of one layer to the settings.
class LayerReader {
  public:
    LayerReader(Layer layer, std::string folder, const ConfigSources& sources, Settings& settings)
        : layer_(layer), folder_(std::move(folder)), sources_(sources), settings_(settings) {}

    void read(const YamlNode& root) {
        if (root.kind == YamlNode::Kind::nothing) return;  // comments only
        if (root.kind != YamlNode::Kind::map)
            fail_at(root.place, fmt::format("a configuration is a map of keys; found {}", to_string(root.kind)));
        read_map(root, "");
    }

  private:
    // Keys may be nested or written with dots; both mean the same.
    void read_map(const YamlNode& map, const std::string& prefix) {
        for (std::size_t i = 0; i < map.keys.size(); ++i) {
            const std::string name = prefix + map.keys[i].text;
            const YamlNode& value = map.items[i];
            if (const Key* key = find_key(name)) read_key(*key, map.keys[i], value);
            else if (is_group(name)) read_group(name, value);
            else
                fail_at(map.keys[i].place,
                        fmt::format("unknown key {}; {}", quoted(name), suggestion(name, key_names())),
                        "`triage config show` lists the keys");
        }
    }

    static bool is_group(const std::string& name) {
        const auto& table = key_table();
        return std::any_of(table.begin(), table.end(),
                           [&](const Key& key) { return key.name.starts_with(name + "."); });
    }

    void read_group(const std::string& name, const YamlNode& value) {
        if (value.kind == YamlNode::Kind::nothing) return;
        if (value.kind != YamlNode::Kind::map)
            fail_at(value.place, fmt::format("{} is a map of keys; found {}", name, to_string(value.kind)));
        read_map(value, name + ".");
    }

    void read_key(const Key& key, const YamlNode& at, const YamlNode& value) {
        if (!seen_.insert(key.name).second) fail_at(at.place, fmt::format("{} is given twice", key.name));
        settings_.places[std::string(key.name)] = value.place;
        if (key.name == "profile") return read_profile(at, value);
        if (key.name == "rules") return read_rules(value);
        assign(key, value, settings_.options);
        if (key.name == "reports.plugin.paths") check_plugin_paths(value);
        if (key.name == "reports.exec.command") check_command(value);
        if (key.name == "reports" && layer_ != Layer::profile) check_reports(value);
    }

    // Which profile a file starts from was found before its layer; here its place is checked.
    void read_profile(const YamlNode& at, const YamlNode& value) {
        if (layer_ == Layer::profile || layer_ == Layer::flag)
            fail_at(at.place, "profile stands only in a configuration file", "choose a profile with --profile");
        if (value.kind != YamlNode::Kind::scalar || value.text.empty())
            fail_at(value.place, fmt::format("profile is a name; found {}", to_string(value.kind)));
        settings_.profile = value.text;
    }

    void read_rules(const YamlNode& value) {
        if (value.kind != YamlNode::Kind::list)
            fail_at(value.place,
                    fmt::format("rules is {}; found {}", type_of(*find_key("rules")), to_string(value.kind)));
        settings_.rules.clear();
        for (const YamlNode& item : value.items) settings_.rules.push_back(rule_source(item));
    }

    RuleSource rule_source(const YamlNode& item) const {
        if (item.kind == YamlNode::Kind::map) return {{}, {}, parse_rule(item), item.place};
        if (item.kind != YamlNode::Kind::scalar || item.text.empty())
            fail_at(item.place,
                    fmt::format("an item of rules is a name, a path or a rule; found {}", to_string(item.kind)));
        if (layer_ == Layer::resolved) fail_at(item.place, "a resolved configuration holds its rules, not their names");
        return {item.text, folder_, {}, item.place};
    }

    void check_reports(const YamlNode& list) const {
        const auto& known = sources_.available_reports;
        if (known.empty()) return;
        for (const YamlNode& item : list.items)
            if (std::find(known.begin(), known.end(), item.text) == known.end())
                fail_at(item.place,
                        fmt::format("unknown report {}; {}", quoted(item.text), suggestion(item.text, known)),
                        "`triage plugins` lists the reports of this build");
    }

    static void check_command(const YamlNode& list) {
        if (!list.items.empty() && !list.items.front().text.starts_with('/'))
            fail_at(list.items.front().place,
                    fmt::format("a program is given by its absolute path; found {}", quoted(list.items.front().text)));
    }

    static void check_plugin_paths(const YamlNode& list) {
        std::set<std::string> names;
        for (const YamlNode& item : list.items) {
            const std::string name = report_of_plugin(item.text);
            if (name.empty())
                fail_at(item.place,
                        fmt::format("a plug-in is given by the absolute path of a shared object, "
                                    "/FOLDER/NAME.so; found {}",
                                    quoted(item.text)),
                        "NAME may have letters, digits, '.', '_' and '-'");
            if (!names.insert(name).second)
                fail_at(item.place, fmt::format("two plug-ins would write the report {}", name), "rename one");
        }
    }

    const Layer layer_;
    const std::string folder_;
    const ConfigSources& sources_;
    Settings& settings_;
    std::set<std::string_view> seen_;
};

// ---- Rules ----

std::vector<std::pair<Rule, Place>> rules_of(const RuleSource& source) {
    if (source.name.empty()) return {{source.rule, source.place}};
    if (const auto text = embedded("rules/" + source.name + ".yaml"))
        return parse_rule_file(parse_yaml(*text, "built-in rules " + source.name));
    const bool is_path = source.name.find_first_of("/.") != std::string::npos;
    if (!is_path)
        fail_at(source.place,
                fmt::format("unknown rules {}; {}", quoted(source.name), suggestion(source.name, built_in_rules())),
                "a rule file is given by its path");
    const bool is_relative = !source.name.starts_with('/') && !source.folder.empty();
    const std::string path = is_relative ? source.folder + source.name : source.name;
    const auto text = read_yaml_file(path);
    if (!text) fail_at(source.place, fmt::format("the rule file {} cannot be read: {}", quoted(path), text.why()));
    return parse_rule_file(parse_yaml(*text, path));
}

// A scan compiles them when its case exists already: too late to refuse them.
void check_patterns(const Rules& rules, const Place& place) {
    try {
        const RuleBook book(rules, {}, {});
    } catch (const Error& error) {
        fail_at(place, error.what(), error.advice());
    }
}

Rules resolve_rules(const std::vector<RuleSource>& sources, const ScanOptions& options, const Place& place) {
    std::vector<std::pair<Rule, Place>> resolved;
    std::map<std::string, Place> places;
    for (const RuleSource& source : sources)
        for (auto& [rule, its_place] : rules_of(source)) {
            const auto [earlier, is_new] = places.emplace(rule.name, its_place);
            if (!is_new)
                fail_at(its_place,
                        fmt::format("a rule named {} stands already in {}", rule.name, to_string(earlier->second)),
                        "give each rule a name of its own");
            resolved.emplace_back(std::move(rule), its_place);
        }
    check_rules(resolved, options);
    Rules rules;
    for (auto& [rule, its_place] : resolved) rules.push_back(std::move(rule));
    check_patterns(rules, place);
    return rules;
}

// ---- The whole ----

// A laboratory's scan is the one that leaves nothing out.
void check_leaves_nothing_out(const Settings& settings) {
    if (settings.profile != "lab-full") return;
    const auto refuse = [&](const char* key, const char* what) {
        const auto place = settings.places.find(key);
        fail_at(place == settings.places.end() ? Place{} : place->second, fmt::format("the profile lab-full {}", what),
                fmt::format("take another profile, or leave {} out", key));
    };
    if (settings.options.size_gate) refuse("entries.size_gate", "has no size gate");
    if (!settings.options.walk.deleted) refuse("entries.deleted", "examines deleted entries");
    if (!settings.options.walk.orphans) refuse("entries.orphans", "examines orphans");
}

void check_together(const Settings& settings) {
    check_leaves_nothing_out(settings);
    const ScanOptions& o = settings.options;
    if (o.worker_memory_mib <= o.worker_memory_max_mib) return;
    const auto place = [&] {
        for (const char* key : {"worker.memory_max_mib", "worker.memory_mib"})
            if (const auto found = settings.places.find(key); found != settings.places.end()) return found->second;
        return Place{};
    }();
    fail_at(place,
            fmt::format("worker.memory_max_mib ({}) is less than worker.memory_mib ({})", o.worker_memory_max_mib,
                        o.worker_memory_mib),
            "raise the one or lower the other");
}

// Reports that come from the defaults are those that the build has; those that a user named were checked.
void keep_available(std::vector<std::string>& reports, const std::vector<std::string>& available) {
    if (available.empty()) return;
    std::erase_if(reports, [&](const std::string& name) {
        return std::find(available.begin(), available.end(), name) == available.end();
    });
}

std::string value_in(const Configuration& configuration, const Key& key) {
    if (key.name == "profile") return to_yaml(configuration.profile);
    return value_of(key, configuration.options);
}

std::string rules_to_yaml(const Rules& rules) {
    if (rules.empty()) return "rules: []\n";
    std::string text = "rules:\n";
    for (const Rule& rule : rules) text += rule_to_yaml(rule);
    return text;
}

std::string comment_of(const Key& key, std::string_view indent) {
    return fmt::format("{0}# {1} {2}\n{0}# {3}; default {4}.\n", indent, key.meaning, key.consequence, type_of(key),
                       value_of(key, ScanOptions{}));
}

// The map that a key stands in: nothing where that name is a key itself, as `reports` is.
std::string_view map_of(const Key& key) {
    const std::string_view folder = key.name.substr(0, std::min(key.name.find('.'), key.name.size()));
    return find_key(folder) ? "" : folder;
}

// Every key in the order of the table, nested; with what it means when `is_commented`.
std::string written(const Configuration& configuration, bool is_commented) {
    std::string text, group;
    for (const Key& key : key_table()) {
        const std::string_view folder = map_of(key);
        const bool is_nested = !folder.empty();
        if (is_nested && folder != group) text += fmt::format("{}:\n", folder);
        group = folder;
        const std::string_view indent = is_nested ? "  " : "";
        if (is_commented) text += comment_of(key, indent);
        if (key.name == "rules") text += rules_to_yaml(configuration.rules);
        else
            text += fmt::format("{}{}: {}\n", indent, is_nested ? key.name.substr(folder.size() + 1) : key.name,
                                value_in(configuration, key));
    }
    return text;
}

// A case is resumed by its resolved configuration, which may be larger than the files that it comes from.
void check_resolved(const std::string& yaml, const Place& place) {
    try {
        parse_yaml(yaml, "config.yaml");
    } catch (const Error& error) {
        fail_at(place, fmt::format("the resolved configuration could not be read back: {}", error.what()),
                "use fewer or shorter rules");
    }
}

Configuration configuration_of(const Settings& settings) {
    check_together(settings);
    const auto found = settings.places.find("rules");
    const Place place = found == settings.places.end() ? Place{} : found->second;
    Rules rules = resolve_rules(settings.rules, settings.options, place);
    Configuration configuration{settings.options, std::move(rules), {}, {}, settings.profile};
    configuration.resolved_yaml = "# The resolved configuration of a triage scan: every key and the whole rules.\n" +
                                  written(configuration, false);
    check_resolved(configuration.resolved_yaml, place);
    configuration.sha256 = hash_of(as_bytes(configuration.resolved_yaml)).sha256->hex();
    return configuration;
}

std::string folder_of(const std::string& path) {
    const std::size_t slash = path.find_last_of('/');
    return slash == std::string::npos ? "" : path.substr(0, slash + 1);
}

// The profile that a file names, before any of its other keys is looked at.
const YamlNode* profile_named_in(const YamlNode& root) {
    for (std::size_t i = 0; i < root.keys.size(); ++i)
        if (root.keys[i].text == "profile") return &root.items[i];
    return nullptr;
}

void read_profile(const std::string& name, const Place& place, const ConfigSources& sources, Settings& settings) {
    const auto text = embedded("profiles/" + name + ".yaml");
    if (!text)
        fail_at(place, fmt::format("unknown profile {}; {}", quoted(name), suggestion(name, built_in_profiles())));
    settings.profile = name;
    LayerReader(Layer::profile, "", sources, settings).read(parse_yaml(*text, "profile " + name));
}

YamlNode parse_file(const std::string& path) {
    const auto text = read_yaml_file(path);
    if (!text) throw Error(path, "the configuration cannot be read: " + text.why());
    return parse_yaml(*text, path);
}

// A flag as the configuration file that says the same.
YamlNode flag_as_map(const std::string& key, const std::string& value) {
    YamlNode map;
    map.kind = YamlNode::Kind::map;
    map.items.push_back(parse_yaml(value, "option " + key));
    YamlNode name;
    name.text = key;
    name.place = map.items.front().place;
    map.keys.push_back(std::move(name));
    return map;
}

}  // namespace

Configuration load_configuration(const ConfigSources& sources) {
    const YamlNode file = sources.file ? parse_file(*sources.file) : YamlNode{};
    Settings settings;
    if (const YamlNode* named = profile_named_in(file)) read_profile(named->text, named->place, sources, settings);
    else read_profile(sources.profile, {"option --profile"}, sources, settings);
    if (sources.file) LayerReader(Layer::file, folder_of(*sources.file), sources, settings).read(file);
    for (const auto& [key, value] : sources.overrides)
        LayerReader(Layer::flag, "", sources, settings).read(flag_as_map(key, value));
    keep_available(settings.options.reports, sources.available_reports);
    return configuration_of(settings);
}

Configuration parse_resolved(const std::string& yaml) {
    const YamlNode root = parse_yaml(yaml, "config.yaml");
    Settings settings;
    const ConfigSources nothing_else;
    LayerReader(Layer::resolved, "", nothing_else, settings).read(root);
    for (const Key& key : key_table())
        if (!settings.places.contains(key.name))
            fail_at({"config.yaml"}, fmt::format("the key {} is missing", key.name),
                    "this is no resolved configuration, or one of another version of triage");
    return configuration_of(settings);
}

void check_against_lists(const ScanOptions& options, const KnownSets& sets) {
    for (const KnownSet& set : sets) {
        const std::uint64_t lost = set.records_without(options.algorithms);
        if (lost == 0) continue;
        const KnownSetIdentity& identity = set.identity();
        throw Error(
            identity.source_path,
            fmt::format("{} of its {} records have only digests that hash.algorithms {} leaves out", with_commas(lost),
                        with_commas(identity.records_accepted), value_of(*find_key("hash.algorithms"), options)),
            "add the list's algorithms to hash.algorithms, or leave the list out");
    }
}

std::vector<std::string> rules_left_open(const Configuration& configuration) {
    std::vector<std::string> names;
    if (!configuration.options.size_gate) return names;
    for (const Rule& rule : configuration.rules)
        if (rule.severity && needs_whole_content(rule.when)) names.push_back(rule.name);
    return names;
}

std::string show_keys(const Configuration& configuration) { return written(configuration, true); }

std::vector<std::string> built_in_profiles() { return embedded_names("profiles"); }
std::vector<std::string> built_in_rules() { return embedded_names("rules"); }

}  // namespace triage
