#include "base/document_reader.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace kiln {
namespace {

using nlohmann::json;

const json kStored{{"name", "f"},          {"size", 300},
                   {"rate", 0.5},          {"on", true},
                   {"tags", {{"k", "v"}}}, {"list", {"a", "b"}},
                   {"mixed", {"a", 2}},    {"large", UINT64_MAX},
                   {"at", 1500},           {"uses", {{{"id", 1}}, {{"id", 2}}}},
                   {"inner", {{"x", 1}}},  {"nothing", nullptr}};

std::string problem_of(const std::function<void(const DocumentReader&)>& read,
                       const json& document = kStored) {
  std::string problem;
  read(DocumentReader(document, problem));
  return problem;
}

TEST(DocumentReader, ReadsWhatIsThere) {
  std::string problem;
  const DocumentReader in(kStored, problem);
  EXPECT_EQ(in.get<std::string>("name"), "f");
  EXPECT_EQ(in.get<int16_t>("size"), 300);
  EXPECT_EQ(in.get<double>("rate"), 0.5);
  EXPECT_TRUE(in.get<bool>("on"));
  EXPECT_EQ((in.get<std::map<std::string, std::string>>("tags")["k"]), "v");
  EXPECT_EQ(in.get<std::vector<std::string>>("list")[1], "b");
  EXPECT_EQ(in.list("uses")[1].get<int>("id"), 2);
  EXPECT_EQ(in.object("inner").get<int>("x"), 1);
  EXPECT_EQ(in.members("tags")[0].first, "k");
  EXPECT_EQ((DocumentReader(kStored["mixed"], problem).item<std::string>(0)), "a");
  EXPECT_EQ(in.get<uint64_t>("large"), UINT64_MAX);
  EXPECT_EQ(epoch_ms(in.get<WallTime>("at")), 1500);
  EXPECT_EQ(in.get<std::optional<int>>("nothing"), std::nullopt);
  EXPECT_EQ(in.get<std::optional<int>>("size"), 300);
  EXPECT_EQ(in.get<json>("list"), json({"a", "b"}));
  int kept = 7;
  in.read_if("absent", kept);
  in.read_if("nothing", kept);
  EXPECT_EQ(kept, 7);
  in.read_if("size", kept);
  EXPECT_EQ(kept, 300);
  EXPECT_FALSE(in.has("nothing"));
  EXPECT_EQ(problem, "");
}

TEST(DocumentReader, SaysWhatIsWrongFirst) {
  const std::string missing = "its member \"absent\" is missing";
  EXPECT_EQ(problem_of([](const auto& in) {
              (void)in.template get<int>("absent");
              (void)in.template get<int>("name");
            }),
            missing);
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.list("absent"); }), missing);
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.members("absent"); }), missing);
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.object("absent"); }), missing);
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.template get<int>("name"); }),
            "its member \"name\" is of the wrong type (string)");
  EXPECT_NE(problem_of([](const auto& in) { (void)in.template get<int8_t>("size"); }), "");
  EXPECT_NE(problem_of([](const auto& in) { (void)in.template get<int64_t>("large"); }), "");
  EXPECT_NE(problem_of([](const auto& in) { (void)in.template get<json>("absent"); }), "");
  const auto second = [](const auto& in) { (void)in.list("lists")[0].template item<int>(1); };
  EXPECT_EQ(problem_of(second, {{"lists", {{1, 2}}}}), "");
  for (const json& list : {json{1}, json{1, "2"}, json(7)})
    EXPECT_EQ(problem_of(second, {{"lists", json::array({list})}}),
              "element 1 of a list is missing or of the wrong type");
  EXPECT_NE(problem_of([](const auto& in) {
              bool on = false;
              in.read_if("name", on);
            }),
            "");
  EXPECT_NE(problem_of([](const auto& in) { (void)in.template get<std::vector<int>>("list"); }),
            "");
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.list("list")[0].template get<int>("id"); }),
            "it is not an object but of type string");
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.list("x"); }, json::array()),
            "it is not an object but of type array");
  EXPECT_EQ(
      problem_of([](const auto& in) { (void)in.list("x"); }, json::parse("{", nullptr, false)),
      "it is no JSON");
}

}  // namespace
}  // namespace kiln
