// Schedules of scaling: what is accepted goes on in time; a refusal says why. Zone files and the
// rules in them: what is accepted has offsets within a day or so.
#include <cstdint>
#include <cstdlib>

#include "base/check.h"
#include "scaling/posix_zone.h"
#include "scaling/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::WallTime;
  using kiln::scaling::PosixZone;
  using kiln::scaling::Schedule;
  using kiln::scaling::TimeZone;
  constexpr int64_t kNow = 1'758'240'000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const int64_t s : {int64_t{0}, kNow, kNow * 3}) {
    constexpr int64_t kMost = 8 * 86'400;
    if (const auto rule = PosixZone::parse(text)) KILN_CHECK(std::abs(rule->offset_s(s)) < kMost);
    if (const auto zone = TimeZone::parse(text)) {
      KILN_CHECK(std::abs(zone->offset_s(s)) < kMost);
      (void)zone->to_utc(s);
    }
  }
  // The first line is the schedule, the second the time zone.
  const size_t line = text.find('\n');
  const std::string zone(line == text.npos ? "" : text.substr(line + 1));
  const auto schedule = Schedule::parse(std::string(text.substr(0, line)), zone);
  if (!schedule) {
    KILN_CHECK(schedule.error().type == "ValidationException");
    KILN_CHECK(!schedule.error().message.empty());
    return 0;
  }
  WallTime at{std::chrono::seconds(kNow)};
  for (int i = 0; i < 20; ++i) {
    const auto next = schedule->next(at);
    if (!next) break;
    KILN_CHECK(*next > at);
    // Nothing lies between.
    KILN_CHECK(schedule->next(*next - std::chrono::seconds(1)) == next);
    at = *next;
  }
  return 0;
}
