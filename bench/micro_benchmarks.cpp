// What the hot path of one job's life is made of. Run with `./dev bench micro [--benchmark_filter=…]`.

#include "core/job_document.hpp"
#include "modules/registry.hpp"
#include "net/http_codec.hpp"
#include "net/wire.hpp"
#include "queue/job_queue.hpp"
#include "queue/journal.hpp"
#include "queue/journal_format.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <filesystem>
#include <string>

namespace sisyphus {
namespace {

// A job of about one KiB, as submitted.
std::string job_text() {
  return fmt::format(
      R"({{"job_title":"Benchmark","tasks":[{{"module":"ffmpeg","data":{{"sources":["in.mkv"],"note":"{}"}}}}]}})",
      std::string(920, 'x'));
}

std::vector<JobDocument> job_documents(std::size_t count) {
  std::vector<JobDocument> documents;
  for (std::size_t i = 0; i < count; ++i) {
    documents.push_back(std::move(read_submission(job_text(), WallTime())->jobs.front()));
  }
  return documents;
}

void read_job_document(benchmark::State& state) {
  const std::string text = job_text();
  for (auto _ : state) benchmark::DoNotOptimize(read_submission(text, WallTime()));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
}
BENCHMARK(read_job_document);

void http_request(benchmark::State& state) {
  const std::string body = job_text();
  const std::string text = fmt::format(
      "POST /queue HTTP/1.1\r\nHost: farm:5000\r\nContent-Type: application/json\r\nContent-Length: "
      "{}\r\n\r\n{}",
      body.size(), body);
  net::RequestParser parser{net::HttpLimits{}};
  for (auto _ : state) {
    net::RequestParser::State parsed{};
    parser.feed(text, parsed);
    benchmark::DoNotOptimize(parser.request());
    parser.next();
  }
}
BENCHMARK(http_request);

void http_response_head(benchmark::State& state) {
  net::HttpResponse response;
  response.body = R"({"job_id":"00000000-1111-2222-3333-444444444444"})";
  std::string head;
  for (auto _ : state) {
    head.clear();
    net::append_head(response, true, "*", head);
    benchmark::DoNotOptimize(head);
  }
}
BENCHMARK(http_response_head);

// Grant and complete with so many jobs waiting: must not depend on their number.
void grant_and_complete(benchmark::State& state) {
  queue::JobQueue jobs({}, 1);
  const Now now{};
  jobs.open(now);
  const auto waiting = static_cast<std::size_t>(state.range(0));
  jobs.submit(job_documents(waiting), now);
  jobs.take_changes();
  for (auto _ : state) {
    state.PauseTiming();
    jobs.submit(job_documents(1), now);
    state.ResumeTiming();
    const auto grants = jobs.grant("worker", {}, 1, now);
    Completion completion;
    completion.id = grants.front().id;
    completion.token = grants.front().token;
    benchmark::DoNotOptimize(jobs.complete(completion, now));
    jobs.take_changes();
  }
}
BENCHMARK(grant_and_complete)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Arg(1'000'000);

void journal_encode(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  std::string frame;
  for (auto _ : state) {
    queue::FrameHeader header{0, 0, 1, 2, 1};
    frame.clear();
    queue::append_frame(header, payload, frame);
    benchmark::DoNotOptimize(frame);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * payload.size()));
}
BENCHMARK(journal_encode)->Arg(128)->Arg(1'200)->Arg(100'000);

// Write and sync so many submits as one batch; items are jobs.
void journal_append(benchmark::State& state) {
  const auto folder = std::filesystem::current_path() / "journal-benchmark";
  std::filesystem::remove_all(folder);
  auto journal = queue::Journal::open(queue::real_file_system(), {folder.string()},
                                      [](const queue::Record&) { return Result<void>(); });
  if (!journal) return state.SkipWithError(journal.error().detail.c_str());
  queue::JobQueue jobs({}, 1);
  jobs.open({});
  jobs.submit(job_documents(static_cast<std::size_t>(state.range(0))), {});
  const std::string batch = jobs.take_changes().records;
  for (auto _ : state) {
    if (!(*journal)->write(std::string(batch)) || !(*journal)->sync())
      return state.SkipWithError("the journal failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
  journal->reset();
  std::filesystem::remove_all(folder);
}
BENCHMARK(journal_append)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

void state_event(benchmark::State& state) {
  JobView view;
  view.id = make_uuid();
  view.document = job_documents(1).front().text;
  view.title = "Benchmark";
  view.modules = {"ffmpeg"};
  view.state = JobState::running;
  view.worker_id = "worker";
  for (auto _ : state) {
    benchmark::DoNotOptimize(net::sse_event("7-42", "state", net::state_event_json(view)));
  }
}
BENCHMARK(state_event);

void ffmpeg_progress(benchmark::State& state) {
  static constexpr std::string_view kReport[] = {
      "frame=123",         "fps=25.00",           "stream_0_0_q=28.0",   "bitrate= 512.3kbits/s",
      "total_size=524288", "out_time_us=4920000", "out_time_ms=4920000", "out_time=00:00:04.920000",
      "dup_frames=0",      "drop_frames=0",       "speed=1.02x",         "progress=continue"};
  const modules::Registry registry;
  modules::Plan plan;
  plan.total_frames = 1000;
  const auto reader = registry.find("ffmpeg")->progress(plan);
  for (auto _ : state) {
    for (const std::string_view line : kReport) benchmark::DoNotOptimize(reader->line(line));
  }
}
BENCHMARK(ffmpeg_progress);

}  // namespace
}  // namespace sisyphus

BENCHMARK_MAIN();
