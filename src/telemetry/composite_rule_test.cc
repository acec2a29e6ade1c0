#include "telemetry/composite_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace kiln::telemetry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// a is in ALARM, o is OK, i has insufficient data; so are their ARNs and odd names.
AlarmState state_of(const std::string& alarm) {
  static const std::map<std::string, AlarmState> kStates = {
      {"a", AlarmState::kAlarm},
      {"o", AlarmState::kOk},
      {"i", AlarmState::kInsufficientData},
      {"two words (here)", AlarmState::kAlarm},
      {R"(a "quoted" \ name)", AlarmState::kAlarm},
      {"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a", AlarmState::kAlarm},
  };
  const auto found = kStates.find(alarm);
  return found == kStates.end() ? AlarmState::kInsufficientData : found->second;
}

TEST(CompositeRule, Evaluates) {
  const std::pair<const char*, bool> cases[] = {
      {"ALARM(a)", true},
      {"ALARM(\"a\")", true},
      {"ALARM(o)", false},
      {"OK(o)", true},
      {"OK(a)", false},
      {"INSUFFICIENT_DATA(i)", true},
      {"INSUFFICIENT_DATA(o)", false},
      {"TRUE", true},
      {"FALSE", false},
      {"false", false},
      {"NOT ALARM(a)", false},
      {"NOT NOT ALARM(a)", true},
      {"ALARM(a) AND ALARM(o)", false},
      {"ALARM(a) AND OK(o)", true},
      {"ALARM(o) OR ALARM(a)", true},
      {"ALARM(o) OR OK(a)", false},
      {"TRUE OR FALSE AND FALSE", true},  // AND binds closer
      {"(TRUE OR FALSE) AND FALSE", false},
      {"NOT FALSE AND FALSE", false},  // NOT binds closest
      {"NOT (FALSE AND FALSE)", true},
      {"NOT(ALARM(o))", true},
      {"ALARM(two words) OR TRUE", true},
      {"ALARM( a )", true},
      {"ALARM(\"two words (here)\")", true},
      {R"(ALARM("a \"quoted\" \\ name"))", true},
      {"ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:a)", true},
      {"ALARM(\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a\")", true},
      {"alarm(a)\n  and\tok(o)", true},
      {"(((ALARM(a))))", true},
      {"FALSE OR FALSE OR TRUE", true},
      // Forms from AWS's documentation.
      {"AT_LEAST(2, ALARM, (a, \"two words (here)\", o, i))", true},
      {"AT_LEAST(3, ALARM, (a, \"two words (here)\", o, i))", false},
      {"AT_LEAST(50%, OK, (o, a))", true},
      {"AT_LEAST(51%, OK, (o, a))", false},
      {"AT_LEAST(\"50%\", OK, (o, a))", true},
      {"AT_LEAST(60%, NOT OK, (a, i, o))", true},
      {"AT_LEAST(1, NOT INSUFFICIENT_DATA, (i))", false},
      {"AT_LEAST(2, ALARM, (a, o, arn:aws:cloudwatch:us-east-1:000000000000:alarm:a)) AND NOT "
       "ALARM(o)",
       true},
      {"at_least( 1 ,alarm,( a ) )", true},
  };
  for (const auto& [text, wanted] : cases) {
    const auto rule = CompositeRule::parse(text);
    ASSERT_TRUE(rule.ok()) << text << ": " << rule.error().message;
    EXPECT_EQ(rule->evaluate(state_of), wanted) << text;
  }
}

TEST(CompositeRule, Refuses) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "leading or trailing whitespace"},
      {" ALARM(a)", "leading or trailing whitespace"},
      {"()", "Error in AlarmRule [Unsupported token ')' at char 1]"},
      {"ALARM(a", "Unexpected end"},
      {"ALARM", "Unexpected end"},
      {"ALARM()", "Unsupported token ')' at char 6"},
      {"ALARM(\"a", "Unexpected end"},
      {"ALARM(a) AND", "Unexpected end"},
      {"ALARM(a) ALARM(o)", "Unsupported token 'ALARM' at char 9"},
      {"ALARM(a) XOR ALARM(o)", "Unsupported token 'XOR' at char 9"},
      {"(ALARM(a)", "Unexpected end"},
      {"ALARM(a))", "Unsupported token ')' at char 8"},
      {"TRUEish", "Unsupported token 'TRUEish' at char 0"},
      {"NOT", "Unexpected end"},
      {"ALARM(a(b))", "Unsupported token '(' at char 7"},
      {"AT_LEAST(0, ALARM, (a))", "Unsupported token ',' at char 10"},
      {"AT_LEAST(2, ALARM, (a))", "AT_LEAST asks for 2 of 1 alarms"},
      {"AT_LEAST(101%, ALARM, (a))", "AT_LEAST asks for 101% of 1 alarms"},
      {"AT_LEAST(1, ALARM, a)", "Unsupported token 'a' at char 19"},
      {"AT_LEAST(1, ALARM, ())", "Unsupported token ')' at char 20"},
      {"AT_LEAST(1, (a))", "Unsupported token '(' at char 12"},
      {"AT_LEAST(1, ALARM, (a)", "Unexpected end"},
  };
  for (const auto& [text, wanted] : cases) {
    const auto rule = CompositeRule::parse(text);
    ASSERT_FALSE(rule.ok()) << text;
    EXPECT_EQ(rule.error().type, "ValidationError");
    EXPECT_THAT(rule.error().message, HasSubstr(wanted)) << text;
  }
}

TEST(CompositeRule, NamesItsAlarmsOnce) {
  const auto rule = CompositeRule::parse("ALARM(b) OR OK(b) OR ALARM(\"a\") OR ALARM(b)");
  ASSERT_TRUE(rule.ok());
  EXPECT_THAT(rule->alarms(), ElementsAre("b", "a"));
}

TEST(CompositeRule, Limits) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '(') + "TRUE" +
           std::string(static_cast<size_t>(depth), ')');
  };
  EXPECT_TRUE(CompositeRule::parse(nested(CompositeRule::kMaxDepth - 1)).ok());
  EXPECT_FALSE(CompositeRule::parse(nested(CompositeRule::kMaxDepth)).ok());

  const auto chain = [](size_t count, const std::function<std::string(size_t)>& item) {
    std::string text;
    for (size_t i = 0; i < count; ++i) text += (i ? " OR " : "") + item(i);
    return text;
  };
  const auto truth = [](size_t) { return std::string("TRUE"); };
  EXPECT_TRUE(CompositeRule::parse(chain(CompositeRule::kMaxElements, truth)).ok());
  EXPECT_FALSE(CompositeRule::parse(chain(CompositeRule::kMaxElements + 1, truth)).ok());
  const auto alarm = [](size_t i) { return "ALARM(a" + std::to_string(i) + ")"; };
  EXPECT_TRUE(CompositeRule::parse(chain(CompositeRule::kMaxAlarms, alarm)).ok());
  EXPECT_FALSE(CompositeRule::parse(chain(CompositeRule::kMaxAlarms + 1, alarm)).ok());

  const std::string frame = "ALARM(\"\")";
  const auto long_rule = [&](size_t length) {
    return "ALARM(\"" + std::string(length - frame.size(), 'n') + "\")";
  };
  EXPECT_TRUE(CompositeRule::parse(long_rule(CompositeRule::kMaxLength)).ok());
  EXPECT_FALSE(CompositeRule::parse(long_rule(CompositeRule::kMaxLength + 1)).ok());
}

}  // namespace
}  // namespace kiln::telemetry
