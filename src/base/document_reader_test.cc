#include "base/document_reader.h"

#include <gtest/gtest.h>

#include <functional>

namespace kiln {
namespace {

const Json kStored{{"name", "f"},
                   {"size", 300},
                   {"rate", 0.5},
                   {"on", true},
                   {"tags", {{"k", "v"}}},
                   {"list", {"a", "b"}},
                   {"uses", {{{"id", 1}}, {{"id", 2}}}},
                   {"inner", {{"x", 1}}},
                   {"nothing", nullptr}};

std::string problem_of(const std::function<void(const DocumentReader&)>& read,
                       const Json& document = kStored) {
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
  int kept = 7;
  in.get_if("absent", kept);
  in.get_if("nothing", kept);
  EXPECT_EQ(kept, 7);
  in.get_if("size", kept);
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
  EXPECT_NE(problem_of([](const auto& in) {
              bool on = false;
              in.get_if("name", on);
            }),
            "");
  EXPECT_NE(problem_of([](const auto& in) { (void)in.template get<std::vector<int>>("list"); }),
            "");
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.list("list")[0].template get<int>("id"); }),
            "it is not an object but of type string");
  EXPECT_EQ(problem_of([](const auto& in) { (void)in.list("x"); }, Json::array()),
            "it is not an object but of type array");
}

}  // namespace
}  // namespace kiln
