// SPDX-License-Identifier: Apache-2.0
// Measures known sets, and SQLite with the schema of Autopsy's .kdb beside them.
//   known_bench make N LIST              a list of N random MD5, as md5sum prints them
//   known_bench set SET.tks QUERIES THREADS BATCH [KEYFILE]   look-ups: hits and misses, so many at once
//   known_bench sqlite DB LIST           imports the list
//   known_bench sqlite-lookup DB SET.tks QUERIES
//   known_bench queries SET.tks QUERIES  prints digests that the set holds, for other programs
// Prints "what<tab>nanoseconds a look-up" lines.
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <random>
#include <thread>

#include "engine/known/load_set.h"

using namespace triage;

namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point t) { return std::chrono::duration<double>(Clock::now() - t).count(); }

Digest random_digest(std::mt19937_64& random) {
    Digest d;
    for (std::size_t i = 0; i < 16; i += 8) {
        const std::uint64_t word = random();
        for (std::size_t k = 0; k < 8; ++k) d.bytes[i + k] = static_cast<std::byte>(word >> (8 * k));
    }
    return d;
}

int make(std::uint64_t count, const char* path) {
    std::mt19937_64 random(20261124);
    std::FILE* out = std::fopen(path, "w");
    for (std::uint64_t i = 0; i < count; ++i)
        std::fputs((random_digest(random).hex() + fmt::format("  f{}\n", i % 1000)).c_str(), out);
    return std::fclose(out);
}

// As `make` made them: every one of them is in the set.
std::vector<Digests> hits(std::uint64_t records, std::size_t count) {
    std::mt19937_64 random(20261124);
    const std::uint64_t stride = std::max<std::uint64_t>(1, records / count);
    std::vector<Digests> all;
    for (std::uint64_t i = 0; i < records && all.size() < count; ++i) {
        const Digest d = random_digest(random);
        if (i % stride == 0) all.emplace_back().set(d);
    }
    std::shuffle(all.begin(), all.end(), std::mt19937(1));
    return all;
}

std::vector<Digests> misses(std::size_t count) {
    std::mt19937_64 random(77);
    std::vector<Digests> all(count);
    for (Digests& d : all) d.set(random_digest(random));
    return all;
}

// Nanoseconds a look-up, all threads at once on queries of their own.
double measure(const KnownSet& set, const std::vector<Digests>& asked, std::size_t batch, unsigned threads,
               std::size_t expected) {
    std::atomic<std::size_t> found{0};
    const auto begin = Clock::now();
    std::vector<std::thread> running;
    const std::size_t share = asked.size() / threads;
    for (unsigned t = 0; t < threads; ++t)
        running.emplace_back([&, t] {
            std::vector<KnownQuery> queries(batch);
            std::vector<std::vector<Match>> out(batch);
            std::size_t mine = 0;
            for (std::size_t i = t * share; i + batch <= (t + 1) * share; i += batch) {
                for (std::size_t k = 0; k < batch; ++k) queries[k] = {&asked[i + k], 1}, out[k].clear();
                set.lookup(queries, 0, out);
                for (const auto& matches : out) mine += matches.size();
            }
            found += mine;
        });
    for (std::thread& t : running) t.join();
    const double seconds = seconds_since(begin);
    const std::size_t made = share / batch * batch * threads;
    if ((expected == 0) != (found == 0) || (expected > 0 && found < made))
        fmt::print(stderr, "known_bench: {} matches of {} look-ups\n", found.load(), made), std::exit(1);
    return seconds * 1e9 / static_cast<double>(share / batch * batch);
}

std::unique_ptr<Secret> secret_in(const std::string& key_file) {
    if (key_file.empty()) return nullptr;
    std::ifstream in(key_file, std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(in), {});
    const ByteView bytes = as_bytes(text);
    return std::make_unique<Secret>(Secret::Kind::key_file, Bytes(bytes.begin(), bytes.end()));
}

int bench_set(const char* path, std::size_t count, unsigned threads, std::size_t batch, const std::string& key_file) {
    const KnownSet set = open_set(path, secret_in(key_file).get());
    const std::vector<Digests> in = hits(set.identity().records_accepted, count), out = misses(count);
    set.check();  // and into memory
    for (const auto& [name, asked, expected] :
         {std::tuple{"hit", &in, std::size_t{1}}, std::tuple{"miss", &out, std::size_t{0}}}) {
        std::vector<double> runs;
        for (int i = 0; i < 5; ++i) runs.push_back(measure(set, *asked, batch, threads, expected));
        std::sort(runs.begin(), runs.end());
        fmt::print("{}, batches of {}, {} threads\t{:.1f}\n", name, batch, threads, runs[2]);
    }
    return 0;
}

void run(sqlite3* db, const char* sql) {
    if (sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) std::exit(1);
}

int sqlite_import(const char* path, const char* list) {
    sqlite3* db = nullptr;
    if (sqlite3_open(path, &db) != SQLITE_OK) return 1;
    run(db,
        "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " md5 BINARY(16) UNIQUE, sha1 BINARY(20), sha2_256 BINARY(32)); CREATE INDEX md5_index ON hashes(md5); BEGIN");
    sqlite3_stmt* insert = nullptr;
    sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO hashes (md5) VALUES (?)", -1, &insert, nullptr);
    std::ifstream in(list);
    for (std::string line; std::getline(in, line);) {
        const auto digest = Digest::parse(line.substr(0, 32));
        if (!digest) return 1;
        sqlite3_bind_blob(insert, 1, digest->bytes.data(), 16, SQLITE_TRANSIENT);
        sqlite3_step(insert);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    run(db, "COMMIT");
    return sqlite3_close(db);
}

int sqlite_lookup(const char* path, const char* set_path, std::size_t count) {
    const KnownSet set = open_set(set_path);
    sqlite3* db = nullptr;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) return 1;
    run(db, "PRAGMA mmap_size=17179869184");
    sqlite3_stmt* select = nullptr;
    sqlite3_prepare_v2(db, "SELECT id FROM hashes WHERE md5 = ?", -1, &select, nullptr);
    for (const auto& [name, asked] :
         {std::pair{"hit", hits(set.identity().records_accepted, count)}, std::pair{"miss", misses(count)}}) {
        std::vector<double> runs;
        for (int i = 0; i < 5; ++i) {
            const auto begin = Clock::now();
            for (const Digests& d : asked) {
                sqlite3_bind_blob(select, 1, d.md5->bytes.data(), 16, SQLITE_STATIC);
                sqlite3_step(select);
                sqlite3_reset(select);
            }
            runs.push_back(seconds_since(begin) * 1e9 / static_cast<double>(asked.size()));
        }
        std::sort(runs.begin(), runs.end());
        fmt::print("sqlite {}\t{:.1f}\n", name, runs[2]);
    }
    sqlite3_finalize(select);
    return sqlite3_close(db);
}

}  // namespace

int main(int count, char** arguments) {
    const std::string what = count > 1 ? arguments[1] : "";
    if (what == "make" && count == 4) return make(std::stoull(arguments[2]), arguments[3]);
    if (what == "set" && (count == 6 || count == 7))
        return bench_set(arguments[2], std::stoull(arguments[3]), static_cast<unsigned>(std::stoul(arguments[4])),
                         std::stoull(arguments[5]), count == 7 ? arguments[6] : "");
    if (what == "sqlite" && count == 4) return sqlite_import(arguments[2], arguments[3]);
    if (what == "sqlite-lookup" && count == 5)
        return sqlite_lookup(arguments[2], arguments[3], std::stoull(arguments[4]));
    if (what == "queries" && count == 4) {
        for (const Digests& d : hits(open_set(arguments[2]).identity().records_accepted, std::stoull(arguments[3])))
            std::puts(d.md5->hex().c_str());
        return 0;
    }
    return 2;
}
