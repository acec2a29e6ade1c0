#include "engine/layer_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/database.h"
#include "store/document_store.h"
#include "tests/support/state_doubles.h"
#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

LayerVersion make_layer(const std::string& name, const std::string& zip = "aa",
                        const std::string& region = "eu-west-1") {
  LayerVersion version;
  version.region = region;
  version.name = name;
  version.description = "d";
  version.license = "MIT";
  version.runtimes = std::vector<std::string>{"python3.12"};
  version.architectures = std::vector<std::string>{"arm64"};
  version.created = "2023-01-21T11:30:00.000+0000";
  version.code.zip_sha_hex = zip;
  version.code.sha256_base64 = "s";
  version.code.size_bytes = 3;
  version.code.unpacked_bytes = 4;
  return version;
}

class LayerBookTest : public testing::Test {
 protected:
  void SetUp() override { reopen(); }
  // A book as a new process would have it.
  void reopen() {
    book_.reset();
    documents_.reset();
    database_.reset();
    auto opened = store::Database::open(dir_ / "kiln.db");
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    database_ = *std::move(opened);
    documents_ = std::make_unique<store::DocumentStore>(*database_);
    book_ = std::make_unique<LayerBook>(*documents_);
    ASSERT_TRUE(documents_
                    ->load_all([this](const std::string& kind, const std::string& region,
                                      const std::string& key, const std::string& document) {
                      EXPECT_TRUE(LayerBook::owns(kind)) << kind;
                      EXPECT_TRUE(book_->load(kind, region, key, document).ok()) << key;
                    })
                    .ok());
  }
  int64_t publish(const LayerVersion& version) {
    auto published = book_->publish(version);
    EXPECT_TRUE(published.ok());
    return published.ok() ? (*published)->number : 0;
  }
  std::vector<int64_t> numbers(const std::string& name, const std::string& region = "eu-west-1") {
    std::vector<int64_t> out;
    for (const auto& version : book_->versions(region, name)) out.push_back(version->number);
    return out;
  }

  TestDir dir_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<store::DocumentStore> documents_;
  std::unique_ptr<LayerBook> book_;
};

TEST_F(LayerBookTest, NumbersGoUpAndAreNotUsedAgain) {
  EXPECT_EQ(publish(make_layer("l")), 1);
  EXPECT_EQ(publish(make_layer("l")), 2);
  EXPECT_EQ(publish(make_layer("m")), 1);
  EXPECT_EQ(publish(make_layer("l", "aa", "us-east-1")), 1) << "Regions are apart";
  EXPECT_TRUE(book_->erase("eu-west-1", "l", 2).ok());
  EXPECT_TRUE(book_->erase("eu-west-1", "l", 1).ok());
  reopen();
  EXPECT_EQ(publish(make_layer("l")), 3) << "also after a restart without any version";
  EXPECT_THAT(numbers("l"), ElementsAre(3));
}

TEST_F(LayerBookTest, EverythingSurvivesARestart) {
  publish(make_layer("l"));
  LayerVersion changed = *book_->find("eu-west-1", "l", 1);
  changed.statements = R"([{"Sid":"s"}])";
  changed.policy_revision = "r";
  ASSERT_TRUE(book_->put(changed).ok());
  reopen();
  const auto version = book_->find("eu-west-1", "l", 1);
  ASSERT_TRUE(version);
  EXPECT_EQ(version->region, "eu-west-1");
  EXPECT_EQ(version->name, "l");
  EXPECT_EQ(version->description, "d");
  EXPECT_EQ(version->license, "MIT");
  EXPECT_THAT(*version->runtimes, ElementsAre("python3.12"));
  EXPECT_THAT(*version->architectures, ElementsAre("arm64"));
  EXPECT_EQ(version->created, "2023-01-21T11:30:00.000+0000");
  EXPECT_EQ(version->code.zip_sha_hex, "aa");
  EXPECT_EQ(version->code.sha256_base64, "s");
  EXPECT_EQ(version->code.size_bytes, 3);
  EXPECT_EQ(version->code.unpacked_bytes, 4);
  EXPECT_EQ(version->statements, R"([{"Sid":"s"}])");
  EXPECT_EQ(version->policy_revision, "r");
}

TEST_F(LayerBookTest, VersionsAreListedNewestFirstAndLayersInOrder) {
  for (int i = 0; i < 11; ++i) publish(make_layer("b"));
  publish(make_layer("a"));
  publish(make_layer("gone"));
  EXPECT_TRUE(book_->erase("eu-west-1", "gone", 1).ok());
  EXPECT_THAT(numbers("b"), ElementsAre(11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(book_->names("eu-west-1"), ElementsAre("a", "b"));
  EXPECT_THAT(book_->names("us-east-1"), IsEmpty());
  EXPECT_THAT(numbers("b", "us-east-1"), IsEmpty());
}

TEST_F(LayerBookTest, AnErasedVersionStaysWithThoseWhoHaveIt) {
  publish(make_layer("l", "aa"));
  publish(make_layer("m", "bb"));
  const auto held = book_->find("eu-west-1", "l", 1);
  EXPECT_THAT(book_->code_in_use(), ElementsAre("aa", "bb"));
  EXPECT_TRUE(book_->erase("eu-west-1", "l", 1).ok());
  EXPECT_TRUE(book_->erase("eu-west-1", "l", 7).ok());
  EXPECT_EQ(held->code.zip_sha_hex, "aa");
  EXPECT_FALSE(book_->find("eu-west-1", "l", 1));
  EXPECT_THAT(book_->code_in_use(), ElementsAre("bb"));
}

TEST_F(LayerBookTest, WhatCannotBeWrittenIsNotSeen) {
  tests::MemoryState disk;
  LayerBook book(disk);
  ASSERT_TRUE(book.publish(make_layer("m", "bb")).ok());
  disk.full = true;
  EXPECT_FALSE(book.erase("eu-west-1", "m", 1).ok());
  EXPECT_TRUE(book.find("eu-west-1", "m", 1));
  EXPECT_FALSE(book.publish(make_layer("l")).ok());
  EXPECT_THAT(book.versions("eu-west-1", "l"), IsEmpty());
  EXPECT_THAT(book.code_in_use(), ElementsAre("bb"));
}

TEST_F(LayerBookTest, DamagedDocumentsAreRefused) {
  for (const char* text : {"", "{", "[]", "7", "{}", R"({"next":"x"})"}) {
    EXPECT_FALSE(book_->load("layer-version", "r", "l:1", text).ok()) << text;
    EXPECT_FALSE(book_->load("layer", "r", "l", text).ok()) << text;
  }
}

}  // namespace
}  // namespace kiln::engine
