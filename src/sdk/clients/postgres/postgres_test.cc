// The client against a real PostgreSQL, in good times and bad.
#include "kiln/postgres.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "kiln/pool.h"
#include "tests/support/postgres_fixture.h"

namespace kiln::postgres {
namespace {

using kiln::testing::PostgresFixture;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Postgres : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);  // as kiln::run() does
    server_ = std::make_unique<PostgresFixture>();
    server_->query("CREATE TABLE notes (id BIGSERIAL PRIMARY KEY, text TEXT UNIQUE)");
  }
  static void TearDownTestSuite() { server_.reset(); }

  Postgres() {
    options_.url = server_->url();
    server_->query("TRUNCATE notes RESTART IDENTITY");
  }

  static std::string notes() { return server_->query("SELECT count(*) FROM notes"); }
  static int connections(const char* state) {
    return std::stoi(server_->query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'kiln' AND state LIKE '" +
        std::string(state) + "'"));
  }
  // What the call throws, as text.
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

  static inline std::unique_ptr<PostgresFixture> server_;
  Options options_;
};

int open_descriptors() {
  DIR* folder = ::opendir("/proc/self/fd");
  int count = 0;
  while (::readdir(folder)) ++count;
  ::closedir(folder);
  return count;
}

TEST_F(Postgres, TheHeadersExample) {
  const std::string user = "ada";
  Database database(options_);
  database.query("CREATE TABLE orders (id BIGSERIAL, user_id TEXT, amount NUMERIC DEFAULT 2.5)");
  const auto id = database.transaction([&](Transaction& t) {
    return t.query("INSERT INTO orders (user_id) VALUES ($1) RETURNING id", {user})[0].get<int64_t>(
        "id");
  });
  EXPECT_EQ(id, 1);
  double total = 0;
  const auto rows = database.read("SELECT id, amount FROM orders WHERE user_id = $1", {user});
  for (const auto row : rows) total += row.get<double>("amount");
  EXPECT_EQ(total, 2.5);
  database.query("DROP TABLE orders");
}

TEST_F(Postgres, ValuesOfEachTypeComeBackAsTheyWent) {
  Database database(options_);
  const std::string long_text(100'000, 'x');
  const auto rows = database.query(
      "SELECT $1::text AS a, $2::bigint AS b, $3::float8 AS c, $4::bool AS d, $5::text AS e, "
      "$6::text AS f, $7::int AS g, $8::text AS \"H\"",
      {"it's", int64_t{-9'000'000'000'000'000'000}, 0.1, true, nullptr, long_text,
       std::optional<int>(), std::string_view("ü")});
  ASSERT_EQ(rows.size(), 1u);
  const Row row = rows[0];
  EXPECT_EQ(row.get<std::string>("a"), "it's");
  EXPECT_EQ(row.get<int64_t>("b"), -9'000'000'000'000'000'000);
  EXPECT_EQ(row.get<double>("c"), 0.1);
  EXPECT_TRUE(row.get<bool>("d"));
  EXPECT_EQ(row.get<std::optional<std::string>>("e"), std::nullopt);
  EXPECT_EQ(row.get<std::string_view>("f"), long_text);
  EXPECT_EQ(row.get<std::optional<int>>("g"), std::nullopt);
  EXPECT_EQ(row.get<std::optional<std::string>>("H"), "ü");
  EXPECT_EQ(row.at<std::string>(0), "it's");
  EXPECT_THROW(rows[1], std::out_of_range);
}

TEST_F(Postgres, WhatDoesNotFitIsAnErrorThatNamesTheColumn) {
  Database database(options_);
  const auto rows = database.query("SELECT 300 AS n, NULL AS nothing, 'x' AS text");
  const Row row = rows[0];
  EXPECT_EQ(row.get<int16_t>("n"), 300);
  EXPECT_THAT(failure<Error>([&] { (void)row.get<int8_t>("n"); }),
              HasSubstr("column 'n' is '300'"));
  EXPECT_THAT(failure<Error>([&] { (void)row.get<int>("nothing"); }), HasSubstr("NULL"));
  EXPECT_THAT(failure<Error>([&] { (void)row.get<bool>("text"); }), HasSubstr("truth value"));
  EXPECT_THAT(failure<Error>([&] { (void)row.get<int>("absent"); }), HasSubstr("'absent'"));
  EXPECT_THAT(failure<Error>([&] { (void)row.at<int>(3); }), HasSubstr("column 3"));
  EXPECT_THAT(failure<Error>([&] { database.query("SELECT $1::text", {std::string("a\0b", 3)}); }),
              HasSubstr("$1"));
}

TEST_F(Postgres, AffectedCountsChangedRows) {
  Database database(options_);
  EXPECT_EQ(database.query("INSERT INTO notes (text) VALUES ('a'), ('b')").affected(), 2u);
  EXPECT_EQ(database.query("UPDATE notes SET text = 'c' WHERE text = $1", {"b"}).affected(), 1u);
  EXPECT_EQ(database.query("DELETE FROM notes WHERE text = 'none'").affected(), 0u);
}

TEST_F(Postgres, NothingIsOpenedBeforeTheFirstStatementAndOneConnectionServesAll) {
  Database database(options_);
  EXPECT_EQ(database.open_connections(), 0u);
  for (int i = 0; i < 500; ++i) database.query("SELECT $1::int", {i});
  EXPECT_EQ(database.open_connections(), 1u);
  EXPECT_EQ(database.query("SELECT count(*) FROM pg_prepared_statements")[0].at<int>(0), 2);
}

TEST_F(Postgres, StatementsBeyondTheCacheWorkUnprepared) {
  Database database(options_);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(database.query("SELECT $1::int + " + std::to_string(i), {1})[0].at<int>(0), i + 1);
  }
  EXPECT_EQ(database.query("SELECT count(*) FROM pg_prepared_statements")[0].at<int>(0), 256);
}

TEST_F(Postgres, APreparedStatementSurvivesAChangeOfItsTable) {
  Database database(options_);
  database.query("CREATE TABLE changing (a INT)");
  database.query("INSERT INTO changing VALUES (1)");
  EXPECT_EQ(database.read("SELECT * FROM changing")[0].get<int>("a"), 1);
  database.query("ALTER TABLE changing ADD COLUMN b INT DEFAULT 2");
  EXPECT_EQ(database.read("SELECT * FROM changing")[0].get<int>("b"), 2);
  database.query("DEALLOCATE ALL");
  EXPECT_EQ(database.read("SELECT * FROM changing")[0].get<int>("b"), 2);
  database.query("DROP TABLE changing");
}

TEST_F(Postgres, AnExceptionRollsBack) {
  Database database(options_);
  for (int i = 0; i < 25; ++i) {
    EXPECT_THROW(database.transaction([&](Transaction& t) {
      t.query("INSERT INTO notes (text) VALUES ($1)", {"x"});
      if (i % 2) throw std::runtime_error("no");
      t.query("INSERT INTO notes (text) VALUES ($1)", {"x"});  // not unique
    }),
                 std::runtime_error);
  }
  EXPECT_EQ(notes(), "0");
  EXPECT_EQ(connections("idle in transaction%"), 0);
  EXPECT_EQ(database.open_connections(), 1u);
}

TEST_F(Postgres, ATransactionWithAFailedStatementCantBeCommitted) {
  Database database(options_);
  EXPECT_THROW(database.transaction([&](Transaction& t) {
    t.query("INSERT INTO notes (text) VALUES ('kept?')");
    EXPECT_THROW(t.query("SELECT nonsense"), Error);
  }),
               Error);
  EXPECT_EQ(notes(), "0");
  EXPECT_EQ(database.query("SELECT 1")[0].at<int>(0), 1);
}

TEST_F(Postgres, WithoutCommitNothingStays) {
  Database database(options_);
  {
    Transaction t = database.begin();
    t.query("INSERT INTO notes (text) VALUES ('x')");
  }
  EXPECT_EQ(notes(), "0");
  Transaction t = database.begin();
  t.query("INSERT INTO notes (text) VALUES ('x')");
  t.commit();
  EXPECT_EQ(notes(), "1");
}

TEST_F(Postgres, ConflictsAreTriedAgainAsOftenAsAsked) {
  Database database(options_);
  int calls = 0;
  const auto conflict = [&](Transaction& t) {
    if (++calls < 3) t.query("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$");
    return calls;
  };
  EXPECT_THROW(database.transaction(conflict, 1), Conflict);
  calls = 0;
  EXPECT_EQ(database.transaction(conflict, 2), 3);
}

TEST_F(Postgres, ErrorsCarryTheSqlState) {
  Database database(options_);
  database.query("INSERT INTO notes (text) VALUES ('x')");
  try {
    database.query("INSERT INTO notes (text) VALUES ('x')");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.sql_state(), "23505");
    EXPECT_THAT(e.what(), AllOf(HasSubstr("notes_text_key"), HasSubstr("database 'postgres'")));
  }
  EXPECT_THROW(database.query(""), Error);
  EXPECT_THROW(database.query("COPY notes FROM STDIN"), Error);
  EXPECT_EQ(database.query("SELECT 1").size(), 1u);
}

TEST_F(Postgres, UnreachableServersAreNamedWithoutThePassword) {
  const int port = kiln::testing::free_port();
  Database by_url({.url = "postgresql://app:secret@127.0.0.1:" + std::to_string(port) + "/shop"});
  const std::string place = "database 'shop' at 127.0.0.1:" + std::to_string(port);
  EXPECT_THAT(failure<Unreachable>([&] { by_url.query("SELECT 1"); }),
              AllOf(HasSubstr(place), Not(HasSubstr("secret"))));
  Database by_parts({.host = "127.0.0.1",
                     .port = static_cast<uint16_t>(port),
                     .database = "shop",
                     .user = "app",
                     .password = "secret"});
  EXPECT_THAT(failure<Unreachable>([&] { by_parts.query("SELECT 1"); }),
              AllOf(HasSubstr(place), Not(HasSubstr("secret"))));
  for (const char* url : {"postgresql://app:secret@[::1/shop", "password=secret nonsense"}) {
    Database bad({.url = url});
    EXPECT_THAT(failure<Error>([&] { bad.query("SELECT 1"); }),
                AllOf(HasSubstr("postgresql://"), Not(HasSubstr("secret"))));
  }
  Database absent({.url = server_->url() + "_absent"});
  EXPECT_THAT(failure<Unreachable>([&] { absent.query("SELECT 1"); }),
              HasSubstr("\"postgres_absent\" does not exist"));
}

TEST_F(Postgres, AServerThatAcceptsAndIsSilentIsGivenUp) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  Database database({.host = "127.0.0.1",
                     .port = ntohs(address.sin_port),
                     .database = "d",
                     .user = "u",
                     .connect_timeout = std::chrono::milliseconds(50)});
  EXPECT_THAT(failure<Unreachable>([&] { database.read("SELECT 1"); }),
              HasSubstr("no answer within 50 ms"));
}

TEST_F(Postgres, SlowStatementsAreCutOffByTheServerAndSilentOnesByTheClient) {
  options_.statement_timeout = std::chrono::milliseconds(50);
  Database database(options_);
  EXPECT_THAT(failure<Error>([&] { database.read("SELECT pg_sleep(60)"); }), HasSubstr("57014"));
  EXPECT_EQ(database.open_connections(), 1u);

  options_.url += "?options=-c%20statement_timeout%3D0";
  options_.network_timeout = std::chrono::milliseconds(50);
  Database patient(options_);
  EXPECT_THAT(failure<Unreachable>([&] { patient.read("SELECT pg_sleep(60)"); }),
              HasSubstr("silent"));
  EXPECT_EQ(patient.open_connections(), 0u);
  EXPECT_EQ(patient.read("SELECT 1").size(), 1u);
}

TEST_F(Postgres, ARestartBetweenStatementsIsNotNoticed) {
  Database database(options_);
  database.query("INSERT INTO notes (text) VALUES ('before')");
  server_->stop();
  server_->start();
  database.query("INSERT INTO notes (text) VALUES ('after')");
  EXPECT_EQ(notes(), "2");
  server_->stop();
  server_->start();
  database.transaction([](Transaction& t) { t.query("INSERT INTO notes (text) VALUES ('more')"); });
  EXPECT_EQ(notes(), "3");
}

TEST_F(Postgres, AReadIsDoneAgainWhenItsConnectionBreaksUnderIt) {
  Database database(options_);
  // The first time the statement ends its own connection.
  server_->query("CREATE SEQUENCE once");
  EXPECT_EQ(database
                .read("SELECT CASE WHEN nextval('once') = 1 THEN "
                      "pg_terminate_backend(pg_backend_pid())::text ELSE 'again' END")[0]
                .at<std::string>(0),
            "again");
  server_->query("ALTER SEQUENCE once RESTART");
  EXPECT_THROW(database.query("SELECT CASE WHEN nextval('once') = 1 THEN "
                              "pg_terminate_backend(pg_backend_pid())::text ELSE 'again' END"),
               Unreachable);
  server_->query("DROP SEQUENCE once");
}

TEST_F(Postgres, AConnectionThatBreaksInATransactionTakesItAlong) {
  Database database(options_);
  EXPECT_THROW(database.transaction([](Transaction& t) {
    t.query("INSERT INTO notes (text) VALUES ('lost')");
    EXPECT_THROW(t.query("SELECT pg_terminate_backend(pg_backend_pid())"), Unreachable);
    t.query("INSERT INTO notes (text) VALUES ('lost too')");
  }),
               Unreachable);
  EXPECT_EQ(database.open_connections(), 0u);
  EXPECT_EQ(database.query("SELECT count(*) FROM notes")[0].at<int>(0), 0);
}

TEST_F(Postgres, FailuresLeakNoDescriptor) {
  Database database(options_);
  database.query("SELECT 1");
  const int before = open_descriptors();
  server_->stop();
  for (int i = 0; i < 200; ++i) EXPECT_THROW(database.query("SELECT 1"), Unreachable);
  server_->start();
  for (int i = 0; i < 200; ++i) EXPECT_THROW(database.query("SELECT nonsense"), Error);
  EXPECT_LE(open_descriptors(), before);
  EXPECT_EQ(database.open_connections(), 1u);
}

TEST_F(Postgres, ThreadsShareThePoolAndAnExhaustedOneTimesOut) {
  options_.max_connections = 3;
  options_.checkout_timeout = std::chrono::milliseconds(50);
  Database database(options_);
  {
    std::vector<Transaction> all;
    for (int i = 0; i < 3; ++i) all.push_back(database.begin());
    EXPECT_THROW(database.query("SELECT 1"), PoolTimeout);
  }
  options_.checkout_timeout = std::chrono::seconds(30);
  Database shared(options_);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) shared.query("INSERT INTO notes (text) VALUES (NULL)");
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(notes(), "160");
  EXPECT_LE(shared.open_connections(), 3u);
}

}  // namespace
}  // namespace kiln::postgres
