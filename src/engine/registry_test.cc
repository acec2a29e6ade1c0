#include "engine/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/database.h"
#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

model::FunctionPtr make_function(const std::string& region, const std::string& name,
                                 int memory_mb = 128) {
  auto config = std::make_shared<model::FunctionConfig>();
  config->region = region;
  config->name = name;
  config->memory_mb = memory_mb;
  auto function = std::make_shared<model::Function>();
  function->latest = config;
  return function;
}

class RegistryTest : public testing::Test {
 protected:
  // A registry as a new process would have it.
  void reopen() {
    registry_.reset();
    store_.reset();
    database_.reset();
    published_.clear();
    auto opened = store::Database::open(dir_ / "kiln.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = *std::move(opened);
    store_ = std::make_unique<store::FunctionStore>(*database_);
    registry_ = std::make_unique<Registry>(
        *store_, clock_, "000000000000",
        [this](const std::string& region, const std::string& name, const model::FunctionPtr& f) {
          published_.push_back(region + "/" + name + "=" +
                               (f ? std::to_string(f->latest->memory_mb) : "gone"));
        });
  }
  void SetUp() override { reopen(); }

  std::vector<std::string> names(const std::string& marker, size_t max) {
    std::vector<std::string> out;
    for (const auto& f : registry_->list("eu-west-1", marker, max)) out.push_back(f->name());
    return out;
  }

  TestDir dir_;
  SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::FunctionStore> store_;
  std::unique_ptr<Registry> registry_;
  std::vector<std::string> published_;
};

TEST_F(RegistryTest, PutPublishesAndSurvivesARestart) {
  ASSERT_TRUE(registry_->put(make_function("eu-west-1", "f", 128)).ok());
  ASSERT_TRUE(registry_->put(make_function("eu-west-1", "f", 256)).ok());
  EXPECT_THAT(published_, ElementsAre("eu-west-1/f=128", "eu-west-1/f=256"));
  reopen();
  EXPECT_FALSE(registry_->find("eu-west-1", "f").ok());
  ASSERT_TRUE(registry_->load().ok());
  EXPECT_THAT(published_, ElementsAre("eu-west-1/f=256"));
  EXPECT_EQ((*registry_->find("eu-west-1", "f"))->latest->memory_mb, 256);
}

TEST_F(RegistryTest, UnknownFunctionsAreAnsweredAsAwsDoes) {
  ASSERT_TRUE(registry_->put(make_function("eu-west-1", "f")).ok());
  // The same name in another Region is another function.
  auto found = registry_->find("us-east-1", "f");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(found.error().type, "ResourceNotFoundException");
  EXPECT_EQ(found.error().message,
            "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f");
  EXPECT_EQ(registry_->erase("us-east-1", "f").error().type, "ResourceNotFoundException");
}

TEST_F(RegistryTest, EraseIsPublishedAndLasting) {
  ASSERT_TRUE(registry_->put(make_function("eu-west-1", "f")).ok());
  ASSERT_TRUE(registry_->erase("eu-west-1", "f").ok());
  EXPECT_EQ(published_.back(), "eu-west-1/f=gone");
  EXPECT_FALSE(registry_->find("eu-west-1", "f").ok());
  reopen();
  ASSERT_TRUE(registry_->load().ok());
  EXPECT_THAT(published_, IsEmpty());
}

TEST_F(RegistryTest, ListPagesInNameOrder) {
  for (const char* name : {"c", "a", "b", "d"}) {
    ASSERT_TRUE(registry_->put(make_function("eu-west-1", name)).ok());
  }
  ASSERT_TRUE(registry_->put(make_function("us-east-1", "x")).ok());
  EXPECT_THAT(names("", 10), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(names("", 2), ElementsAre("a", "b"));
  EXPECT_THAT(names("b", 2), ElementsAre("c", "d"));
  // A marker whose function was deleted meanwhile still works.
  EXPECT_THAT(names("bb", 2), ElementsAre("c", "d"));
  EXPECT_THAT(names("d", 2), IsEmpty());
  EXPECT_THAT(registry_->list("ap-south-1", "", 5), IsEmpty());
  EXPECT_EQ(registry_->all().size(), 5U);
}

TEST_F(RegistryTest, AFailedWriteChangesNothing) {
  ASSERT_TRUE(registry_->put(make_function("eu-west-1", "f", 128)).ok());
  ASSERT_TRUE(database_->execute("DROP TABLE functions").ok());
  EXPECT_EQ(registry_->put(make_function("eu-west-1", "f", 256)).error().kind,
            ErrorKind::kInternal);
  EXPECT_FALSE(registry_->erase("eu-west-1", "f").ok());
  EXPECT_EQ((*registry_->find("eu-west-1", "f"))->latest->memory_mb, 128);
  EXPECT_THAT(published_, ElementsAre("eu-west-1/f=128"));
}

}  // namespace
}  // namespace kiln::engine
