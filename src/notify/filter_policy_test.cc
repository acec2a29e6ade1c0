// Filter policies: what each condition takes, what counts as a policy, and what a refusal says.
#include "notify/filter_policy.h"

#include <gtest/gtest.h>

namespace kiln::notify {
namespace {

using Scope = FilterPolicy::Scope;

std::string repeated(const std::string& part, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += part;
  return out;
}

FilterPolicy policy_of(const std::string& text, Scope scope) {
  auto policy = FilterPolicy::parse(text, scope);
  EXPECT_TRUE(policy.ok()) << text << ": " << policy.error().message;
  return policy.ok() ? *policy : FilterPolicy();
}

std::string refusal(const std::string& text, Scope scope = Scope::kMessageBody) {
  const auto policy = FilterPolicy::parse(text, scope);
  if (policy) return "accepted";
  EXPECT_EQ(policy.error().type, "InvalidParameter");
  return policy.error().message;
}

// A list of conditions for the key "k", and the JSON value that the message has there ("" for
// none).
struct ConditionCase {
  const char* conditions;
  const char* value;
  bool matches;
};

const ConditionCase kConditions[] = {
    // Exact values; numbers by value, to five digits after the point.
    {R"(["red"])", R"("red")", true},
    {R"(["red"])", R"("Red")", false},
    {R"(["red"])", R"("redder")", false},
    {R"(["red", "blue"])", R"("blue")", true},
    {R"([""])", R"("")", true},
    {R"([5])", "5.0", true},
    {R"([5])", R"("5")", false},
    {R"([0.3])", "0.3000001", true},
    {R"([0.3])", "0.30001", false},
    {R"([-2e3])", "-2000", true},
    {R"([true])", "true", true},
    {R"([true])", "false", false},
    {R"([true])", R"("true")", false},
    {R"([false])", "null", false},
    {R"([null])", "null", true},
    {R"([null])", R"("null")", false},
    {R"([null])", "", false},
    // Of an array, any element.
    {R"(["red"])", R"(["blue", "red"])", true},
    {R"(["red"])", R"(["blue"])", false},
    {R"(["red"])", "[]", false},
    {R"(["red"])", R"([["red"]])", true},
    {R"(["red"])", R"({"k": "red"})", false},
    // Texts.
    {R"([{"prefix": "re"}])", R"("red")", true},
    {R"([{"prefix": "re"}])", R"("re")", true},
    {R"([{"prefix": "re"}])", R"("are")", false},
    {R"([{"prefix": ""}])", R"("")", true},
    {R"([{"prefix": "1"}])", "1", false},
    {R"([{"suffix": "ed"}])", R"("red")", true},
    {R"([{"suffix": "ed"}])", R"("edit")", false},
    {R"([{"suffix": "ed"}])", "", false},
    {R"([{"equals-ignore-case": "RED"}])", R"("rEd")", true},
    {R"([{"equals-ignore-case": "RED"}])", R"("reds")", false},
    {R"([{"equals-ignore-case": "[z"}])", R"("{Z")", false},
    // Anything but.
    {R"([{"anything-but": "red"}])", R"("blue")", true},
    {R"([{"anything-but": "red"}])", R"("red")", false},
    {R"([{"anything-but": ["red", "blue"]}])", R"("blue")", false},
    {R"([{"anything-but": ["red", "blue"]}])", R"("green")", true},
    {R"([{"anything-but": ["red", "blue"]}])", R"(["red", "green"])", true},
    {R"([{"anything-but": ["red", "blue"]}])", R"(["red", "blue"])", false},
    {R"([{"anything-but": "red"}])", "", false},
    {R"([{"anything-but": 5}])", "5.0", false},
    {R"([{"anything-but": [5, 6]}])", "7", true},
    {R"([{"anything-but": 5}])", R"("5")", true},
    {R"([{"anything-but": {"prefix": "re"}}])", R"("red")", false},
    {R"([{"anything-but": {"prefix": "re"}}])", R"("blue")", true},
    {R"([{"anything-but": {"suffix": "ed"}}])", R"("red")", false},
    {R"([{"anything-but": {"suffix": "ed"}}])", R"("edit")", true},
    // Numbers.
    {R"([{"numeric": ["=", 5]}])", "5", true},
    {R"([{"numeric": ["=", 5]}])", "5.1", false},
    {R"([{"numeric": [">", 5]}])", "5", false},
    {R"([{"numeric": [">", 5]}])", "5.00001", true},
    {R"([{"numeric": [">=", 5]}])", "5", true},
    {R"([{"numeric": [">=", 5]}])", "4.99999", false},
    {R"([{"numeric": ["<", 5]}])", "5", false},
    {R"([{"numeric": ["<", 5]}])", "-7", true},
    {R"([{"numeric": ["<=", 5]}])", "5", true},
    {R"([{"numeric": ["<=", 5]}])", "5.00001", false},
    {R"([{"numeric": [">", 0, "<=", 5]}])", "5", true},
    {R"([{"numeric": [">", 0, "<=", 5]}])", "0", false},
    {R"([{"numeric": [">=", 0, "<", 5]}])", "0", true},
    {R"([{"numeric": [">=", 0, "<", 5]}])", "5", false},
    {R"([{"numeric": ["=", 5]}])", R"("5")", false},
    // Addresses.
    {R"([{"cidr": "10.1.2.0/23"}])", R"("10.1.3.255")", true},
    {R"([{"cidr": "10.1.2.0/23"}])", R"("10.1.4.0")", false},
    {R"([{"cidr": "10.1.2.3/32"}])", R"("10.1.2.3")", true},
    {R"([{"cidr": "10.1.2.3/32"}])", R"("10.1.2.2")", false},
    {R"([{"cidr": "0.0.0.0/0"}])", R"("255.255.255.255")", true},
    {R"([{"cidr": "0.0.0.0/0"}])", R"("::1")", false},
    {R"([{"cidr": "2001:db8::/33"}])", R"("2001:db8:7fff::1")", true},
    {R"([{"cidr": "2001:db8::/33"}])", R"("2001:db8:8000::1")", false},
    {R"([{"cidr": "10.0.0.0/8"}])", R"("ten")", false},
    // Presence.
    {R"([{"exists": true}])", "null", true},
    {R"([{"exists": true}])", "", false},
    {R"([{"exists": false}])", "", true},
    {R"([{"exists": false}])", "0", false},
    {R"([{"exists": false}, "red"])", R"("red")", true},
};

TEST(FilterPolicy, ConditionsOverTheBody) {
  for (const auto& c : kConditions) {
    const auto policy =
        policy_of(R"({"k": )" + std::string(c.conditions) + "}", Scope::kMessageBody);
    const std::string body =
        *c.value ? R"({"other": 1, "k": )" + std::string(c.value) + "}" : R"({"other": 1})";
    EXPECT_EQ(policy.matches(body, {}), c.matches) << c.conditions << " of " << body;
  }
}

struct AttributeCase {
  const char* conditions;
  MessageAttribute attribute;
  bool matches;
};

TEST(FilterPolicy, ConditionsOverAttributes) {
  const AttributeCase cases[] = {
      {R"(["red"])", {"k", "String", "red"}, true},
      {R"(["red"])", {"k", "String", "blue"}, false},
      {R"(["red"])", {"K", "String", "red"}, false},
      {R"(["red"])", {"k", "String.colour", "red"}, false},
      {R"([{"exists": false}])", {"k", "Binary", "cmVk"}, true},
      {R"([5])", {"k", "Number", "5.0"}, true},
      {R"([5])", {"k", "String", "5"}, false},
      {R"(["5"])", {"k", "Number", "5"}, false},
      {R"([{"numeric": [">", 1]}])", {"k", "Number", "1e3"}, true},
      {R"([{"exists": true}])", {"k", "Number", "five"}, false},
      {R"([{"anything-but": "red"}])", {"k", "String", "blue"}, true},
      {R"([{"anything-but": "red"}])", {"other", "String", "blue"}, false},
      {R"(["red"])", {"k", "String.Array", R"(["blue", "red"])"}, true},
      {R"([5])", {"k", "String.Array", R"([1, 5])"}, true},
      {R"([true])", {"k", "String.Array", R"([true])"}, true},
      {R"([null])", {"k", "String.Array", R"([null])"}, true},
      {R"(["red"])", {"k", "String.Array", R"([["red"]])"}, false},
      {R"([{"exists": true}])", {"k", "String.Array", "[]"}, false},
      {R"([{"exists": true}])", {"k", "String.Array", "red"}, false},
      {R"([{"prefix": "[\"r"}])", {"k", "String.Array", R"(["red"])"}, false},
  };
  for (const auto& c : cases) {
    const auto policy =
        policy_of(R"({"k": )" + std::string(c.conditions) + "}", Scope::kMessageAttributes);
    EXPECT_EQ(policy.matches(R"({"k": "red"})", {c.attribute}), c.matches)
        << c.conditions << " of " << c.attribute.type << " " << c.attribute.value;
  }
}

TEST(FilterPolicy, AllKeysMustMatch) {
  const auto policy =
      policy_of(R"({"a": ["1"], "b": [{"exists": false}]})", Scope::kMessageAttributes);
  EXPECT_TRUE(policy.matches("", {{"a", "String", "1"}}));
  EXPECT_FALSE(policy.matches("", {{"a", "String", "1"}, {"b", "String", "x"}}));
  EXPECT_FALSE(policy.matches("", {}));
}

TEST(FilterPolicy, AlternativesOfOr) {
  const auto policy = policy_of(
      R"({"source": ["s"], "$or": [{"name": ["n"]}, {"count": [{"numeric": [">", 5]}], "unit": ["MB"]}]})",
      Scope::kMessageBody);
  EXPECT_TRUE(policy.matches(R"({"source": "s", "name": "n"})", {}));
  EXPECT_TRUE(policy.matches(R"({"source": "s", "count": 6, "unit": "MB"})", {}));
  EXPECT_FALSE(policy.matches(R"({"source": "s", "count": 6})", {}));
  EXPECT_FALSE(policy.matches(R"({"source": "s"})", {}));
  EXPECT_FALSE(policy.matches(R"({"name": "n"})", {}));
}

TEST(FilterPolicy, OrsWithinAndBesideEachOther) {
  const auto policy = policy_of(
      R"({"o": {"$or": [{"a": [1]}, {"$or": [{"b": [1]}, {"c": [1]}]}]}, "$or": [{"x": [1]}, {"y": [1]}]})",
      Scope::kMessageBody);
  EXPECT_TRUE(policy.matches(R"({"o": {"c": 1}, "y": 1})", {}));
  EXPECT_TRUE(policy.matches(R"({"o": {"a": 1}, "x": 1})", {}));
  EXPECT_FALSE(policy.matches(R"({"o": {"c": 1}})", {}));
  EXPECT_FALSE(policy.matches(R"({"o": {"d": 1}, "y": 1})", {}));
  EXPECT_FALSE(policy.matches(R"({"c": 1, "y": 1})", {}));
}

TEST(FilterPolicy, AnOrThatHasNoTwoAlternativesIsAKey) {
  const auto policy = policy_of(R"({"$or": ["a"]})", Scope::kMessageAttributes);
  EXPECT_TRUE(policy.matches("", {{"$or", "String", "a"}}));
  EXPECT_FALSE(policy.matches("", {{"a", "String", "a"}}));
}

TEST(FilterPolicy, LooksIntoNestedObjectsOfTheBody) {
  const auto policy =
      policy_of(R"({"a": {"b": {"c": ["x"], "d": [{"exists": false}]}}})", Scope::kMessageBody);
  EXPECT_TRUE(policy.matches(R"({"a": {"b": {"c": "x"}}})", {}));
  EXPECT_TRUE(policy.matches(R"({"a": [{"b": {"c": "y"}}, {"b": {"c": "x"}}]})", {}));
  EXPECT_TRUE(policy.matches(R"({"a.b": {"c": "x"}})", {}));
  EXPECT_FALSE(policy.matches(R"({"a": {"b": {"c": "x", "d": 0}}})", {}));
  EXPECT_FALSE(policy.matches(R"({"b": {"c": "x"}})", {}));
  EXPECT_FALSE(policy.matches(R"({"a": {"b": "x"}})", {}));
}

TEST(FilterPolicy, OnlyABodyThatIsAnObjectMatches) {
  const auto policy = policy_of(R"({"k": [{"exists": false}]})", Scope::kMessageBody);
  EXPECT_TRUE(policy.matches("{}", {}));
  for (const char* body : {"", "text", "[]", "[{}]", "5", "null", "{", R"("{}")"}) {
    EXPECT_FALSE(policy.matches(body, {})) << body;
  }
}

TEST(FilterPolicy, AnEmptyPolicyTakesEveryMessage) {
  EXPECT_TRUE(policy_of("{}", Scope::kMessageAttributes).matches("text", {}));
}

TEST(FilterPolicy, BodiesThatNestDeeplyAreNoTrouble) {
  const auto policy = policy_of(R"({"k": ["x"]})", Scope::kMessageBody);
  const size_t deep = 100'000;
  EXPECT_FALSE(
      policy.matches(R"({"k": )" + repeated("[", deep) + R"("x")" + repeated("]", deep) + "}", {}));
  EXPECT_TRUE(policy.matches(
      R"({"deep": )" + repeated("[", deep) + repeated("]", deep) + R"(, "k": "x"})", {}));
}

TEST(FilterPolicy, FiveKeysAndNoMore) {
  EXPECT_EQ(refusal(R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"]})"), "accepted");
  EXPECT_EQ(refusal(R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})"),
            "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys");
  // Those within an object don't count.
  EXPECT_EQ(refusal(R"({"o":{"a":[1],"b":[1]},"c":[1],"d":[1],"e":[1],"f":[1]})"), "accepted");
}

std::string list_of(int conditions) {
  std::string out = "[\"0\"";
  for (int i = 1; i < conditions; ++i) out += ",\"" + std::to_string(i) + "\"";
  return out + "]";
}

TEST(FilterPolicy, CombinationsUpToTheLimit) {
  const char* const too_complex = "Invalid parameter: FilterPolicy: Filter policy is too complex";
  EXPECT_EQ(refusal(R"({"a":)" + list_of(150) + "}"), "accepted");
  EXPECT_EQ(refusal(R"({"a":)" + list_of(151) + "}"), too_complex);
  EXPECT_EQ(refusal(R"({"a":)" + list_of(15) + R"(,"b":)" + list_of(10) + "}"), "accepted");
  EXPECT_EQ(refusal(R"({"a":)" + list_of(14) + R"(,"b":)" + list_of(11) + "}"), too_complex);
  // Conditions count as often as they are deep.
  EXPECT_EQ(refusal(R"({"o":{"a":)" + list_of(75) + "}}"), "accepted");
  EXPECT_EQ(refusal(R"({"o":{"a":)" + list_of(76) + "}}"), too_complex);
  // Alternatives are added up.
  EXPECT_EQ(refusal(R"({"$or":[{"a":)" + list_of(75) + R"(},{"b":)" + list_of(75) + "}]}"),
            "accepted");
  EXPECT_EQ(refusal(R"({"$or":[{"a":)" + list_of(75) + R"(},{"b":)" + list_of(76) + "}]}"),
            too_complex);
}

TEST(FilterPolicy, CombinationsDontOverflow) {
  std::string many;
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    many += (many.empty() ? "{\"" : ",\"") + std::string(key) + "\":" + list_of(7000);
  }
  EXPECT_EQ(refusal(many + "}"), "Invalid parameter: FilterPolicy: Filter policy is too complex");
}

TEST(FilterPolicy, SizeUpToTheLimit) {
  const std::string frame = R"({"k":[""]})";
  const auto sized = [&](size_t bytes) {
    return R"({"k":[")" + std::string(bytes - frame.size(), 'x') + R"("]})";
  };
  EXPECT_EQ(refusal(sized(FilterPolicy::kMaxBytes)), "accepted");
  EXPECT_EQ(refusal(sized(FilterPolicy::kMaxBytes + 1)),
            "Invalid parameter: FilterPolicy: Filter policy is too long: 262145 bytes, the limit "
            "is 262144");
}

TEST(FilterPolicy, DepthUpToTheLimit) {
  // A condition at depth 100 counts as 100 combinations.
  const auto nested = [](int depth) {
    const auto objects = static_cast<size_t>(depth - 1);
    return repeated(R"({"o":)", objects) + R"({"k":[1]})" + repeated("}", objects);
  };
  EXPECT_EQ(refusal(nested(100)), "accepted");
  EXPECT_EQ(refusal(nested(101)),
            "Invalid parameter: FilterPolicy: Filter policy is nested too deeply");
}

// What nests deeper than a program's stack is refused wherever it stands.
TEST(FilterPolicy, DeepNestingIsRefusedEverywhere) {
  const size_t deep = 100'000;
  const std::string lists = repeated("[", deep) + repeated("]", deep);
  const std::string objects = repeated(R"({"":)", deep / 4) + "1" + repeated("}", deep / 4);
  for (const std::string& value : {lists, objects}) {
    for (const std::string& policy :
         {value, R"({"k":)" + value + "}", R"({"k":[)" + value + "]}",
          R"({"k":[{"numeric":[)" + value + "]}]}", R"({"k":[{"numeric":[">",1,)" + value + "]}]}",
          R"({"k":[{"anything-but":)" + value + "}]}",
          R"({"k":[{"anything-but":[)" + value + "]}]}", R"({"k":[{"exists":)" + value + "}]}",
          R"({"$or":[)" + value + "," + value + "]}"}) {
      EXPECT_TRUE(refusal(policy).starts_with("Invalid parameter: FilterPolicy: "))
          << policy.substr(0, 40);
    }
  }
  const std::string ors =
      repeated(R"({"$or":[{"a":[1]},)", 10'000) + R"({"b":[1]})" + repeated("]}", 10'000);
  EXPECT_TRUE(refusal(ors).starts_with("Invalid parameter: FilterPolicy: "));
}

struct Refused {
  const char* policy;
  const char* why;  // after "Invalid parameter: FilterPolicy: "
};

const Refused kRefused[] = {
    {"[]", "Filter is not an object"},
    {R"("k")", "Filter is not an object"},
    {"", "failed to parse JSON. Unexpected text at line: 1, column: 1"},
    {"{invalid}", "failed to parse JSON. Unexpected text at line: 1, column: 2"},
    {"{\n  \"k\": [1,]\n}", "failed to parse JSON. Unexpected text at line: 2, column: 11"},
    {R"({"k": [1e999]})", "failed to parse JSON. A number is out of range"},
    {R"({"k": []})", "Empty arrays are not allowed"},
    {R"({"k": {}})", "Empty objects are not allowed"},
    {R"({"k": "v"})", "\"k\" must be an object or an array"},
    {R"({"k": 5})", "\"k\" must be an object or an array"},
    {R"({"k": null})", "\"k\" must be an object or an array"},
    {R"({"k": [[1]]})", "Match value must be String, number, true, false, or null"},
    {R"({"k": [{}]})", "Only one key allowed in match expression"},
    {R"({"k": [{"prefix": "a", "suffix": "b"}]})", "Only one key allowed in match expression"},
    {R"({"k": [{"like": "a"}]})", "Unrecognized match type like"},
    {R"({"k": [{"prefix": 1}]})", "prefix match pattern must be a string"},
    {R"({"k": [{"suffix": null}]})", "suffix match pattern must be a string"},
    {R"({"k": [{"equals-ignore-case": ["a"]}]})",
     "equals-ignore-case match pattern must be a string"},
    {R"({"k": [{"exists": "yes"}]})", "exists match pattern must be either true or false."},
    {R"({"k": [{"anything-but": []}]})", "Empty arrays are not allowed"},
    {R"({"k": [{"anything-but": [true]}]})",
     "Value of anything-but must be an array or single string/number value."},
    {R"({"k": [{"anything-but": null}]})",
     "Value of anything-but must be an array or single string/number value."},
    {R"({"k": [{"anything-but": ["a", 1]}]})",
     "Inside anything but list, either all values are number or string, mixed type is not "
     "supported"},
    {R"({"k": [{"anything-but": {"numeric": ["=", 1]}}]})",
     "Unsupported anything-but pattern: numeric"},
    {R"({"k": [{"anything-but": {"prefix": "a", "suffix": "b"}}]})",
     "Only one key allowed in match expression"},
    {R"({"k": [{"numeric": 5}]})", "Value of numeric must be an array."},
    {R"({"k": [{"numeric": []}]})", "Invalid member in numeric match: ]"},
    {R"({"k": [{"numeric": [5]}]})", "Invalid member in numeric match: 5"},
    {R"({"k": [{"numeric": ["<>", 5]}]})", "Unrecognized numeric range operator: <>"},
    {R"({"k": [{"numeric": ["="]}]})", "Value of equals must be numeric"},
    {R"({"k": [{"numeric": [">", "5"]}]})", "Value of > must be numeric"},
    {R"({"k": [{"numeric": ["=", 1, "<", 5]}]})", "Too many elements in numeric expression"},
    {R"({"k": [{"numeric": ["<", 1, ">", 0]}]})", "Too many elements in numeric expression"},
    {R"({"k": [{"numeric": [">", 1, 5]}]})", "Bad value in numeric range: 5"},
    {R"({"k": [{"numeric": [">", 1, ">", 5]}]})", "Bad numeric range operator: >"},
    {R"({"k": [{"numeric": [">", 1, "<"]}]})", "Value of < must be numeric"},
    {R"({"k": [{"numeric": [">", 5, "<", 5]}]})", "Bottom must be less than top"},
    {R"({"k": [{"numeric": [">", 1, "<", 5, "<"]}]})",
     "Too many terms in numeric range expression"},
    {R"({"k": [{"cidr": 5}]})", "prefix match pattern must be a string"},
    {R"({"k": [{"cidr": "10.0.0.0"}]})", "Malformed CIDR, '10.0.0.0' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "10.0.0.0/33"}]})", "Malformed CIDR, '10.0.0.0/33' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "::/129"}]})", "Malformed CIDR, '::/129' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "10.0.0.0/-1"}]})", "Malformed CIDR, '10.0.0.0/-1' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "10.0.0/8"}]})", "Malformed CIDR, '10.0.0/8' is not ADDRESS/BITS"},
    {R"({"$or": [{}, {"a": [1]}]})", "Empty objects are not allowed"},
    // One alternative alone is the condition of a key.
    {R"({"$or": [{"a": [1]}]})", "Unrecognized match type a"},
};

TEST(FilterPolicy, RefusalsSayWhy) {
  for (const auto& c : kRefused) {
    EXPECT_EQ(refusal(c.policy), "Invalid parameter: FilterPolicy: " + std::string(c.why))
        << c.policy;
  }
}

TEST(FilterPolicy, AttributesDontNest) {
  EXPECT_EQ(refusal(R"({"k": {"a": [1]}})", Scope::kMessageAttributes),
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested "
            "filter policy");
}

}  // namespace
}  // namespace kiln::notify
