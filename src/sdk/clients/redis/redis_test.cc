// The client against a real Redis, in good times and bad.
#include "kiln/redis.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "kiln/pool.h"
#include "tests/support/redis_fixture.h"

namespace kiln::redis {
namespace {

using kiln::testing::RedisFixture;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Reply::Kind;

class Redis : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);  // as kiln::run() does
    server_ = std::make_unique<RedisFixture>();
  }
  static void TearDownTestSuite() { server_.reset(); }

  Redis() {
    options_.port = static_cast<uint16_t>(server_->port());
    server_->command("FLUSHALL");
  }
  template <class E, class F>
  static std::string failure(F call) {
    try {
      call();
    } catch (const E& e) {
      return e.what();
    }
    ADD_FAILURE() << "nothing of that type was thrown";
    return "";
  }

  static inline std::unique_ptr<RedisFixture> server_;
  Options options_;
};

int open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  int count = 0;
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

TEST_F(Redis, TheHeadersExample) {
  std::string greeted;
  const auto greet = [&](const std::string& name) { greeted = name; };
  Client redis(options_);
  redis.set("user:1", "Ada", std::chrono::seconds(300));
  if (const auto name = redis.get("user:1")) greet(*name);
  EXPECT_EQ(greeted, "Ada");
  const auto replies = redis.run(Pipeline().add({"INCR", "hits"}).add({"GET", "x"}));
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].integer, 1);
  EXPECT_EQ(replies[1].kind, Kind::kNothing);
}

TEST_F(Redis, KeysAreSetReadCountedAndDeleted) {
  Client redis(options_);
  EXPECT_EQ(redis.get("k"), std::nullopt);
  const std::string bytes("a\0\r\n\xFF", 5);
  redis.set("k", bytes);
  EXPECT_EQ(redis.get("k"), bytes);
  redis.set("k", "");
  EXPECT_EQ(redis.get("k"), "");
  EXPECT_EQ(server_->command("TTL k"), ":-1\r\n");
  redis.set("k", "v", std::chrono::milliseconds(77'000));
  EXPECT_EQ(server_->command("TTL k"), ":77\r\n");
  EXPECT_TRUE(redis.del("k"));
  EXPECT_FALSE(redis.del("k"));
  EXPECT_EQ(redis.incr("n"), 1);
  EXPECT_EQ(redis.incr("n", -5), -4);
  EXPECT_EQ(redis.open_connections(), 1u);
}

TEST_F(Redis, RefusedCommandsAreErrorsAndTheConnectionStays) {
  Client redis(options_);
  redis.set("text", "x");
  EXPECT_THAT(failure<Error>([&] { redis.incr("text"); }),
              AllOf(HasSubstr("INCRBY"), HasSubstr("not an integer")));
  EXPECT_THAT(failure<Error>([&] { redis.command({"NONSENSE"}); }), HasSubstr("NONSENSE"));
  EXPECT_EQ(redis.get("text"), "x");
  EXPECT_EQ(redis.open_connections(), 1u);
}

TEST_F(Redis, APipelineAnswersEachCommandInOrder) {
  Client redis(options_);
  EXPECT_TRUE(redis.run(Pipeline()).empty());
  Pipeline pipeline;
  for (int i = 0; i < 1000; ++i) pipeline.add({"SET", "k" + std::to_string(i), "v"});
  pipeline.add({"INCR", "k0"})
      .add({"MGET", "k1", "absent"})
      .add({"ECHO", std::string(100'000, 'x')});
  const auto replies = redis.run(pipeline);
  ASSERT_EQ(replies.size(), 1003u);
  EXPECT_EQ(replies[0].text, "OK");
  EXPECT_EQ(replies[1000].kind, Kind::kError);
  ASSERT_EQ(replies[1001].list.size(), 2u);
  EXPECT_EQ(replies[1001].list[0].text, "v");
  EXPECT_EQ(replies[1001].list[1].kind, Kind::kNothing);
  EXPECT_EQ(replies[1002].text.size(), 100'000u);
}

TEST_F(Redis, PasswordAndDatabaseAreUsedAndThePasswordNeverShown) {
  server_->command("ACL SETUSER ada on >secret-word ~* +@all");
  options_.user = "ada";
  options_.password = "secret-word";
  options_.database = 3;
  Client redis(options_);
  redis.set("here", "x");
  EXPECT_NE(server_->command("INFO keyspace").find("db3:keys=1"), std::string::npos);
  options_.password = "other-word";
  Client refused(options_);
  EXPECT_THAT(failure<Error>([&] { refused.get("x"); }),
              AllOf(HasSubstr("WRONGPASS"), Not(HasSubstr("other-word"))));
  EXPECT_EQ(refused.open_connections(), 0u);
  options_.password = "secret-word";
  options_.database = 99;
  Client nowhere(options_);
  EXPECT_THAT(failure<Error>([&] { nowhere.get("x"); }), HasSubstr("out of range"));
}

TEST_F(Redis, AnOutageIsAnErrorThatNamesTheServerAndEndsWithTheOutage) {
  Client redis(options_);
  redis.set("k", "v");
  server_->stop();
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(failure<Unreachable>([&] { redis.get("k"); }),
                HasSubstr("127.0.0.1:" + std::to_string(server_->port())));
  }
  server_->start();
  EXPECT_EQ(redis.get("k"), std::nullopt);
}

TEST_F(Redis, ARestartBetweenCommandsIsNotNoticed) {
  Client redis(options_);
  EXPECT_EQ(redis.incr("n"), 1);
  server_->stop();
  server_->start();
  EXPECT_EQ(redis.incr("n"), 1);
  server_->stop();
  server_->start();
  EXPECT_EQ(redis.run(Pipeline().add({"INCR", "n"}))[0].integer, 1);
}

TEST_F(Redis, ASlowServerIsGivenUp) {
  options_.command_timeout = std::chrono::milliseconds(50);
  Client redis(options_);
  redis.set("k", "v");
  EXPECT_THAT(failure<Unreachable>([&] {
                redis.command({"BLPOP", "never", "0"});
              }),
              HasSubstr("no answer within 50 ms"));
  EXPECT_EQ(redis.open_connections(), 0u);
  EXPECT_EQ(redis.get("k"), "v");
}

TEST_F(Redis, FailuresLeakNoDescriptor) {
  Client redis(options_);
  redis.set("text", "x");
  const int before = open_descriptors();
  server_->stop();
  for (int i = 0; i < 200; ++i) EXPECT_THROW(redis.get("k"), Unreachable);
  server_->start();
  for (int i = 0; i < 200; ++i) EXPECT_THROW(redis.command({"NONSENSE"}), Error);
  EXPECT_LE(open_descriptors(), before);
}

TEST_F(Redis, ThreadsShareTheConnections) {
  options_.max_connections = 3;
  options_.checkout_timeout = std::chrono::seconds(30);
  Client redis(options_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) redis.incr("n");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(redis.get("n"), "400");
  EXPECT_LE(redis.open_connections(), 3u);
}

}  // namespace
}  // namespace kiln::redis
