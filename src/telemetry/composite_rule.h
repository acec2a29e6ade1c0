// The rule of a composite alarm, over the states of other alarms:
//
//   const auto rule = CompositeRule::parse(R"((ALARM("a b") OR ALARM(c)) AND NOT OK(d))");
//   const bool in_alarm = rule->evaluate([&](const std::string& alarm) { return state_of(alarm);
//   });
//
// ALARM(…), OK(…) and INSUFFICIENT_DATA(…) take a name or an ARN, with or without quotes; TRUE and
// FALSE; NOT binds closest, then AND, then OR. Keywords in any case. Immutable and pure.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/alarm.h"

namespace kiln::telemetry {

class CompositeRule {
 public:
  static constexpr size_t kMaxLength = 10'240;
  static constexpr size_t kMaxAlarms = 100;
  static constexpr size_t kMaxElements = 500;  // alarms, TRUE, FALSE and parentheses
  static constexpr int kMaxDepth = 50;         // of parentheses and NOTs within each other

  // Error type ValidationError, naming the place.
  static Result<CompositeRule> parse(std::string_view text);

  using Lookup = std::function<AlarmState(const std::string& alarm)>;
  bool evaluate(const Lookup& lookup) const;

  // What the rule refers to, as written (names and ARNs), each once.
  const std::vector<std::string>& alarms() const { return alarms_; }
  const std::string& text() const { return text_; }

  struct Node {
    enum class Kind { kState, kTrue, kFalse, kNot, kAnd, kOr };
    Kind kind = Kind::kFalse;
    AlarmState state = AlarmState::kOk;  // of kState
    std::string alarm;                   // of kState
    std::vector<Node> children;
  };

 private:
  std::string text_;
  Node root_;
  std::vector<std::string> alarms_;
};

}  // namespace kiln::telemetry
