// Rules of composite alarms: what is accepted can be evaluated and names its alarms; a refusal says
// why.
#include <cstdint>

#include "base/check.h"
#include "telemetry/composite_rule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kiln::telemetry::AlarmState;
  using kiln::telemetry::CompositeRule;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = CompositeRule::parse(text);
  if (!rule) {
    KILN_CHECK(rule.error().type == "ValidationError");
    KILN_CHECK(!rule.error().message.empty());
    return 0;
  }
  KILN_CHECK(rule->text() == text);
  KILN_CHECK(rule->alarms().size() <= CompositeRule::kMaxAlarms);
  for (const AlarmState state :
       {AlarmState::kOk, AlarmState::kAlarm, AlarmState::kInsufficientData}) {
    (void)rule->evaluate([&](const std::string& alarm) {
      KILN_CHECK(!alarm.empty());
      return state;
    });
  }
  const auto again = CompositeRule::parse(rule->text());
  KILN_CHECK(again.ok() && again->alarms() == rule->alarms());
  return 0;
}
