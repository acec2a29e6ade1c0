#include "engine/stored_documents.h"

#include <gtest/gtest.h>

namespace kiln::engine {
namespace {

bool is_fruit(const std::string& kind) { return kind == "apple" || kind == "pear"; }
bool is_tree(const std::string& kind) { return kind == "oak"; }

struct Loaded {
  std::vector<std::string> fruit, trees, warnings;
  StoredDocuments documents{[this](const std::string& line) { warnings.push_back(line); }};
  Loaded() {
    documents.add(is_fruit, [this](const StoredDocument& d) -> Result<void> {
      if (d.text == "rotten") return Error{ErrorKind::kInvalid, "", "it is rotten"};
      fruit.push_back(d.key);
      return {};
    });
    documents.add(is_tree, [this](const StoredDocument& d) -> Result<void> {
      trees.push_back(d.key);
      return {};
    });
  }
};

TEST(StoredDocuments, GoToTheOwnerOfTheirKind) {
  Loaded to;
  to.documents.load({"apple", "r", "a", ""});
  to.documents.load({"oak", "r", "b", ""});
  to.documents.load({"pear", "r", "c", ""});
  EXPECT_EQ(to.fruit, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(to.trees, std::vector<std::string>{"b"});
}

TEST(StoredDocuments, OfNobodyArePassedOver) {
  Loaded to;
  to.documents.load({"stone", "r", "a", ""});
  EXPECT_TRUE(to.fruit.empty() && to.trees.empty() && to.warnings.empty());
}

TEST(StoredDocuments, OneThatCannotBeReadIsToldAndTheRestIsLoaded) {
  Loaded to;
  to.documents.load({"apple", "eu-west-1", "a", "rotten"});
  to.documents.load({"apple", "eu-west-1", "b", ""});
  EXPECT_EQ(to.fruit, std::vector<std::string>{"b"});
  ASSERT_EQ(to.warnings.size(), 1u);
  EXPECT_EQ(to.warnings[0],
            "the stored apple a (eu-west-1) can't be read and is left out: it is rotten");
}

}  // namespace
}  // namespace kiln::engine
