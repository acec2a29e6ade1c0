#include "logs/report_line.h"

#include <gtest/gtest.h>

namespace kiln::logs {
namespace {

// Lines as AWS writes them.
TEST(ReportLine, ColdWarmAndFailed) {
  const auto cold = read_report(
      "REPORT RequestId: 8c1e-1\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 "
      "MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n");
  ASSERT_TRUE(cold);
  EXPECT_EQ(cold->request_id, "8c1e-1");
  EXPECT_DOUBLE_EQ(cold->duration_ms, 3.01);
  EXPECT_EQ(cold->billed_ms, 114);
  EXPECT_EQ(cold->memory_mb, 128);
  EXPECT_EQ(cold->max_memory_mb, 36);
  EXPECT_EQ(cold->init_ms, 110.10);
  EXPECT_TRUE(cold->is_good());

  const auto warm = read_report(
      "REPORT RequestId: a\tDuration: 1.50 ms\tBilled Duration: 2 ms\tMemory Size: 512 MB\tMax "
      "Memory Used: 40 MB\t\n");
  ASSERT_TRUE(warm);
  EXPECT_FALSE(warm->init_ms);

  const auto late = read_report(
      "REPORT RequestId: a\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 "
      "MB\tMax Memory Used: 36 MB\tStatus: timeout\n");
  ASSERT_TRUE(late);
  EXPECT_EQ(late->status, "timeout");
  EXPECT_FALSE(late->is_good());

  const auto ended = read_report(
      "REPORT RequestId: a\tDuration: 5.00 ms\tBilled Duration: 85 ms\tMemory Size: 128 MB\tMax "
      "Memory Used: 36 MB\tInit Duration: 80.00 ms\tStatus: error\tError Type: "
      "Runtime.ExitError\n");
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->error_type, "Runtime.ExitError");
}

TEST(ReportLine, FromASnapshot) {
  const auto report = read_report(
      "REPORT RequestId: a\tDuration: 10.00 ms\tBilled Duration: 250 ms\tMemory Size: 1024 MB\tMax "
      "Memory Used: 90 MB\tRestore Duration: 400.50 ms\tBilled Restore Duration: 240 ms\t\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->restore_ms, 400.50);
}

TEST(ReportLine, Json) {
  const auto report = read_report(
      R"({"time":"2026-01-21T11:30:00.000Z","type":"platform.report","record":{"requestId":"r1","metrics":{"durationMs":12.345,"billedDurationMs":13,"memorySizeMB":256,"maxMemoryUsedMB":70,"initDurationMs":0.5},"status":"success"}})");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->request_id, "r1");
  EXPECT_DOUBLE_EQ(report->duration_ms, 12.345);
  EXPECT_EQ(report->init_ms, 0.5);
  EXPECT_TRUE(report->is_good());
}

TEST(ReportLine, BehindATimeAndAStream) {
  constexpr std::string_view kLine =
      "2026-01-21T11:30:00.123000+00:00 2026/01/21/[$LATEST]8a REPORT RequestId: r2\tDuration: "
      "1.00 "
      "ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax Memory Used: 3 MB\t";
  EXPECT_FALSE(read_report(kLine));
  const auto report = find_report(kLine);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->request_id, "r2");
}

TEST(ReportLine, NothingElseIsOne) {
  for (const char* line :
       {"", "START RequestId: a Version: 1", "REPORT RequestId: a",
        "REPORT RequestId: a\tDuration: x ms",
        "REPORT RequestId: a\tDuration: 1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 KB\tMax "
        "Memory Used: 3 MB",
        "REPORT RequestId: a\tDuration: -1.00 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax "
        "Memory Used: 3 MB",
        "REPORT RequestId: a\tDuration: 1e300 ms\tBilled Duration: 1 ms\tMemory Size: 128 MB\tMax "
        "Memory Used: 3 MB",
        R"({"type":"platform.report"})", R"({"type":"platform.report","record":[1]})",
        R"({"type":"platform.start","x":"platform.report"})", "{platform.report"}) {
    EXPECT_FALSE(read_report(line)) << line;
    EXPECT_FALSE(find_report(line)) << line;
  }
}

}  // namespace
}  // namespace kiln::logs
