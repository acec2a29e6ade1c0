// The store in SQLite. backends_test.cc has PostgreSQL.
#include "store.h"

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "request.h"
#include "sdk/sqlite/sqlite.h"
#include "tests/support/server_process.h"

namespace orders {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLimit{5000};

class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() { config_.sqlite_path = folder_.path() + "/data.db"; }

  kiln::testing::TemporaryFolder folder_;
  Config config_;
  Payment payment_{.request_id = "r", .user_id = "u", .amount = 1250, .currency = "EUR"};
};

// Only the small letters' form is stored as bytes: what differs in the request differs in the
// store.
TEST_F(SqliteStoreTest, RequestIdsThatAreUuidsDifferFromAllOthers) {
  const std::string uuid = "8be6ab21-0cd4-4f0e-9a51-00ff6c7d8e9f";
  const std::string others[] = {
      "8BE6AB21-0CD4-4F0E-9A51-00FF6C7D8E9F",    "8be6ab210cd44f0e9a5100ff6c7d8e9f",
      "8be6ab21-0cd4-4f0e-9a51-00ff6c7d8e9g",    "8be6ab21-0cd4-4f0e-9a51-00ff6c7d8e9:",
      "8be6ab21-0cd4-4f0e-9a51000ff6c7d8e9f",    "8be6ab21-0cd4-4f0e-9a51-00ff6c7d8e9f0",
      "\x8b\xe6\xab\x21\x0c\xd4\x4f\x0e\x9a\x51"};
  const auto store = open_sqlite(config_);
  payment_.request_id = uuid;
  const int64_t id = store->authorize(payment_, Status::kAuthorized, kLimit).id;
  for (const std::string& other : others) {
    payment_.request_id = other;
    EXPECT_TRUE(store->authorize(payment_, Status::kAuthorized, kLimit).is_new) << other;
    EXPECT_FALSE(store->authorize(payment_, Status::kAuthorized, kLimit).is_new) << other;
  }
  payment_.request_id = uuid;
  const auto again = open_sqlite(config_)->authorize(payment_, Status::kAuthorized, kLimit);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, id);
  EXPECT_EQ(again.payment.request_id, uuid);
}

// What a function stores in /tmp is its memory.
TEST_F(SqliteStoreTest, AnOrderTakesLittleMoreThanItsTexts) {
  constexpr int kOrders = 2000;
  Order order;
  order.user_id = "u1";
  order.amount = 1250;
  order.currency = "USD";
  order.item_count = 3;
  order.customer_name = "Ada Lovelace";
  order.customer_email = "ada@example.com";
  order.customer_status = "valid";
  order.priority = "STANDARD";
  order.received_at = std::chrono::milliseconds(1'767'323'045'678);
  std::mt19937_64 random(1);
  {
    const auto store = open_sqlite(config_);
    for (int i = 0; i < kOrders; ++i) {
      char id[40];
      std::snprintf(id, sizeof id, "%08x-0cd4-4f0e-9a51-%012llx", static_cast<unsigned>(random()),
                    static_cast<unsigned long long>(random() >> 16));
      order.request_id = id;
      EXPECT_TRUE(store->insert(order, kLimit).is_new);
    }
  }
  // 45 bytes of texts without the request id, and 16 of that in the table and in the index.
  EXPECT_LT(std::filesystem::file_size(config_.sqlite_path), 130U * kOrders);
}

TEST_F(SqliteStoreTest, APaymentIsStoredOnce) {
  int64_t id = 0;
  {
    const auto store = open_sqlite(config_);
    const auto first = store->authorize(payment_, Status::kAuthorized, kLimit);
    EXPECT_TRUE(first.is_new);
    id = first.id;
    const auto second = store->authorize(payment_, Status::kAuthorized, kLimit);
    EXPECT_FALSE(second.is_new);
    EXPECT_EQ(second.id, id);
  }
  // Another environment, later, with another decision: the first one stands.
  const auto again = open_sqlite(config_)->authorize(payment_, Status::kDeclined, kLimit);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, id);
  EXPECT_EQ(again.status, Status::kAuthorized);
  EXPECT_EQ(again.payment.user_id, "u");
  EXPECT_EQ(again.payment.amount, 1250);
  EXPECT_EQ(again.payment.currency, "EUR");
}

TEST_F(SqliteStoreTest, TheTablesOfANewFileAreMadeTogetherOrNotAtAll) {
  using kiln::sqlite::Database;
  EXPECT_THROW(Database(config_.sqlite_path, "CREATE TABLE a (x); CREATE NONSENSE"),
               kiln::sqlite::Error);
  const Database database(config_.sqlite_path, "CREATE TABLE b (x)");
  kiln::sqlite::Statement tables(database, "SELECT group_concat(name) FROM sqlite_schema");
  kiln::sqlite::Statement::Run run(tables);
  ASSERT_TRUE(run.step());
  EXPECT_EQ(run.text(0), "b");
}

TEST_F(SqliteStoreTest, ARequestIdIsOfOneRequest) {
  Payment other = payment_;
  EXPECT_NO_THROW(check_same(payment_, other));
  other.amount = 1251;
  EXPECT_THROW(check_same(payment_, other), RequestIdTaken);
  other = payment_;
  other.user_id = "v";
  EXPECT_THROW(check_same(payment_, other), RequestIdTaken);
  other = payment_;
  other.currency = "USD";
  EXPECT_THROW(check_same(payment_, other), RequestIdTaken);
}

TEST_F(SqliteStoreTest, PaymentsAtOnceAreStoredOnce) {
  open_sqlite(config_);
  std::atomic<int> news = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto store = open_sqlite(config_);
      for (int i = 0; i < 50; ++i) {
        Payment payment = payment_;
        payment.request_id = std::to_string(i);
        if (store->authorize(payment, Status::kAuthorized, milliseconds(30'000)).is_new) ++news;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(news, 50);
}

TEST_F(SqliteStoreTest, ALockThatStaysIsTimeUp) {
  const auto store = open_sqlite(config_);
  kiln::sqlite::Database blocker(config_.sqlite_path, "BEGIN IMMEDIATE");
  try {
    store->authorize(payment_, Status::kAuthorized, milliseconds(20));
    FAIL() << "it was stored";
  } catch (const TimeUp& e) {
    EXPECT_EQ(e.left_undone(), "r");
  }
}

TEST_F(SqliteStoreTest, WhatIsStoredIsAnsweredWithoutTheLock) {
  const auto store = open_sqlite(config_);
  const int64_t id = store->authorize(payment_, Status::kAuthorized, kLimit).id;
  kiln::sqlite::Database blocker(config_.sqlite_path, "BEGIN IMMEDIATE");
  const auto again = store->authorize(payment_, Status::kAuthorized, milliseconds(0));
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, id);
}

TEST_F(SqliteStoreTest, InMemoryTheJournalStaysShort) {
  const std::string shared = "/dev/shm";
  struct statfs found {};
  if (::statfs(shared.c_str(), &found) != 0 || found.f_type != TMPFS_MAGIC) {
    GTEST_SKIP() << shared << " is no file system in memory";
  }
  std::string folder = shared + "/kiln-orders-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  config_.sqlite_path = folder + "/data.db";
  {
    const auto store = open_sqlite(config_);
    for (int i = 0; i < 1000; ++i) {
      payment_.request_id = std::to_string(i);
      store->authorize(payment_, Status::kAuthorized, kLimit);
    }
    // 64 pages, and those of the last change.
    EXPECT_LT(std::filesystem::file_size(config_.sqlite_path + "-wal"), 80U * 4096);
  }
  std::filesystem::remove_all(folder);
}

TEST_F(SqliteStoreTest, AFileThatCantBeMadeIsUnreachable) {
  config_.sqlite_path = folder_.path() + "/no/such/folder/data.db";
  EXPECT_THROW(open_sqlite(config_), Unreachable);
}

}  // namespace
}  // namespace orders
