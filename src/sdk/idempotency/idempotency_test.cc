// One contract, held against each store.
#include "kiln/idempotency.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "kiln/dynamodb.h"
#include "tests/support/dynamodb_fixture.h"
#include "tests/support/server_process.h"

namespace kiln {
namespace {

using idempotency::DynamoDbStore;
using idempotency::InProgress;
using idempotency::SqliteStore;
using idempotency::Store;
using std::chrono::minutes;
using std::chrono::seconds;

class Idempotency : public ::testing::TestWithParam<const char*> {
 protected:
  static void TearDownTestSuite() { server_.reset(); }

  Idempotency() {
    if (std::string_view(GetParam()) == "sqlite") {
      store_ = std::make_unique<SqliteStore>(folder_.path() + "/done.db");
      return;
    }
    if (!server_) {
      server_ = std::make_unique<testing::DynamodbFixture>();
      server_->create("done", "id");
    }
    client_ = std::make_unique<dynamodb::Client>(server_->config());
    for (const char* key : {"k", "other"}) client_->remove("done", {{"id", key}});
    store_ = std::make_unique<DynamoDbStore>(*client_, "done");
  }

  // Runs the work under "k" and says what came back; counts how often it was done.
  std::string run(const std::string& answer = "answer") {
    return idempotent(
        *store_, "k", minutes(60),
        [&] {
          ++done_;
          return answer;
        },
        options_);
  }

  static inline std::unique_ptr<testing::DynamodbFixture> server_;
  testing::TemporaryFolder folder_;
  std::unique_ptr<dynamodb::Client> client_;
  std::unique_ptr<Store> store_;
  idempotency::Time now_ = idempotency::Time(seconds(1'800'000'000));
  idempotency::Options options_{.lease = minutes(1), .now = [this] { return now_; }};
  std::atomic<int> done_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Stores, Idempotency, ::testing::Values("sqlite", "dynamodb"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(Idempotency, TheWorkIsDoneOnceAndItsAnswerKept) {
  EXPECT_EQ(run("first \"\n\u00e4"), "first \"\n\u00e4");
  EXPECT_EQ(run("second"), "first \"\n\u00e4");
  EXPECT_EQ(done_, 1);
  EXPECT_EQ(idempotent(
                *store_, "other", minutes(1), [] { return std::string(); }, options_),
            "");
  EXPECT_EQ(idempotent(
                *store_, "other", minutes(1), [] { return std::string("x"); }, options_),
            "");
}

TEST_P(Idempotency, AnAnswerIsKeptForItsTimeAndNoLonger) {
  run();
  now_ += minutes(60) - std::chrono::milliseconds(1);
  EXPECT_EQ(run("later"), "answer");
  now_ += std::chrono::milliseconds(1);
  EXPECT_EQ(run("later"), "later");
  EXPECT_EQ(done_, 2);
}

TEST_P(Idempotency, WhoComesMeanwhileGetsInProgress) {
  const auto outer = idempotent(
      *store_, "k", minutes(60),
      [&] {
        EXPECT_THROW(run(), InProgress);
        return std::string("outer");
      },
      options_);
  EXPECT_EQ(outer, "outer");
  EXPECT_EQ(run(), "outer");
  EXPECT_EQ(done_, 0);
}

TEST_P(Idempotency, AnExceptionFreesTheKey) {
  EXPECT_THROW(idempotent(
                   *store_, "k", minutes(60), []() -> std::string { throw std::range_error("no"); },
                   options_),
               std::range_error);
  EXPECT_EQ(run("again"), "again");
}

TEST_P(Idempotency, AClaimThatIsLeftBehindEndsWithItsLease) {
  store_->claim("k", "who died", now_, now_ + minutes(1));
  now_ += minutes(1) - std::chrono::milliseconds(1);
  EXPECT_THROW(run(), InProgress);
  now_ += std::chrono::milliseconds(1);
  EXPECT_EQ(run(), "answer");
}

TEST_P(Idempotency, WhoseLeaseRanOutChangesNothingMore) {
  const auto slow = idempotent(
      *store_, "k", minutes(60),
      [&] {
        now_ += minutes(2);
        EXPECT_EQ(run("of the second"), "of the second");
        return std::string("of the first");
      },
      options_);
  EXPECT_EQ(slow, "of the first");
  EXPECT_EQ(run(), "of the second");
  EXPECT_THROW(idempotent(
                   *store_, "other", minutes(60),
                   [&]() -> std::string {
                     now_ += minutes(2);
                     store_->claim("other", "the second", now_, now_ + minutes(1));
                     throw std::range_error("no");
                   },
                   options_),
               std::range_error);
  EXPECT_EQ(store_->claim("other", "the third", now_, now_ + minutes(1)).state,
            idempotency::Claim::State::kInProgress);
}

TEST_P(Idempotency, OfManyAtOnceOneDoesTheWork) {
  constexpr int kThreads = 8;
  std::latch start(kThreads);
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      while (true) {
        try {
          EXPECT_EQ(run(), "answer");
          ++answered;
          return;
        } catch (const InProgress&) {
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, kThreads);
  EXPECT_EQ(done_, 1);
}

TEST(SqliteStore, EnvironmentsShareTheFileAndItSurvivesThem) {
  const testing::TemporaryFolder folder;
  const std::string path = folder.path() + "/done.db";
  const auto once = [&](const char* answer) {
    SqliteStore store(path);
    return idempotent(store, "k", minutes(60), [&] { return std::string(answer); });
  };
  EXPECT_EQ(once("first"), "first");
  EXPECT_EQ(once("second"), "first");
  SqliteStore one(path);
  SqliteStore two(path);
  idempotent(one, "shared", minutes(60), [&] {
    EXPECT_THROW(idempotent(two, "shared", minutes(60), [] { return std::string(); }), InProgress);
    return std::string();
  });
}

TEST(SqliteStore, AFileThatCantBeUsedIsNamed) {
  try {
    SqliteStore store("/nonexistent/done.db");
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("/nonexistent/done.db"), std::string::npos);
  }
}

std::string charge(const std::string&, double) { return "charged"; }

TEST(SqliteStore, TheHeadersExample) {
  const testing::TemporaryFolder folder;
  const std::string card;
  const double amount = 1;
  const std::string payment_id = "p-1";
  idempotency::SqliteStore store(folder.path() + "/done.db");
  const std::string answer = kiln::idempotent(store, payment_id, std::chrono::hours(24),
                                              [&] { return charge(card, amount); });
  EXPECT_EQ(answer, "charged");
}

}  // namespace
}  // namespace kiln
