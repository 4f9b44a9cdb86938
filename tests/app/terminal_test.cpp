#include "app/terminal/progress_view.hpp"
#include "app/terminal/text.hpp"

#include <gtest/gtest.h>

namespace sisyphus::app {
namespace {

const SteadyTime kStart{};

JobShown encoding(double percent) {
  JobShown job;
  job.id = "1f0c2a3b-0000-4000-8000-000000000000";
  job.title = "Awesome Encoding Job";
  job.state = JobState::running;
  job.task = "ffmpeg";
  job.task_index = 0;
  job.task_count = 2;
  job.progress.percent = percent;
  job.progress.fps = 118.4;
  job.progress.speed = 4.9;
  job.progress.eta_s = 83;
  return job;
}

JobShown in_state(JobState state, std::string message = {}) {
  JobShown job;
  job.id = "1f0c2a3b-0000-4000-8000-000000000000";
  job.title = "Awesome Encoding Job";
  job.state = state;
  job.message = std::move(message);
  return job;
}

TEST(TerminalText, ControlCharactersAndBrokenUtf8AreNotPrinted) {
  EXPECT_EQ(printable("a\x1b[2Jb\n\xC3\xA9\xFF\xE2\x80\xAE", true), "a?[2Jb?\xC3\xA9??");
  EXPECT_EQ(printable("\xC2\x9B\xED\xA0\x80\xC0\xAF", true),
            "??"
            "??"
            "??");
  EXPECT_EQ(printable("caf\xC3\xA9", false), "caf?");
}

TEST(TerminalText, WidthIsCountedInColumns) {
  EXPECT_EQ(columns_of("aé漢e\u0301🎬"), 1U + 1 + 2 + 1 + 2);
  EXPECT_EQ(shortened("漢字漢字", 8, "…"), "漢字漢字");
  EXPECT_EQ(shortened("漢字漢字", 6, "…"), "漢字…");
  EXPECT_EQ(padded("漢字漢字", 6, "…"), "漢字… ");
  EXPECT_EQ(padded("abc", 5, "~"), "abc  ");
}

TEST(TerminalText, ClockLeavesOutHoursThatAreNone) {
  EXPECT_EQ(clock_text(0), "0:00");
  EXPECT_EQ(clock_text(83.4), "1:23");
  EXPECT_EQ(clock_text(3723), "1:02:03");
  EXPECT_EQ(clock_text(-1), "0:00");
}

TEST(JobLine, BarGrowsByEighths) {
  EXPECT_EQ(bar_text(0, 4, true), "░░░░");
  EXPECT_EQ(bar_text(50, 4, true), "██░░");
  EXPECT_EQ(bar_text(53.2, 4, true), "██▏░");
  EXPECT_EQ(bar_text(100, 4, true), "████");
  EXPECT_EQ(bar_text(250, 4, true), "████");
  EXPECT_EQ(bar_text(50, 4, false), "[##--]");
}

TEST(JobLine, RunningJobShowsAllThatFits) {
  const JobShown job = encoding(42.3);
  EXPECT_EQ(
      job_line(job, {100, 24, true}),
      "Awesome Encoding Job  1/2 ffmpeg  █████████████▌░░░░░░░░░░░░░░░░░░  42.3%  118 fps  4.90x  ETA 1:23");
  EXPECT_EQ(job_line(job, {80, 24, false}),
            "Awesome Encoding Job  1/2 ffmpeg  [####------]  42.3%  118 fps  4.90x  ETA 1:23");
  EXPECT_EQ(job_line(job, {60, 24, false}), "Awesome Encod~  1/2 ffmpeg  42.3%  118 fps  4.90x  ETA 1:23");
  EXPECT_EQ(job_line(job, {40, 24, false}), "Awesome~  1/2 ffmpeg  42.3%  118 fps  ~");
  EXPECT_EQ(job_line(job, {1, 24, false}), "");
}

TEST(JobLine, OfSeveralTasksTheWholeJobIsToldToo) {
  JobShown job = encoding(42.3);
  job.job_percent = 21.15;
  job.job_eta_s = 200;
  EXPECT_EQ(
      job_line(job, {100, 24, false}),
      "Awesome Encoding Job  1/2 ffmpeg  [###------]  42.3%  118 fps  4.90x  ETA 1:23  job 21.1%  ETA 3:20");
  EXPECT_EQ(job_line(job, {80, 24, false}),
            "Awesome Encoding Job  1/2 ffmpeg  [####------]  42.3%  118 fps  4.90x  ETA 1:23")
      << "the bar is worth more";
  job.task_count = 1;
  EXPECT_EQ(
      job_line(job, {100, 24, false}),
      "Awesome Encoding Job  1/1 ffmpeg  [############------------------]  42.3%  118 fps  4.90x  ETA 1:23");
}

TEST(JobLine, WithoutNumbersThereIsNoBar) {
  JobShown job = encoding(0);
  job.progress = {};
  job.progress.phase = "scanning";
  EXPECT_EQ(job_line(job, {80, 24, true}), "Awesome Encoding Job  1/2 ffmpeg (scanning)  ");
}

TEST(JobLine, OtherStatesSayWhy) {
  const Screen screen{80, 24, true};
  EXPECT_EQ(job_line(in_state(JobState::queued), screen), "Awesome Encoding Job  queued");
  EXPECT_EQ(job_line(in_state(JobState::queued, "no worker offers handbrake"), screen),
            "Awesome Encoding Job  queued (no worker offers handbrake)");
  EXPECT_EQ(job_line(in_state(JobState::failed, "exit code 1"), screen),
            "Awesome Encoding Job  failed: exit code 1");
  JobShown nameless = in_state(JobState::completed);
  nameless.title.clear();
  EXPECT_EQ(job_line(nameless, screen), "1f0c2a3b  completed");
}

TEST(LiveView, RedrawsItsLinesInPlace) {
  const auto view = make_live_view({60, 24, false});
  EXPECT_EQ(view->update(in_state(JobState::queued), kStart), "Awesome Encoding Job  queued\x1b[K\n\x1b[J");
  EXPECT_EQ(view->update(encoding(10), kStart + Millis(1)),
            "\x1b[1A"
            "Awesome Encod~  1/2 ffmpeg  10.0%  118 fps  4.90x  ETA 1:23\x1b[K\n\x1b[J");
}

TEST(LiveView, ProgressIsDrawnTenTimesASecondAtMost) {
  const auto view = make_live_view({60, 24, false});
  view->update(encoding(10), kStart);
  EXPECT_EQ(view->update(encoding(11), kStart + Millis(99)), "");
  EXPECT_NE(view->update(encoding(12), kStart + Millis(100)), "");
  EXPECT_EQ(view->update(encoding(13), kStart + Millis(150)), "");
  EXPECT_NE(view->update(in_state(JobState::paused), kStart + Millis(151)), "") << "a state is told at once";
}

TEST(LiveView, WhatWasHeldBackIsDrawnAtTheEnd) {
  const auto view = make_live_view({60, 24, false});
  view->update(encoding(10), kStart);
  EXPECT_EQ(view->close(), "");
  view->update(encoding(10), kStart + Millis(200));
  view->update(encoding(11), kStart + Millis(201));
  EXPECT_EQ(view->close(),
            "\x1b[1A"
            "Awesome Encod~  1/2 ffmpeg  11.0%  118 fps  4.90x  ETA 1:23\x1b[K\n\x1b[J");
}

TEST(LiveView, EndedJobLeavesItsLineAndOutputs) {
  const auto view = make_live_view({80, 24, false});
  view->update(encoding(10), kStart);
  JobShown done = in_state(JobState::completed);
  done.outputs = {"/srv/out.mkv"};
  EXPECT_EQ(view->update(done, kStart + Millis(1)),
            "\x1b[1A"
            "Awesome Encoding Job  completed\x1b[K\n  /srv/out.mkv\x1b[K\n\x1b[J");
  EXPECT_EQ(view->note("bye", kStart), "bye\x1b[K\n\x1b[J") << "nothing is left to move over";
}

TEST(LiveView, RunningJobsAreOnTopAndTheRestIsCounted) {
  const auto view = make_live_view({80, 4, false});
  JobShown a = in_state(JobState::queued);
  a.id = "a";
  a.title = "A";
  JobShown b = a;
  b.id = "b";
  b.title = "B";
  JobShown c = encoding(50);
  c.id = "c";
  view->update(a, kStart);
  view->update(b, kStart);
  EXPECT_EQ(view->update(c, kStart),
            "\x1b[2A"
            "Awesome Encoding Job  1/2 ffmpeg  [#####-----]  50.0%  118 fps  4.90x  ETA 1:23\x1b[K\n"
            "and 2 more\x1b[K\n\x1b[J");
  EXPECT_EQ(view->forget("c", kStart),
            "\x1b[2A"
            "A         queued\x1b[K\nB         queued\x1b[K\n\x1b[J");
}

TEST(PlainView, TellsEveryChangeOfStateAndEveryTenPercent) {
  const auto view = make_plain_view(true);
  const std::string name = "1f0c2a3b Awesome Encoding Job: ";
  EXPECT_EQ(view->update(in_state(JobState::queued), kStart), name + "queued\n");
  EXPECT_EQ(view->update(in_state(JobState::queued), kStart), "");
  EXPECT_EQ(view->update(encoding(0), kStart),
            name + "running\n" + name + "1/2 ffmpeg  0.0%  118 fps  4.90x  ETA 1:23\n");
  EXPECT_EQ(view->update(encoding(9.9), kStart), "");
  EXPECT_EQ(view->update(encoding(10), kStart), name + "1/2 ffmpeg  10.0%  118 fps  4.90x  ETA 1:23\n");
  EXPECT_EQ(view->update(encoding(12), kStart), "");
  EXPECT_EQ(view->update(encoding(45), kStart), name + "1/2 ffmpeg  45.0%  118 fps  4.90x  ETA 1:23\n");
  JobShown next = encoding(0);
  next.task = "mkvmerge";
  next.task_index = 1;
  next.progress = {};
  EXPECT_EQ(view->update(next, kStart), name + "2/2 mkvmerge\n");
  JobShown done = in_state(JobState::completed);
  done.outputs = {"/srv/out.mkv"};
  EXPECT_EQ(view->update(done, kStart), name + "completed\n  /srv/out.mkv\n");
}

TEST(PlainView, RemovedJobIsToldOnce) {
  const auto view = make_plain_view(true);
  view->update(in_state(JobState::queued), kStart);
  EXPECT_EQ(view->forget(in_state(JobState::queued).id, kStart), "1f0c2a3b: removed\n");
  EXPECT_EQ(view->forget(in_state(JobState::queued).id, kStart), "");
}

TEST(JsonView, IsOneObjectALine) {
  const auto view = make_json_view();
  const std::string job =
      R"("job_id":"1f0c2a3b-0000-4000-8000-000000000000","job_title":"Awesome Encoding Job",)";
  EXPECT_EQ(view->update(in_state(JobState::queued), kStart),
            R"({"event":"state",)" + job + "\"state\":\"queued\"}\n");
  EXPECT_EQ(view->update(in_state(JobState::queued), kStart), "");
  JobShown running = encoding(50);
  running.progress = {};
  running.progress.frame = 12;
  EXPECT_EQ(view->update(running, kStart),
            R"({"event":"state",)" + job +
                R"("state":"running","task":"ffmpeg","task_index":0,"task_count":2,"progress":{"frame":12}})"
                "\n");
  running.progress.frame = 13;
  EXPECT_EQ(view->update(running, kStart),
            R"({"event":"progress",)" + job +
                R"("state":"running","task":"ffmpeg","task_index":0,"task_count":2,"progress":{"frame":13}})"
                "\n");
  EXPECT_EQ(view->update(in_state(JobState::failed, "no \"x\""), kStart),
            R"({"event":"state",)" + job +
                R"("state":"failed","message":"no \"x\""})"
                "\n");
  EXPECT_EQ(view->note("lost", kStart), "{\"event\":\"note\",\"text\":\"lost\"}\n");
}

}  // namespace
}  // namespace sisyphus::app
