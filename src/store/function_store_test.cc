#include "store/function_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/function_json.h"
#include "store/statement.h"
#include "tests/support/test_dir.h"

namespace kiln::store {
namespace {

using model::Function;
using model::FunctionConfig;
using model::FunctionPtr;
using testing::ElementsAre;
using testing::HasSubstr;

// Every field differs from its default, so that a field that gets lost shows.
FunctionConfig full_config(const std::string& version) {
  FunctionConfig c;
  c.region = "eu-west-1";
  c.account = "123456789012";
  c.name = "orders";
  c.version = version;
  c.runtime = "python3.12";
  c.handler = "app.handler";
  c.role = "arn:aws:iam::123456789012:role/r";
  c.description = "quotes \" and umlauts äöü";
  c.timeout_s = 29;
  c.memory_mb = 1769;
  c.ephemeral_mb = 1024;
  c.environment = {{"KEY", "value with\nnewline"}, {"EMPTY", ""}};
  c.architectures = {"arm64"};
  c.code = {"c2hh", 1234567890123, "ab12", "/srv/code"};
  c.logging = model::LoggingConfig{model::LogFormat::kJson, "TRACE", "WARN", "/my/group"};
  c.tracing_mode = "Active";
  c.dead_letter_target_arn = "arn:aws:sqs:eu-west-1:123456789012:q";
  c.kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/k";
  c.snap_start = "ApplyOn";
  c.revision_id = "rev-" + version;
  c.last_modified = "2026-01-21T11:30:00.000+0000";
  return c;
}

std::shared_ptr<Function> full_function() {
  auto f = std::make_shared<Function>();
  f->latest = std::make_shared<FunctionConfig>(full_config("$LATEST"));
  f->versions[1] = std::make_shared<FunctionConfig>(full_config("1"));
  f->versions[12] = std::make_shared<FunctionConfig>(full_config("12"));
  f->aliases["live"] = {"live", "1", {{"12", 0.1}}, "weighted", "alias-rev"};
  f->aliases["plain"] = {"plain", "12", std::nullopt, "", "r2"};
  f->tags = {{"team", "a"}};
  f->policies = {{"", R"([{"Sid":"x"}])"}, {"live", "[]"}};
  f->policy_revisions = {{"", "p1"}};
  f->next_version = 13;
  f->reserved_concurrency = 0;
  return f;
}

void expect_equal(const FunctionConfig& a, const FunctionConfig& b) {
  EXPECT_EQ(a.region, b.region);
  EXPECT_EQ(a.account, b.account);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.runtime, b.runtime);
  EXPECT_EQ(a.handler, b.handler);
  EXPECT_EQ(a.role, b.role);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.timeout_s, b.timeout_s);
  EXPECT_EQ(a.memory_mb, b.memory_mb);
  EXPECT_EQ(a.ephemeral_mb, b.ephemeral_mb);
  EXPECT_EQ(a.environment, b.environment);
  EXPECT_EQ(a.architectures, b.architectures);
  EXPECT_EQ(a.code.sha256_base64, b.code.sha256_base64);
  EXPECT_EQ(a.code.size_bytes, b.code.size_bytes);
  EXPECT_EQ(a.code.zip_sha_hex, b.code.zip_sha_hex);
  EXPECT_EQ(a.code.hot_reload_dir, b.code.hot_reload_dir);
  EXPECT_EQ(a.logging->format, b.logging->format);
  EXPECT_EQ(a.logging->application_level, b.logging->application_level);
  EXPECT_EQ(a.logging->system_level, b.logging->system_level);
  EXPECT_EQ(a.logging->log_group, b.logging->log_group);
  EXPECT_EQ(a.tracing_mode, b.tracing_mode);
  EXPECT_EQ(a.dead_letter_target_arn, b.dead_letter_target_arn);
  EXPECT_EQ(a.kms_key_arn, b.kms_key_arn);
  EXPECT_EQ(a.snap_start, b.snap_start);
  EXPECT_EQ(a.revision_id, b.revision_id);
  EXPECT_EQ(a.last_modified, b.last_modified);
}

void expect_equal(const Function& a, const Function& b) {
  expect_equal(*a.latest, *b.latest);
  ASSERT_EQ(a.versions.size(), b.versions.size());
  for (const auto& [number, config] : a.versions) {
    SCOPED_TRACE(number);
    ASSERT_TRUE(b.versions.contains(number));
    expect_equal(*config, *b.versions.at(number));
  }
  ASSERT_EQ(a.aliases.size(), b.aliases.size());
  for (const auto& [name, alias] : a.aliases) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(b.aliases.contains(name));
    const model::Alias& other = b.aliases.at(name);
    EXPECT_EQ(alias.name, other.name);
    EXPECT_EQ(alias.function_version, other.function_version);
    EXPECT_EQ(alias.additional_version, other.additional_version);
    EXPECT_EQ(alias.description, other.description);
    EXPECT_EQ(alias.revision_id, other.revision_id);
  }
  EXPECT_EQ(a.tags, b.tags);
  EXPECT_EQ(a.policies, b.policies);
  EXPECT_EQ(a.policy_revisions, b.policy_revisions);
  EXPECT_EQ(a.next_version, b.next_version);
  EXPECT_EQ(a.reserved_concurrency, b.reserved_concurrency);
}

class FunctionStoreTest : public testing::Test {
 protected:
  std::unique_ptr<Database> open() {
    auto database = Database::open(path_);
    EXPECT_TRUE(database.ok()) << database.error().message;
    return *std::move(database);
  }

  // What a new process would see.
  std::vector<FunctionPtr> reload() {
    auto database = open();
    auto all = FunctionStore(*database).load_all();
    EXPECT_TRUE(all.ok()) << all.error().message;
    return *std::move(all);
  }

  TestDir dir_;
  std::string path_ = dir_ / "kiln.db";
};

TEST_F(FunctionStoreTest, EveryFieldComesBack) {
  const auto function = full_function();
  {
    auto database = open();
    ASSERT_TRUE(FunctionStore(*database).put(nullptr, *function).ok());
  }
  const auto all = reload();
  ASSERT_EQ(all.size(), 1U);
  expect_equal(*function, *all[0]);
}

TEST_F(FunctionStoreTest, AbsentReservedConcurrencyIsNotZero) {
  auto function = full_function();
  function->reserved_concurrency.reset();
  {
    auto database = open();
    ASSERT_TRUE(FunctionStore(*database).put(nullptr, *function).ok());
  }
  EXPECT_EQ(reload()[0]->reserved_concurrency, std::nullopt);
}

TEST_F(FunctionStoreTest, PutWritesTheDifference) {
  const auto before = full_function();
  auto after = std::make_shared<Function>(*before);
  auto changed = std::make_shared<FunctionConfig>(full_config("$LATEST"));
  changed->memory_mb = 512;
  after->latest = changed;
  after->versions.erase(1);
  after->versions[13] = std::make_shared<FunctionConfig>(full_config("13"));
  after->aliases.erase("plain");
  after->aliases["live"].function_version = "13";
  after->aliases["live"].additional_version.reset();
  after->tags.clear();
  after->next_version = 14;
  {
    auto database = open();
    FunctionStore store(*database);
    ASSERT_TRUE(store.put(nullptr, *before).ok());
    ASSERT_TRUE(store.put(before.get(), *after).ok());
  }
  expect_equal(*after, *reload()[0]);
}

TEST_F(FunctionStoreTest, ANewFunctionTakesNothingFromAnErasedOneOfItsName) {
  const auto first = full_function();
  auto second = std::make_shared<Function>();
  second->latest = first->latest;
  {
    auto database = open();
    FunctionStore store(*database);
    ASSERT_TRUE(store.put(nullptr, *first).ok());
    ASSERT_TRUE(store.erase("eu-west-1", "orders").ok());
    ASSERT_TRUE(store.put(nullptr, *second).ok());
  }
  expect_equal(*second, *reload()[0]);
}

TEST_F(FunctionStoreTest, RegionsAreApartAndEraseTakesOne) {
  auto function = full_function();
  auto other = std::make_shared<Function>(*function);
  auto elsewhere = std::make_shared<FunctionConfig>(*function->latest);
  elsewhere->region = "us-east-1";
  other->latest = elsewhere;
  other->versions.clear();
  {
    auto database = open();
    FunctionStore store(*database);
    ASSERT_TRUE(store.put(nullptr, *function).ok());
    ASSERT_TRUE(store.put(nullptr, *other).ok());
    ASSERT_TRUE(store.erase("eu-west-1", "orders").ok());
    ASSERT_TRUE(store.erase("eu-west-1", "never was").ok());
  }
  const auto all = reload();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->region(), "us-east-1");
}

TEST_F(FunctionStoreTest, WhatWasPutSurvivesAKillOfTheProcess) {
  const auto function = full_function();
  const pid_t child = fork();
  if (child == 0) {
    auto database = Database::open(path_);
    if (!database.ok()) _exit(3);
    FunctionStore store(**database);
    if (!store.put(nullptr, *function).ok()) _exit(4);
    // Within the next transaction, which must leave no trace.
    (void)(*database)->transaction([&]() -> Result<void> {
      Statement insert(**database,
                       "INSERT INTO functions (region, name, document, next_version)"
                       " VALUES ('r', 'half', '{}', 1)");
      if (!insert.run().ok()) _exit(5);
      kill(getpid(), SIGKILL);
      return {};
    });
    _exit(6);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

  const auto all = reload();
  ASSERT_EQ(all.size(), 1U);
  expect_equal(*function, *all[0]);
}

TEST_F(FunctionStoreTest, ADocumentThatIsNotOursIsAnErrorThatNamesIt) {
  auto database = open();
  ASSERT_TRUE(database
                  ->execute("INSERT INTO functions (region, name, document, next_version)"
                            " VALUES ('r', 'broken', '{\"latest\":7}', 1)")
                  .ok());
  auto all = FunctionStore(*database).load_all();
  ASSERT_FALSE(all.ok());
  EXPECT_THAT(all.error().message, HasSubstr("function broken"));
}

TEST(FunctionJson, UnknownFieldsAreIgnoredAndAbsentOnesKeepTheirDefaults) {
  auto config = config_from_text(R"({"region":"r","name":"n","from_the_future":[1]})");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->memory_mb, 128);
  EXPECT_EQ(config->version, "$LATEST");
  EXPECT_THAT(config->architectures, ElementsAre("x86_64"));
  EXPECT_FALSE(config_from_text("{}").ok());
  EXPECT_FALSE(config_from_text("no json").ok());
}

}  // namespace
}  // namespace kiln::store
