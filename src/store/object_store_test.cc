#include "store/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/support/test_dir.h"

namespace kiln::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

class ObjectStoreTest : public testing::Test {
 protected:
  ObjectStoreTest() {
    reopen();
    EXPECT_TRUE(store_->create_bucket("bucket", "us-east-1").ok());
  }
  void reopen() {
    store_.reset();
    store_ = std::make_unique<ObjectStore>(dir_ / "objects", "111111111111", clock_);
  }

  static ObjectFile file_of(ObjectStore& store, std::string_view content) {
    auto file = store.new_file();
    EXPECT_TRUE(file.ok());
    EXPECT_TRUE(file->write(content).ok());
    return std::move(*file);
  }
  Result<Object> put(const std::string& key, std::string_view content,
                     const std::string& etag = "e", const ObjectCondition& condition = {}) {
    Object object;
    object.key = key;
    object.etag = etag;
    object.document = "{}";
    return store_->put("bucket", object, file_of(*store_, content), condition);
  }
  std::string read(const std::string& key) {
    auto content = store_->read("bucket", key, 1'000'000);
    return content ? *content : content.error().type;
  }
  std::vector<std::string> keys(const std::string& prefix = "", const std::string& from = "") {
    std::vector<std::string> found;
    EXPECT_TRUE(store_
                    ->walk("bucket", prefix, from,
                           [&](const Object& o) {
                             found.push_back(o.key);
                             return ObjectStore::Step{};
                           })
                    .ok());
    return found;
  }
  // Contents on disk, whatever they are of.
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir_ / "objects"))
      if (entry.is_regular_file() && entry.path().parent_path() != dir_ / "objects")
        names.push_back(entry.path().filename());
    return names;
  }

  TestDir dir_;
  ManualClock clock_{WallTime(std::chrono::seconds(1'700'000'000))};
  std::unique_ptr<ObjectStore> store_;
};

TEST_F(ObjectStoreTest, AnObjectIsFoundReplacedAndErased) {
  ASSERT_TRUE(put("k", "old").ok());
  clock_.advance(std::chrono::seconds(5));
  const auto object = put("k", "newer", "e2");
  ASSERT_TRUE(object.ok());
  EXPECT_EQ(read("k"), "newer");
  const auto found = store_->find("bucket", "k");
  EXPECT_EQ(found->size, 5);
  EXPECT_EQ(found->etag, "e2");
  EXPECT_EQ(found->modified_ms, 1'700'000'005'000);
  EXPECT_THAT(files(), ElementsAre(object->file));
  EXPECT_TRUE(store_->erase("bucket", "k").ok());
  EXPECT_TRUE(store_->erase("bucket", "k").ok());
  EXPECT_EQ(read("k"), "NoSuchKey");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ObjectStoreTest, WhenTheEngineGoesDownNoContentIsWritten) {
  std::stop_source ending;
  ObjectStore store(dir_ / "others", "111111111111", clock_, ending.get_token());
  auto file = store.new_file();
  ASSERT_TRUE(file.ok() && file->write("some").ok());
  ending.request_stop();
  const auto refused = file->write("more");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
}

TEST_F(ObjectStoreTest, AReaderKeepsTheContentThatItOpened) {
  ASSERT_TRUE(put("k", "old").ok());
  auto opened = store_->open("bucket", "k");
  ASSERT_TRUE(opened.ok());
  ASSERT_TRUE(put("k", "new").ok());
  std::string content;
  EXPECT_TRUE(read_file(opened->file, 1, 2, [&](std::string_view part) -> Result<void> {
                content += part;
                return {};
              }).ok());
  EXPECT_EQ(content, "ld");
}

TEST_F(ObjectStoreTest, ReadHasALimitOnBothSides) {
  ASSERT_TRUE(put("k", "12345").ok());
  EXPECT_EQ(*store_->read("bucket", "k", 5), "12345");
  EXPECT_EQ(store_->read("bucket", "k", 4).error().type, "EntityTooLarge");
}

TEST_F(ObjectStoreTest, KeysAreBytesInTheOrderOfBytes) {
  const std::vector<std::string> sorted = {std::string("\0", 1),
                                           std::string("\0a", 2),
                                           "../../x",
                                           "/",
                                           "//",
                                           "A",
                                           "a",
                                           "a/",
                                           "a/b",
                                           "\xc3\xbc",
                                           "\xff"};
  for (auto it = sorted.rbegin(); it != sorted.rend(); ++it) ASSERT_TRUE(put(*it, *it).ok());
  EXPECT_EQ(keys(), sorted);
  for (const std::string& key : sorted) EXPECT_EQ(read(key), key);
  EXPECT_THAT(files(), SizeIs(sorted.size()));
  EXPECT_THAT(keys("a/"), ElementsAre("a/", "a/b"));
  EXPECT_THAT(keys("a", "a/b"), ElementsAre("a/b"));
  EXPECT_THAT(keys("\xff"), ElementsAre("\xff"));
  EXPECT_THAT(keys("b"), IsEmpty());
}

TEST_F(ObjectStoreTest, AWalkSeeksAndStops) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2", "d"}) ASSERT_TRUE(put(key, "").ok());
  using Step = ObjectStore::Step;
  std::vector<std::string> seen;
  const auto visit = [&](const Object& object) -> Step {
    seen.push_back(object.key);
    if (object.key == "d") return {Step::Kind::kStop};
    const size_t slash = object.key.find('/');
    if (slash == std::string::npos) return {};
    return {Step::Kind::kSeek, key_after_prefix(object.key.substr(0, slash + 1))};
  };
  ASSERT_TRUE(store_->walk("bucket", "", "", visit).ok());
  EXPECT_THAT(seen, ElementsAre("a/1", "b", "c/1", "d"));
}

TEST(KeyAfterPrefix, Table) {
  EXPECT_EQ(key_after_prefix("a/"), "a0");
  EXPECT_EQ(key_after_prefix("a\xff\xff"), "b");
  EXPECT_EQ(key_after_prefix("\xff"), "");
  EXPECT_EQ(key_after_prefix(""), "");
}

TEST_F(ObjectStoreTest, ConditionsAreHeldAgainstWhatIsThere) {
  const auto type = [](const Result<Object>& result) {
    return result ? std::string("ok") : result.error().type;
  };
  EXPECT_EQ(type(put("k", "1", "e", {.if_match = "e"})), "NoSuchKey");
  EXPECT_EQ(type(put("k", "1", "e1", {.if_none_match = "*"})), "ok");
  EXPECT_EQ(type(put("k", "2", "e2", {.if_none_match = "*"})), "PreconditionFailed");
  EXPECT_EQ(type(put("k", "2", "e2", {.if_none_match = "e1"})), "PreconditionFailed");
  EXPECT_EQ(type(put("k", "2", "e2", {.if_none_match = "other"})), "ok");
  EXPECT_EQ(type(put("k", "3", "e3", {.if_match = "e1"})), "PreconditionFailed");
  EXPECT_EQ(read("k"), "2");
  EXPECT_EQ(type(put("k", "3", "e3", {.if_match = "e2"})), "ok");
  EXPECT_EQ(type(put("k", "4", "e4", {.if_match = "*"})), "ok");
  EXPECT_THAT(files(), SizeIs(1));  // what was refused left nothing
}

TEST_F(ObjectStoreTest, AnUploadThatWasOvertakenMeetsNoCondition) {
  const auto type = [](const Result<Object>& result) {
    return result ? std::string("ok") : result.error().type;
  };
  const auto complete = [&](const Upload& upload, const ObjectCondition& condition) {
    Object object;
    object.etag = "whole";
    return type(store_->complete(upload, object, file_of(*store_, "whole"), condition));
  };
  const auto begin = [&] { return *store_->create_upload("bucket", "k", "{}"); };
  // Written since.
  ASSERT_TRUE(put("k", "1", "e1").ok());
  Upload upload = begin();
  ASSERT_TRUE(put("k", "1", "e1").ok());
  EXPECT_EQ(complete(upload, {.if_match = "other"}), "PreconditionFailed");
  EXPECT_EQ(complete(upload, {.if_match = "e1"}), "ConditionalRequestConflict");
  EXPECT_EQ(read("k"), "1");
  // Without a condition it is the last one that counts; a new upload knows what is there.
  const Upload later = begin();
  EXPECT_EQ(complete(upload, {}), "ok");
  EXPECT_EQ(complete(later, {.if_match = "whole"}), "ConditionalRequestConflict");
  EXPECT_EQ(complete(begin(), {.if_match = "whole"}), "ok");
  // Removed since.
  upload = begin();
  ASSERT_TRUE(store_->erase("bucket", "k").ok());
  EXPECT_EQ(complete(upload, {.if_match = "whole"}), "NoSuchKey");
  EXPECT_EQ(complete(upload, {.if_none_match = "*"}), "ConditionalRequestConflict");
  EXPECT_EQ(complete(begin(), {.if_none_match = "*"}), "ok");
  // Another object of the bucket doesn't matter.
  upload = begin();
  ASSERT_TRUE(put("l", "1", "e1").ok());
  EXPECT_EQ(complete(upload, {.if_match = "whole"}), "ok");
}

TEST_F(ObjectStoreTest, OneOfManyWinsACondition) {
  std::atomic<int> won = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      if (put("k", std::to_string(i), "e", {.if_none_match = "*"})) ++won;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won, 1);
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(ObjectStoreTest, BucketsKeepWhatTheyAreGiven) {
  EXPECT_EQ(*store_->bucket_document("bucket", "policy"), "");
  ASSERT_TRUE(store_->set_bucket_document("bucket", "policy", "{}").ok());
  EXPECT_EQ(*store_->bucket_document("bucket", "policy"), "{}");
  reopen();
  EXPECT_EQ(*store_->bucket_document("bucket", "policy"), "{}");
  ASSERT_TRUE(store_->set_bucket_document("bucket", "policy", "").ok());
  EXPECT_EQ(*store_->bucket_document("bucket", "policy"), "");
  EXPECT_EQ(store_->bucket_document("nope", "policy").error().type, "NoSuchBucket");
}

TEST_F(ObjectStoreTest, OnlyAnEmptyBucketGoes) {
  EXPECT_EQ(store_->create_bucket("bucket", "us-east-1").error().type, "BucketAlreadyOwnedByYou");
  ASSERT_TRUE(put("k", "x").ok());
  EXPECT_EQ(store_->erase_bucket("bucket").error().type, "BucketNotEmpty");
  ASSERT_TRUE(store_->erase("bucket", "k").ok());
  const auto upload = store_->create_upload("bucket", "m", "{}");
  ASSERT_TRUE(store_->put_part(*upload, {.number = 1}, file_of(*store_, "part")).ok());
  EXPECT_TRUE(store_->erase_bucket("bucket").ok());
  EXPECT_EQ(store_->find_bucket("bucket").error().type, "NoSuchBucket");
  EXPECT_EQ(put("k", "x").error().type, "NoSuchBucket");
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(ObjectStoreTest, TheBucketOfCdkIsThereFromTheFirstLookOn) {
  const auto bucket = store_->find_bucket("cdk-hnb659fds-assets-111111111111-eu-west-1");
  ASSERT_TRUE(bucket.ok());
  EXPECT_EQ(bucket->region, "eu-west-1");
  EXPECT_THAT(*store_->buckets(), SizeIs(2));
  for (const char* other : {"cdk-hnb659fds-assets-222222222222-eu-west-1",
                            "cdk-hnb659fds-assets-111111111111-", "cdk-assets"})
    EXPECT_EQ(store_->find_bucket(other).error().type, "NoSuchBucket") << other;
}

TEST_F(ObjectStoreTest, AnUploadBecomesAnObject) {
  const auto upload = store_->create_upload("bucket", "m", "{\"a\":1}");
  ASSERT_TRUE(upload.ok());
  ASSERT_TRUE(store_->put_part(*upload, {.number = 2, .etag = "2"}, file_of(*store_, "two")).ok());
  ASSERT_TRUE(store_->put_part(*upload, {.number = 1, .etag = "0"}, file_of(*store_, "zero")).ok());
  ASSERT_TRUE(store_->put_part(*upload, {.number = 1, .etag = "1"}, file_of(*store_, "one")).ok());
  reopen();
  const auto found = store_->find_upload("bucket", "m", upload->id);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->document, "{\"a\":1}");
  EXPECT_EQ(store_->find_upload("bucket", "other", upload->id).error().type, "NoSuchUpload");
  const auto parts = store_->parts(*found);
  ASSERT_THAT(*parts, SizeIs(2));
  EXPECT_EQ((*parts)[0].etag, "1");
  EXPECT_EQ((*parts)[1].size, 3);
  EXPECT_EQ(read("m"), "NoSuchKey");
  Object object;
  object.etag = "all";
  ASSERT_TRUE(store_->complete(*found, object, file_of(*store_, "onetwo"), {}).ok());
  EXPECT_EQ(read("m"), "onetwo");
  EXPECT_THAT(files(), SizeIs(1));
  EXPECT_EQ(store_->find_upload("bucket", "m", upload->id).error().type, "NoSuchUpload");
  EXPECT_EQ(store_->put_part(*found, {.number = 3}, file_of(*store_, "x")).error().type,
            "NoSuchUpload");
  EXPECT_THAT(files(), SizeIs(1));
}

// They don't burden who reads or lists the object, and go with its content.
TEST_F(ObjectStoreTest, TheToldPartsOfAnObjectStandApart) {
  const auto complete = [&] {
    const auto upload = store_->create_upload("bucket", "m", "{}");
    EXPECT_TRUE(store_->put_part(*upload, {.number = 3}, file_of(*store_, "one")).ok());
    EXPECT_TRUE(
        store_->put_part(*upload, {.number = 7, .document = "d"}, file_of(*store_, "two")).ok());
    Object object;
    object.document = "{}";
    const auto parts = store_->parts(*upload);
    return *store_->complete(*upload, object, file_of(*store_, "onetwo"), {}, *parts);
  };
  const Object made = complete();
  EXPECT_EQ(store_->find("bucket", "m")->document, "{}");
  const auto told = store_->parts_of(made);
  ASSERT_THAT(*told, SizeIs(2));
  EXPECT_EQ((*told)[0].number, 3);
  EXPECT_EQ((*told)[1].size, 3);
  EXPECT_EQ((*told)[1].document, "d");
  reopen();
  EXPECT_THAT(*store_->parts_of(made), SizeIs(2));
  EXPECT_EQ(read("m"), "onetwo");
  EXPECT_THAT(files(), SizeIs(1));

  const Object again = complete();
  EXPECT_THAT(*store_->parts_of(made), IsEmpty());
  EXPECT_THAT(*store_->parts_of(again), SizeIs(2));
  ASSERT_TRUE(store_->erase("bucket", "m").ok());
  EXPECT_THAT(*store_->parts_of(again), IsEmpty());
}

TEST_F(ObjectStoreTest, AnAbortedUploadLeavesNothing) {
  const auto upload = store_->create_upload("bucket", "m", "{}");
  ASSERT_TRUE(store_->put_part(*upload, {.number = 1}, file_of(*store_, "x")).ok());
  EXPECT_THAT(*store_->uploads("bucket", ""), SizeIs(1));
  EXPECT_TRUE(store_->abort(*upload).ok());
  EXPECT_EQ(store_->abort(*upload).error().type, "NoSuchUpload");
  EXPECT_THAT(files(), IsEmpty());
}

// A process that ends in the middle of its puts leaves each key with one of its contents.
TEST_F(ObjectStoreTest, AKillLeavesTheOldContentOrTheNew) {
  ASSERT_TRUE(put("k", std::string(100'000, 'a')).ok());
  store_.reset();
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ObjectStore store(dir_ / "objects", "111111111111", clock_);
    for (int i = 0;; ++i) {
      ObjectFile file = file_of(store, std::string(100'000, static_cast<char>('b' + i % 20)));
      Object object;
      object.key = "k";
      if (!store.put("bucket", object, std::move(file))) ::_exit(1);
      if (i == 20) (void)!::write(ready[1], "x", 1);
    }
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  ::close(ready[0]);
  ::close(ready[1]);
  reopen();
  const std::string content = read("k");
  ASSERT_THAT(content, SizeIs(100'000));
  EXPECT_EQ(content.find_first_not_of(content[0]), std::string::npos);
  EXPECT_THAT(files(), SizeIs(1));
}

TEST_F(ObjectStoreTest, WhatNoRowNamesIsRemovedAtTheFirstLook) {
  ASSERT_TRUE(put("k", "x").ok());
  {
    ObjectFile left = file_of(*store_, "left by a kill");
    left.keep();
  }
  EXPECT_THAT(files(), SizeIs(2));
  reopen();
  EXPECT_EQ(read("k"), "x");
  EXPECT_THAT(files(), SizeIs(1));
}

}  // namespace
}  // namespace kiln::store
