// SPDX-License-Identifier: Apache-2.0
#include "engine/scan/content_reader.h"

#include <algorithm>

namespace triage {
namespace {

constexpr int most_deaths = 8;

}  // namespace

ContentReader::ContentReader(const Registry& registry, const WorkerOptions& options, WorkerJob job,
                             const std::atomic<bool>& stop)
    : registry_(registry), options_(options), job_(std::move(job)), stop_(stop) {
    job_.kind = JobKind::content;
}

ContentReader::Answer ContentReader::read(const ContentRequest& request, ContentExaminer& examiner, bool wants_entropy,
                                          Bytes* first_bytes) {
    Answer answer;
    answer.examined = {Status::unreadable, Reason::not_reached, request.size, {}, {}};
    if (deaths_ > most_deaths) return answer;
    if (!worker_) worker_ = std::make_unique<Worker>(registry_, options_, job_);
    worker_->request(request);
    examiner.begin(wants_entropy, first_bytes);
    if (take_answer(request, examiner, answer) || stop_.load(std::memory_order_relaxed)) return answer;
    ++deaths_;
    answer.detail = "the worker that decoded it ended: " + worker_->cause();
    answer.dead_worker = std::move(worker_);
    return answer;
}

// False when the worker ended first, or the run is to stop.
bool ContentReader::take_answer(const ContentRequest& request, ContentExaminer& examiner, Answer& answer) {
    const std::uint64_t wanted = std::min(request.size, request.most);
    std::uint64_t received = 0;
    while (const std::optional<Record> record = worker_->next()) {
        if (stop_.load(std::memory_order_relaxed)) return false;
        if (record->type == RecordType::data) {
            received += record->payload.size();
            if (received > wanted) return worker_->stop("it gave more than the content holds"), false;
            examiner.add(record->payload);
        }
        if (record->type != RecordType::data_end) continue;
        RecordReader r(record->payload);
        const Reason reason = r.enumerator(Reason::not_reached);
        answer.detail = r.text();
        answer.examined = examiner.finish(wanted, r.is_good() ? reason : Reason::damaged);
        return true;
    }
    return false;
}

}  // namespace triage
