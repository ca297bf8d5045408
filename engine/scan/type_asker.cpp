// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/type_asker.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/examine/content_type.h"

namespace triage {
namespace {

using namespace std::chrono_literals;

constexpr int most_deaths = 8;
constexpr std::uint64_t most_waiting_bytes = 32 << 20;
constexpr std::size_t most_waiting = 16384;  // entries: those of small contents weigh more than their bytes

// Only what was read whole, or is typed, has a type at all.
bool is_to_be_asked(const EntryWork& work) {
    const Examined& examined = work.record.examined;
    return !work.first_bytes.empty() && (examined.status == Status::hashed || examined.is_typed) &&
           !is_told_alike(examined.type);
}

void add(Batch& batch, WalkId walk, Item item) {
    batch.items.push_back(std::move(item));
    batch.walks.push_back(walk);
}

void append(Batch& batch, Batch more) {
    for (std::size_t i = 0; i < more.items.size(); ++i) add(batch, more.walks[i], std::move(more.items[i]));
}

ProblemRecord problem_of(const EntryWork& work, ProblemKind kind, std::string detail) {
    ProblemRecord record{work.evidence, work.record.volume, {}};
    record.problem.kind = kind;
    record.problem.path = work.record.entry.path, record.problem.address = work.record.entry.address;
    record.problem.detail = std::move(detail);
    return record;
}

}  // namespace

TypeAsker::TypeAsker(const Registry& registry, const WorkerOptions& options, std::string database)
    : registry_(registry), options_(options) {
    job_.kind = JobKind::types;
    job_.type_database = std::move(database);
    thread_ = std::thread([this] { serve(); });
}

TypeAsker::~TypeAsker() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
        questions_.clear();
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void TypeAsker::exchange(Batch& batch) {
    std::unique_lock lock(mutex_);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < batch.items.size(); ++i) {
        auto* work = std::get_if<EntryWork>(&batch.items[i]);
        if (work && is_to_be_asked(*work)) {
            waiting_bytes_ += work->first_bytes.size();
            questions_.push_back({batch.walks[i], std::move(*work)});
            continue;
        }
        if (kept != i) batch.items[kept] = std::move(batch.items[i]), batch.walks[kept] = batch.walks[i];
        ++kept;
    }
    const bool is_asked = kept < batch.items.size();
    batch.items.erase(batch.items.begin() + static_cast<std::ptrdiff_t>(kept), batch.items.end());
    batch.walks.resize(kept);
    append(batch, std::exchange(answers_, {}));
    lock.unlock();
    if (is_asked) changed_.notify_all();
}

void TypeAsker::await_room() {
    std::unique_lock lock(mutex_);
    const auto has_room = [&] { return waiting_bytes_ <= most_waiting_bytes && questions_.size() <= most_waiting; };
    while (!has_room() && !is_stopped()) changed_.wait_for(lock, 50ms);
}

Batch TypeAsker::finish() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return std::exchange(answers_, {});
}

void TypeAsker::serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return !questions_.empty() || is_ending_; });
        if (questions_.empty()) return;
        Question question = std::move(questions_.front());
        questions_.pop_front();
        lock.unlock();
        answer(std::move(question));
        lock.lock();
    }
}

void TypeAsker::answer(Question question) {
    const std::uint64_t bytes = question.work.first_bytes.size();
    Batch answers;
    const bool is_asked = !is_stopped() && tell(question.work, answers);
    question.work.first_bytes = {};
    add(answers, is_asked ? question.walk : Plan::no_walk, std::move(question.work));
    {
        const std::lock_guard lock(mutex_);
        waiting_bytes_ -= bytes;
        append(answers_, std::move(answers));
    }
    changed_.notify_all();
}

// False when the run was stopped meanwhile.
bool TypeAsker::tell(EntryWork& work, Batch& answers) {
    if (deaths_ > most_deaths) {
        if (given_up_.insert(work.record.volume).second)
            add(answers, Plan::no_walk,
                problem_of(work, ProblemKind::aborted,
                           "libmagic ended too often (" + last_cause_ +
                               "): from here on the types that only it tells are not known, and rules on them not "
                               "decided"));
        return true;
    }
    const std::optional<std::string> type = ask(work.first_bytes);
    if (is_stopped()) return false;
    if (!type) note_death(work, answers);
    else if (type->empty())
        add(answers, Plan::no_walk,
            problem_of(work, ProblemKind::damaged, "libmagic fails to tell its type, so rules on it are not decided"));
    else work.record.examined.libmagic_type = *type;
    return true;
}

// Nothing when the worker has gone, and `last_cause_` says why.
std::optional<std::string> TypeAsker::ask(ByteView first_bytes) try {
    if (!worker_) worker_ = std::make_unique<Worker>(registry_, options_, job_);
    worker_->request(first_bytes);
    while (const std::optional<Record> record = worker_->next()) {
        if (record->type != RecordType::mime_type) continue;
        RecordReader r(record->payload);
        const std::string type = r.text();
        if (r.is_complete() && (type.empty() || is_mime_type(type))) return in_lower_case(type);
        worker_->stop("its answer is no MIME type");
        break;
    }
    last_cause_ = worker_->cause();
    return std::nullopt;
} catch (const Error& error) {
    last_cause_ = error.what();  // no process can be started
    return std::nullopt;
}

void TypeAsker::note_death(const EntryWork& work, Batch& answers) {
    worker_.reset();
    ++deaths_;
    add(answers, Plan::no_walk,
        AuditEvent{"types-worker-ended",
                   {{"evidence", work.evidence}, {"cause", last_cause_}, {"address", work.record.entry.address}}});
    add(answers, Plan::no_walk,
        problem_of(
            work, ProblemKind::aborted,
            fmt::format("libmagic, asked for its type, ended ({}), so rules on it are not decided", last_cause_)));
}

}  // namespace triage
