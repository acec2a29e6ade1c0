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

std::string filter_refusal(const std::string& text, Scope scope = Scope::kMessageBody) {
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
  EXPECT_EQ(filter_refusal(R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"]})"), "accepted");
  EXPECT_EQ(filter_refusal(R"({"a":["1"],"b":["1"],"c":["1"],"d":["1"],"e":["1"],"f":["1"]})"),
            "Invalid parameter: FilterPolicy: Filter policy can not have more than 5 keys");
  // Those within an object don't count.
  EXPECT_EQ(filter_refusal(R"({"o":{"a":[1],"b":[1]},"c":[1],"d":[1],"e":[1],"f":[1]})"),
            "accepted");
}

std::string list_of(int conditions) {
  std::string out = "[\"0\"";
  for (int i = 1; i < conditions; ++i) out += ",\"" + std::to_string(i) + "\"";
  return out + "]";
}

TEST(FilterPolicy, CombinationsUpToTheLimit) {
  const char* const too_complex = "Invalid parameter: FilterPolicy: Filter policy is too complex";
  EXPECT_EQ(filter_refusal(R"({"a":)" + list_of(150) + "}"), "accepted");
  EXPECT_EQ(filter_refusal(R"({"a":)" + list_of(151) + "}"), too_complex);
  EXPECT_EQ(filter_refusal(R"({"a":)" + list_of(15) + R"(,"b":)" + list_of(10) + "}"), "accepted");
  EXPECT_EQ(filter_refusal(R"({"a":)" + list_of(14) + R"(,"b":)" + list_of(11) + "}"), too_complex);
  // Conditions count as often as they are deep.
  EXPECT_EQ(filter_refusal(R"({"o":{"a":)" + list_of(75) + "}}"), "accepted");
  EXPECT_EQ(filter_refusal(R"({"o":{"a":)" + list_of(76) + "}}"), too_complex);
  // Alternatives are added up.
  EXPECT_EQ(filter_refusal(R"({"$or":[{"a":)" + list_of(75) + R"(},{"b":)" + list_of(75) + "}]}"),
            "accepted");
  EXPECT_EQ(filter_refusal(R"({"$or":[{"a":)" + list_of(75) + R"(},{"b":)" + list_of(76) + "}]}"),
            too_complex);
}

TEST(FilterPolicy, CombinationsDontOverflow) {
  std::string many;
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    many += (many.empty() ? "{\"" : ",\"") + std::string(key) + "\":" + list_of(7000);
  }
  EXPECT_EQ(filter_refusal(many + "}"),
            "Invalid parameter: FilterPolicy: Filter policy is too complex");
}

TEST(FilterPolicy, SizeUpToTheLimit) {
  const std::string frame = R"({"k":[""]})";
  const auto sized = [&](size_t bytes) {
    return R"({"k":[")" + std::string(bytes - frame.size(), 'x') + R"("]})";
  };
  EXPECT_EQ(filter_refusal(sized(FilterPolicy::kMaxBytes)), "accepted");
  EXPECT_EQ(filter_refusal(sized(FilterPolicy::kMaxBytes + 1)),
            "Invalid parameter: FilterPolicy: Filter policy is too long: 262145 bytes, the limit "
            "is 262144");
}

TEST(FilterPolicy, DepthUpToTheLimit) {
  // A condition at depth 100 counts as 100 combinations.
  const auto nested = [](int depth) {
    const auto objects = static_cast<size_t>(depth - 1);
    return repeated(R"({"o":)", objects) + R"({"k":[1]})" + repeated("}", objects);
  };
  EXPECT_EQ(filter_refusal(nested(100)), "accepted");
  EXPECT_EQ(filter_refusal(nested(101)),
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
      EXPECT_TRUE(filter_refusal(policy).starts_with("Invalid parameter: FilterPolicy: "))
          << policy.substr(0, 40);
    }
  }
  const std::string ors =
      repeated(R"({"$or":[{"a":[1]},)", 10'000) + R"({"b":[1]})" + repeated("]}", 10'000);
  EXPECT_TRUE(filter_refusal(ors).starts_with("Invalid parameter: FilterPolicy: "));
}

struct Refused {
  const char* policy;
  const char* why;  // after "Invalid parameter: FilterPolicy: "
};

const Refused kRefused[] = {
    {"", "failed to parse JSON. Unexpected text at line: 1, column: 1"},
    {"{invalid}",
     "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to "
     "start field name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` "
     "disabled); line: 1, column: 2]"},
    {"invalid",
     "failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, "
     "Array, Object or token 'null', 'true' or 'false')\n at [Source: REDACTED "
     "(`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 8]"},
    {"{\n  \"k\": [1,]\n}", "failed to parse JSON. Unexpected text at line: 2, column: 11"},
    {R"({"k": [1e999]})", "failed to parse JSON. A number is out of range"},
    {R"({"key": [{"cidr": "bad-filter"}]})", "Malformed CIDR, one '/' required"},
    {R"({"key": [{"cidr": "bad-filter/64"}]})", "Nonstandard IP address: bad-filter"},
    {R"({"key": [{"cidr": "bad-/64filter"}]})", "Malformed CIDR, mask bits must be an integer"},
    {R"({"key": [{"cidr": "xx.11.xx/8"}]})", "Nonstandard IP address: xx.11.xx"},
    {R"({"key": [{"cidr": "xxxx:db8:1234:1a00::/64"}]})",
     "Nonstandard IP address: xxxx:db8:1234:1a00::"},
    {R"({"k": [{"cidr": "10.0.0.0/33"}]})", "Malformed CIDR, '10.0.0.0/33' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "::/129"}]})", "Malformed CIDR, '::/129' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "10.0.0.0/-1"}]})", "Malformed CIDR, '10.0.0.0/-1' is not ADDRESS/BITS"},
    {R"({"k": [{"cidr": "10.0.0/8"}]})", "Nonstandard IP address: 10.0.0"},
};

struct RefusedAt {
  const char* policy;  // as a client writes it
  const char* source;  // as SNS gives it back
  const char* why;
  int column;
};

// With the columns that were recorded; those of "k" follow the same rules.
const RefusedAt kRefusedAt[] = {
    {R"({"key": [["value"]]})", R"({"key":[["value"]]})",
     R"(Match value must be String, number, true, false, or null)", 10},
    {R"({"key": [{"wrong-operator": true}]})", R"({"key":[{"wrong-operator":true}]})",
     R"(Unrecognized match type wrong-operator)", 31},
    {R"({"key": [{"suffix": "value", "prefix": "value2"}]})",
     R"({"key":[{"suffix":"value","prefix":"value2"}]})",
     R"(Only one key allowed in match expression)", 37},
    {R"({"key": []})", R"({"key":[]})", R"(Empty arrays are not allowed)", 10},
    {R"({"key": [{"suffix": 100}]})", R"({"key":[{"suffix":100}]})",
     R"(suffix match pattern must be a string)", 22},
    {R"({"key": [{"suffix": null}]})", R"({"key":[{"suffix":null}]})",
     R"(suffix match pattern must be a string)", 23},
    {R"({"key": {"suffix": "value"}})", R"({"key":{"suffix":"value"}})",
     R"("suffix" must be an object or an array)", 19},
    {R"({"key": [{"suffix": []}]})", R"({"key":[{"suffix":[]}]})",
     R"(suffix match pattern must be a string)", 20},
    {R"({"key": [{"suffix": ["test", "test2"]}]})", R"({"key":[{"suffix":["test","test2"]}]})",
     R"(suffix match pattern must be a string)", 20},
    {R"({"key": {"suffix": "value", "prefix": "value"}})",
     R"({"key":{"suffix":"value","prefix":"value"}})", R"("suffix" must be an object or an array)",
     19},
    {R"({"key": {"not-an-operator": "value"}})", R"({"key":{"not-an-operator":"value"}})",
     R"("not-an-operator" must be an object or an array)", 28},
    {R"({"key": [{"cidr": ["bad-filter"]}]})", R"({"key":[{"cidr":["bad-filter"]}]})",
     R"(prefix match pattern must be a string)", 18},
    {R"({"key": [{"numeric": []}]})", R"({"key":[{"numeric":[]}]})",
     R"(Invalid member in numeric match: ])", 22},
    {R"({"key": [{"numeric": ["operator"]}]})", R"({"key":[{"numeric":["operator"]}]})",
     R"(Unrecognized numeric range operator: operator)", 32},
    {R"({"key": [{"numeric": [1, "<="]}]})", R"({"key":[{"numeric":[1,"<="]}]})",
     R"(Invalid member in numeric match: 1)", 22},
    {R"({"key": [{"numeric": ["=", "000"]}]})", R"({"key":[{"numeric":["=","000"]}]})",
     R"(Value of equals must be numeric)", 26},
    {R"({"key": [{"numeric": [">="]}]})", R"({"key":[{"numeric":[">="]}]})",
     R"(Value of >= must be numeric)", 26},
    {R"({"key": [{"numeric": ["<", 100, ">", 10]}]})", R"({"key":[{"numeric":["<",100,">",10]}]})",
     R"(Too many elements in numeric expression)", 30},
    {R"({"key": [{"numeric": [">=", 1, ">", 2]}]})", R"({"key":[{"numeric":[">=",1,">",2]}]})",
     R"(Bad numeric range operator: >)", 31},
    {R"({"key": [{"numeric": [">", 3, "<", 1]}]})", R"({"key":[{"numeric":[">",3,"<",1]}]})",
     R"(Bottom must be less than top)", 33},
    {R"({"key": [{"numeric": [">", 20, "<="]}]})", R"({"key":[{"numeric":[">",20,"<="]}]})",
     R"(Value of <= must be numeric)", 33},
    {R"({"key": [{"numeric": [">", 20, 30]}]})", R"({"key":[{"numeric":[">",20,30]}]})",
     R"(Bad value in numeric range: 30)", 30},
    {R"({"key": [{"numeric": [">", 20, "test"]}]})", R"({"key":[{"numeric":[">",20,"test"]}]})",
     R"(Bad numeric range operator: test)", 34},
    {R"({"key": [{"numeric": [">", "20", "<", "30"]}]})",
     R"({"key":[{"numeric":[">","20","<","30"]}]})", R"(Value of > must be numeric)", 26},
    {R"({"key": [{"numeric": [">", 20, "<", "30"]}]})",
     R"({"key":[{"numeric":[">",20,"<","30"]}]})", R"(Value of < must be numeric)", 33},
    {R"({"key": [{"numeric": [">", 20, "<", 30, "<", 50]}]})",
     R"({"key":[{"numeric":[">",20,"<",30,"<",50]}]})",
     R"(Too many terms in numeric range expression)", 36},
    {R"({"key": [{"exists": null}]})", R"({"key":[{"exists":null}]})",
     R"(exists match pattern must be either true or false.)", 23},
    {R"({"key": [{"exists": "no"}]})", R"({"key":[{"exists":"no"}]})",
     R"(exists match pattern must be either true or false.)", 20},
    {R"({"key_a": "value_one"})", R"({"key_a":"value_one"})",
     R"("key_a" must be an object or an array)", 11},
    {R"({"key": [{"anything-but": {"wrong-operator": null}}]})",
     R"({"key":[{"anything-but":{"wrong-operator":null}}]})",
     R"(Unsupported anything-but pattern: wrong-operator)", 47},
    {R"({"key": [{"anything-but": {"exists": false}}]})",
     R"({"key":[{"anything-but":{"exists":false}}]})",
     R"(Unsupported anything-but pattern: exists)", 40},
    {R"({"key": [{"anything-but": {"suffix": "test"}}]})",
     R"({"key":[{"anything-but":{"suffix":"test"}}]})",
     R"(Unsupported anything-but pattern: suffix)", 36},
    {R"({"key": [{"anything-but": {"prefix": false}}]})",
     R"({"key":[{"anything-but":{"prefix":false}}]})", R"(prefix match pattern must be a string)",
     40},
    {R"([])", R"([])", R"(Filter is not an object)", 2},
    {R"({"k": {}})", R"({"k":{}})", R"(Empty objects are not allowed)", 8},
    {R"({"k": 5})", R"({"k":5})", R"("k" must be an object or an array)", 7},
    {R"({"k": null})", R"({"k":null})", R"("k" must be an object or an array)", 10},
    {R"({"k": [{}]})", R"({"k":[{}]})", R"(Only one key allowed in match expression)", 9},
    {R"({"k": [{"equals-ignore-case": ["a"]}]})", R"({"k":[{"equals-ignore-case":["a"]}]})",
     R"(equals-ignore-case match pattern must be a string)", 30},
    {R"({"k": [{"anything-but": []}]})", R"({"k":[{"anything-but":[]}]})",
     R"(Empty arrays are not allowed)", 25},
    {R"({"k": [{"anything-but": [true]}]})", R"({"k":[{"anything-but":[true]}]})",
     R"(Value of anything-but must be an array or single string/number value.)", 28},
    {R"({"k": [{"anything-but": null}]})", R"({"k":[{"anything-but":null}]})",
     R"(Value of anything-but must be an array or single string/number value.)", 27},
    {R"({"k": [{"anything-but": ["a", 1]}]})", R"({"k":[{"anything-but":["a",1]}]})",
     R"(Inside anything but list, either all values are number or string, mixed type is not supported)",
     29},
    {R"({"k": [{"anything-but": {"prefix": "a", "suffix": "b"}}]})",
     R"({"k":[{"anything-but":{"prefix":"a","suffix":"b"}}]})",
     R"(Only one key allowed in match expression)", 47},
    {R"({"k": [{"numeric": 5}]})", R"({"k":[{"numeric":5}]})",
     R"(Value of numeric must be an array.)", 19},
    {R"({"k": [{"numeric": ["=", 1, "<", 5]}]})", R"({"k":[{"numeric":["=",1,"<",5]}]})",
     R"(Too many elements in numeric expression)", 26},
    {R"({"$or": [{}, {"a": [1]}]})", R"({"$or":[{},{"a":[1]}]})",
     R"(Empty objects are not allowed)", 11},
    {R"({"$or": [{"a": [1]}]})", R"({"$or":[{"a":[1]}]})", R"(Unrecognized match type a)", 15},
};

TEST(FilterPolicy, RefusalsSayWhy) {
  for (const auto& c : kRefused) {
    EXPECT_EQ(filter_refusal(c.policy), "Invalid parameter: FilterPolicy: " + std::string(c.why))
        << c.policy;
  }
}

TEST(FilterPolicy, RefusalsSayWhere) {
  for (const auto& c : kRefusedAt) {
    const std::string place = "\n at [Source: (String)\"" + std::string(c.source) +
                              "\"; line: 1, column: " + std::to_string(c.column) + "]";
    EXPECT_EQ(filter_refusal(c.policy),
              "Invalid parameter: FilterPolicy: " + std::string(c.why) + place);
  }
}

// A long policy is cut.
TEST(FilterPolicy, RefusalsShowTheBeginning) {
  const std::string said = filter_refusal(R"({"k": [")" + repeated("x", 600) + R"("], "l": 5})");
  EXPECT_TRUE(said.ends_with("xxx\"[truncated 116 chars]; line: 1, column: 616]")) << said;
}

TEST(FilterPolicy, AttributesDontNest) {
  EXPECT_EQ(filter_refusal(R"({"k": {"a": [1]}})", Scope::kMessageAttributes),
            "Invalid parameter: Filter policy scope MessageAttributes does not support nested "
            "filter policy");
}

}  // namespace
}  // namespace kiln::notify
