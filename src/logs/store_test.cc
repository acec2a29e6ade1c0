#include "logs/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <sstream>
#include <thread>
#include <utility>

#include "base/time_format.h"
#include "logs/files.h"
#include "logs/groups.h"
#include "logs/writer.h"
#include "tests/support/state_doubles.h"
#include "tests/support/test_dir.h"

namespace kiln::logs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr int64_t kBase = 1769000000000;  // 2026-01-21T12:53:20.000Z
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

std::string line(int64_t ms, const std::string& text) {
  return format_iso_ms(WallTime(std::chrono::milliseconds(ms))) + " " + text + "\n";
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

class LogStoreTest : public testing::Test {
 protected:
  static LogStreamKey key(const std::string& stream) {
    return {"eu-west-1", "/aws/lambda/f", stream};
  }
  std::vector<std::string> texts(const LogStore& store,
                                 const std::vector<std::string>& streams = {}, int64_t start = 0,
                                 int64_t end = kForever, size_t skip = 0, size_t limit = 1000) {
    auto events = store.read("eu-west-1", "/aws/lambda/f", streams, start, end, skip, limit);
    EXPECT_TRUE(events.ok()) << events.error().message;
    std::vector<std::string> out;
    if (events.ok()) {
      for (const LogEvent& e : *events) out.push_back(e.message);
    }
    return out;
  }

  TestDir dir_;
};

TEST_F(LogStoreTest, FileFormatAndNames) {
  LogStore store(dir_.path());
  store.append(key("2026/01/21/[$LATEST]ab"), line(kBase, "START x"));
  store.flush();
  EXPECT_EQ(read_file(dir_ / "eu-west-1/%2Faws%2Flambda%2Ff/2026%2F01%2F21%2F[$LATEST]ab.log"),
            "2026-01-21T12:53:20.000Z START x\n");
  EXPECT_THAT(store.groups("eu-west-1", ""), ElementsAre("/aws/lambda/f"));
  EXPECT_THAT(store.groups("eu-west-1", "/aws/l"), SizeIs(1));
  EXPECT_THAT(store.groups("eu-west-1", "/other"), IsEmpty());
  EXPECT_THAT(store.groups("us-east-1", ""), IsEmpty());
  const auto streams = store.streams("eu-west-1", "/aws/lambda/f");
  ASSERT_THAT(streams, SizeIs(1));
  EXPECT_EQ(streams[0].name, "2026/01/21/[$LATEST]ab");
}

TEST_F(LogStoreTest, HostileNamesStayInTheFolder) {
  LogStore store(dir_ / "logs");
  const std::string long_name(512, '/');
  for (const std::string& name : {std::string(".."), std::string("."), std::string("../../x"),
                                  std::string("a b\n\x01"), std::string("ümlaut"), long_name}) {
    store.append({"eu-west-1", name, name}, line(kBase, "of " + name.substr(0, 3)));
    store.flush();
    ASSERT_TRUE(store.has_group("eu-west-1", name));
    EXPECT_THAT(store.groups("eu-west-1", name), testing::Contains(name));
    const auto streams = store.streams("eu-west-1", name);
    ASSERT_THAT(streams, SizeIs(1));
    EXPECT_EQ(streams[0].name, name);
    EXPECT_THAT(*store.read("eu-west-1", name, {name}, 0, kForever, 0, 5), SizeIs(1));
  }
  EXPECT_THAT(store.groups("eu-west-1", ""), SizeIs(6));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1);
}

TEST_F(LogStoreTest, MergesStreamsByTime) {
  LogStore store(dir_.path());
  store.append(key("a"), line(kBase, "a0") + line(kBase + 2000, "a2"));
  store.append(key("b"), line(kBase + 1000, "b1") + line(kBase + 3000, "b3"));
  store.append(key("a"), line(kBase + 4000, "a4"));
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("a0", "b1", "a2", "b3", "a4"));
  EXPECT_THAT(texts(store, {"b"}), ElementsAre("b1", "b3"));
  EXPECT_THAT(texts(store, {"b", "a", "b"}), SizeIs(5));
  // start is inside, end is not.
  EXPECT_THAT(texts(store, {}, kBase + 1000, kBase + 3000), ElementsAre("b1", "a2"));
  EXPECT_THAT(texts(store, {}, 0, kForever, 1, 2), ElementsAre("b1", "a2"));
  EXPECT_THAT(texts(store, {}, 0, kForever, 4, 10), ElementsAre("a4"));
  EXPECT_THAT(texts(store, {}, 0, kForever, 5, 10), IsEmpty());
  EXPECT_THAT(texts(store, {}, 0, kForever, 0, 0), IsEmpty());
}

TEST_F(LogStoreTest, EventsCarryTimeStreamAndText) {
  LogStore store(dir_.path());
  store.append(key("s"), line(kBase + 7, "with  blanks and \t tab ") + line(kBase + 8, ""));
  store.flush();
  const auto events = store.read("eu-west-1", "/aws/lambda/f", {}, 0, kForever, 0, 10);
  ASSERT_TRUE(events.ok());
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ((*events)[0].timestamp_ms, kBase + 7);
  EXPECT_EQ((*events)[0].stream, "s");
  EXPECT_EQ((*events)[0].message, "with  blanks and \t tab ");
  EXPECT_EQ((*events)[1].message, "");
}

TEST_F(LogStoreTest, UnknownGroupsAndStreams) {
  LogStore store(dir_.path());
  store.append(key("s"), line(kBase, "x"));
  store.flush();
  auto events = store.read("eu-west-1", "/aws/lambda/g", {}, 0, kForever, 0, 10);
  EXPECT_EQ(events.error().type, "ResourceNotFoundException");
  EXPECT_EQ(events.error().message, "The specified log group does not exist.");
  events = store.read("us-east-1", "/aws/lambda/f", {}, 0, kForever, 0, 10);
  EXPECT_EQ(events.error().message, "The specified log group does not exist.");
  events = store.read("eu-west-1", "/aws/lambda/f", {"t"}, 0, kForever, 0, 10);
  EXPECT_EQ(events.error().message, "The specified log stream does not exist.");
}

TEST_F(LogStoreTest, RotationKeepsAtMostTwiceTheLimitAndTheNewestLines) {
  LogStoreOptions options;
  options.rotate_bytes = 1000;
  LogStore store(dir_.path(), options);
  for (int i = 0; i < 200; ++i) {
    store.append(key("s"), line(kBase + i, "line " + std::to_string(i)));
    if (i % 7 == 0) store.flush();
  }
  store.flush();
  const std::string path = dir_ / "eu-west-1/%2Faws%2Flambda%2Ff/s.log";
  EXPECT_LE(std::filesystem::file_size(path), 1000U);
  EXPECT_LE(std::filesystem::file_size(path + ".1"), 1000U);
  EXPECT_GT(std::filesystem::file_size(path + ".1"), 900U);
  const auto kept = texts(store);
  ASSERT_GT(kept.size(), 25U);
  EXPECT_EQ(kept.back(), "line 199");
  // Without a gap.
  EXPECT_EQ(kept.front(), "line " + std::to_string(200 - kept.size()));
  const auto info = store.streams("eu-west-1", "/aws/lambda/f");
  EXPECT_EQ(info[0].first_ms, kBase + 200 - static_cast<int64_t>(kept.size()));
  EXPECT_EQ(info[0].last_ms, kBase + 199);
  EXPECT_EQ(info[0].stored_bytes, static_cast<int64_t>(std::filesystem::file_size(path) +
                                                       std::filesystem::file_size(path + ".1")));
}

TEST_F(LogStoreTest, ALineLargerThanAFileIsKeptWhole) {
  LogStoreOptions options;
  options.rotate_bytes = 100;
  LogStore store(dir_.path(), options);
  const std::string large(100'000, 'x');
  store.append(key("s"), line(kBase, "before") + line(kBase + 1, large));
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("before", large));
  EXPECT_EQ(store.streams("eu-west-1", "/aws/lambda/f")[0].last_ms, kBase + 1);
}

TEST_F(LogStoreTest, MoreStreamsThanOpenFiles) {
  LogStoreOptions options;
  options.max_open_files = 3;
  LogStore store(dir_.path(), options);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 10; ++i) {
      store.append(key("s" + std::to_string(i)), line(kBase + round * 100 + i, "x"));
    }
    store.flush();
  }
  EXPECT_THAT(texts(store), SizeIs(30));
  EXPECT_THAT(store.streams("eu-west-1", "/aws/lambda/f"), SizeIs(10));
}

TEST_F(LogStoreTest, AHalfLineOfAKilledProcessDoesNotSwallowTheNext) {
  const std::string folder = dir_ / "eu-west-1/%2Faws%2Flambda%2Ff";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/s.log") << line(kBase, "whole") << "2026-01-21T12:53:21.000Z hal";
  LogStore store(dir_.path());
  EXPECT_THAT(texts(store), ElementsAre("whole"));
  store.append(key("s"), line(kBase + 2000, "next"));
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("whole", "hal", "next"));
}

TEST_F(LogStoreTest, ALineWithoutTimeStampHasThatOfTheOneBefore) {
  const std::string folder = dir_ / "eu-west-1/%2Faws%2Flambda%2Ff";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/s.log") << line(kBase, "a") << "no time\n"
                                   << "2026-13-45T99:00:00.000Z no date\n";
  LogStore store(dir_.path());
  EXPECT_THAT(texts(store, {}, kBase, kBase + 1),
              ElementsAre("a", "no time", "2026-13-45T99:00:00.000Z no date"));
}

TEST_F(LogStoreTest, OverloadedUntilTheWriterHasCaughtUp) {
  LogStoreOptions options;
  options.max_queued_bytes = 10'000;
  options.gather_time = std::chrono::hours(1);  // the writer waits until it is told to flush
  LogStore store(dir_.path(), options);
  EXPECT_FALSE(store.overloaded());
  store.append(key("s"), line(kBase, std::string(5000, 'x')));
  EXPECT_FALSE(store.overloaded());
  store.append(key("s"), line(kBase, std::string(5000, 'x')));
  EXPECT_TRUE(store.overloaded());
  store.flush();
  EXPECT_FALSE(store.overloaded());
}

TEST_F(LogStoreTest, ManyProducersLoseNothingAndTheDestructorWrites) {
  constexpr int kThreads = 4, kLines = 500;
  {
    LogStore store(dir_.path());
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kLines; ++i) {
          store.append(key("s" + std::to_string(t)), line(kBase + i, std::to_string(i)));
        }
      });
    }
    for (std::thread& t : threads) t.join();
  }
  LogStore store(dir_.path());
  for (int t = 0; t < kThreads; ++t) {
    const auto kept = texts(store, {"s" + std::to_string(t)});
    ASSERT_THAT(kept, SizeIs(kLines));
    for (int i = 0; i < kLines; ++i) ASSERT_EQ(kept[static_cast<size_t>(i)], std::to_string(i));
  }
}

TEST_F(LogStoreTest, WhatTheDiskDoesNotTakeIsCounted) {
  // A file where the Region's folder would be.
  std::ofstream(dir_ / "eu-west-1") << "x";
  LogStore store(dir_.path());
  store.append(key("s"), line(kBase, "lost"));
  store.flush();
  EXPECT_EQ(store.dropped_bytes(), static_cast<int64_t>(line(kBase, "lost").size()));
  store.append({"us-east-1", "g", "s"}, line(kBase, "kept"));
  store.flush();
  EXPECT_THAT(*store.read("us-east-1", "g", {}, 0, kForever, 0, 5), SizeIs(1));
}

TEST_F(LogStoreTest, AFolderThatCantBeMadeIsSaidAsWhatItIs) {
  std::filesystem::create_symlink("/nowhere", dir_ / "eu-west-1");
  LogWriter writer(dir_.path(), 1'000'000, 4);
  const auto written = writer.write("eu-west-1", "g", "s", line(kBase, "lost"));
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, Not(HasSubstr("No such file")));
}

TEST_F(LogStoreTest, AFileThatSomebodyDeletesOrMovesIsBegunAgain) {
  LogStore store(dir_.path());
  const std::string path = dir_ / "eu-west-1/%2Faws%2Flambda%2Ff/a.log";
  const auto write = [&](const std::string& text) {
    store.append(key("a"), line(kBase, text));
    store.flush();
  };
  write("before");
  std::filesystem::remove(path);
  write("deleted");
  EXPECT_THAT(texts(store), ElementsAre("deleted"));
  std::filesystem::rename(path, dir_ / "moved");
  write("moved");
  EXPECT_THAT(texts(store), ElementsAre("moved"));
  std::filesystem::remove_all(dir_ / "eu-west-1");
  write("all");
  EXPECT_THAT(texts(store), ElementsAre("all"));
  EXPECT_THAT(store.streams("eu-west-1", "/aws/lambda/f"), SizeIs(1));
}

TEST_F(LogStoreTest, LongNamesComeBackWithFilesThatSomebodyDeleted) {
  LogStore store(dir_.path());
  const std::string long_name(512, '/');
  for (int i = 0; i < 2; ++i) {
    std::filesystem::remove_all(dir_ / "eu-west-1");
    store.append({"eu-west-1", long_name, long_name}, line(kBase, "x"));
    store.flush();
    EXPECT_THAT(store.groups("eu-west-1", ""), ElementsAre(long_name)) << i;
    const auto streams = store.streams("eu-west-1", long_name);
    ASSERT_THAT(streams, SizeIs(1));
    EXPECT_EQ(streams[0].name, long_name) << i;
  }
}

TEST_F(LogStoreTest, ADataFolderThatHasGoneIsNotMadeAgain) {
  LogStore store(dir_ / "data/logs");
  store.append(key("a"), line(kBase, "lost"));
  store.flush();
  EXPECT_FALSE(std::filesystem::exists(dir_ / "data"));
}

TEST_F(LogStoreTest, ScansFromAPlace) {
  LogStoreOptions options;
  options.rotate_bytes = 400'000;
  LogStore store(dir_.path(), options);
  for (int i = 0; i < 10'000; ++i) {
    store.append(
        key(i % 3 == 0 ? "a" : "b"),
        line(kBase + i / 4, std::to_string(i) + std::string(static_cast<size_t>(i % 50), 'x')));
    if (i % 500 == 0) store.flush();
  }
  store.flush();
  const auto scan = [&](const LogRange& range, size_t most) {
    std::vector<LogEvent> events;
    EXPECT_TRUE(store
                    .scan("eu-west-1", "/aws/lambda/f", {}, range,
                          [&](LogEvent&& event) {
                            events.push_back(std::move(event));
                            return events.size() < most;
                          })
                    .ok());
    return events;
  };
  const auto all = scan({}, 10'000);
  ASSERT_GT(all.size(), 9'000U);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return position_of(a) < position_of(b);
  }));
  for (size_t i = 0; i + 1 < all.size(); i += 577) {
    const auto next = scan({0, kForever, position_of(all[i])}, 1);
    ASSERT_THAT(next, SizeIs(1));
    EXPECT_EQ(next[0].message, all[i + 1].message);
  }
  EXPECT_THAT(scan({0, kForever, position_of(all.back())}, 1), IsEmpty());
  EXPECT_THAT(scan({kBase + 2000, kBase + 2002, {}}, 100), SizeIs(8));
}

TEST_F(LogStoreTest, AnUnorderedStreamIsReadInOrderAndStaysSo) {
  {
    LogStore store(dir_.path());
    store.append(key("s"), line(kBase + 5, "5") + line(kBase + 9, "9"));
    store.append(key("s"), line(kBase + 7, "7") + line(kBase + 20, "20"));
    store.flush();
    EXPECT_THAT(texts(store), ElementsAre("5", "7", "9", "20"));
  }
  LogStore store(dir_.path());
  EXPECT_THAT(texts(store, {}, kBase + 6, kBase + 20), ElementsAre("7", "9"));
  store.append(key("t"), line(kBase + 5, "t5"));
  store.append(key("t"), line(kBase + 6, "t6"));
  store.flush();
  EXPECT_FALSE(std::filesystem::exists(dir_ / "eu-west-1/%2Faws%2Flambda%2Ff/t.unordered"));
}

TEST_F(LogStoreTest, ExpiryAcrossRotatedFiles) {
  LogStoreOptions options;
  options.rotate_bytes = 1000;
  LogStore store(dir_.path(), options);
  for (int i = 0; i < 40; ++i) store.append(key("s"), line(kBase + i, "line " + std::to_string(i)));
  store.flush();
  const auto before = texts(store);
  ASSERT_GT(before.size(), 30U);
  size_t left = before.size();
  for (const int64_t upto : {15, 35, 100}) {
    store.expire("eu-west-1", "/aws/lambda/f", kBase + upto);
    store.flush();
    const auto kept = texts(store);
    EXPECT_LT(kept.size(), left);
    left = kept.size();
    if (!kept.empty()) {
      EXPECT_EQ(kept.front(), "line " + std::to_string(upto));
    }
  }
  EXPECT_THAT(texts(store), IsEmpty());
  EXPECT_THAT(store.streams("eu-west-1", "/aws/lambda/f"), SizeIs(1));
  store.append(key("s"), line(kBase + 200, "after"));
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("after"));
}

TEST_F(LogStoreTest, ExpiryWaitsForReaders) {
  LogStore store(dir_.path());
  store.append(key("s"), line(kBase, "a") + line(kBase + 1, "b"));
  store.flush();
  ASSERT_TRUE(store
                  .scan("eu-west-1", "/aws/lambda/f", {}, {},
                        [&](LogEvent&&) {
                          store.expire("eu-west-1", "/aws/lambda/f", kBase + 1);
                          store.flush();
                          return true;
                        })
                  .ok());
  EXPECT_THAT(texts(store), SizeIs(2));
  store.expire("eu-west-1", "/aws/lambda/f", kBase + 1);
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("b"));
}

TEST_F(LogStoreTest, RemovalsAndAppendsKeepTheirOrder) {
  LogStore store(dir_.path());
  store.append(key("s"), line(kBase, "first"));
  EXPECT_TRUE(store.remove_stream(key("s")).ok());
  store.append(key("s"), line(kBase + 1, "second"));
  store.flush();
  EXPECT_THAT(texts(store), ElementsAre("second"));
  const std::string long_name(512, '/');
  store.append({"eu-west-1", long_name, long_name}, line(kBase, "x"));
  EXPECT_TRUE(store.remove_group("eu-west-1", long_name).ok());
  EXPECT_THAT(store.groups("eu-west-1", ""), ElementsAre("/aws/lambda/f"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_ / "eu-west-1"), {}), 1);
}

// A folder that can't be removed, whoever asks.
class StuckFolder {
 public:
  explicit StuckFolder(const std::string& path) : path_(path) {
    std::filesystem::create_directories(path_ + "/in");
    if (::geteuid() == 0)
      stuck_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=64k") == 0;
    else
      stuck_ = ::chmod(path_.c_str(), 0555) == 0;
  }
  ~StuckFolder() { let_go(); }
  bool is_stuck() const { return stuck_; }
  void let_go() {
    if (!std::exchange(stuck_, false)) return;
    if (::geteuid() == 0)
      ::umount2(path_.c_str(), MNT_DETACH);
    else
      ::chmod(path_.c_str(), 0755);
  }

 private:
  const std::string path_;
  bool stuck_ = false;
};

TEST_F(LogStoreTest, WhatCantBeRemovedIsSaidAndStays) {
  LogStore store(dir_.path());
  tests::MemoryState state;
  LogGroups groups(state, store);
  LogGroup group;
  group.retention_days = 7;
  ASSERT_TRUE(groups.put("eu-west-1", "/aws/lambda/f", group).ok());
  store.append(key("other"), line(kBase, "x"));
  store.flush();
  StuckFolder stuck(dir_ / "eu-west-1/%2Faws%2Flambda%2Ff/s.log");
  if (!stuck.is_stuck()) GTEST_SKIP() << "needs a folder that can't be removed";
  for (const auto& removed :
       {store.remove_stream(key("s")), groups.erase("eu-west-1", "/aws/lambda/f")}) {
    ASSERT_FALSE(removed.ok());
    EXPECT_THAT(removed.error().message, testing::HasSubstr("can't be removed: "));
  }
  EXPECT_EQ(groups.find("eu-west-1", "/aws/lambda/f")->retention_days, 7);
  EXPECT_EQ(state.count(LogGroups::kKind), 1u);
  stuck.let_go();
  EXPECT_TRUE(groups.erase("eu-west-1", "/aws/lambda/f").ok());
  EXPECT_FALSE(groups.has("eu-west-1", "/aws/lambda/f"));
}

TEST(LogLine, PutLinesComeBackWhole) {
  for (const std::string text : {"", "a", "a\nb\n", "\\n", "\\", "\n\\\n", " x "}) {
    const std::string written = put_log_line(kBase, kBase + 3, text);
    EXPECT_EQ(written.find('\n'), written.size() - 1);
    const auto read = parse_log_line(std::string_view(written).substr(0, written.size() - 1));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->message(), text);
    EXPECT_EQ(read->timestamp_ms, kBase);
    EXPECT_EQ(read->ingestion_ms, kBase + 3);
  }
}

TEST(LogStreamReader, ReadsOnInAFileThatIsRotatedMeanwhile) {
  TestDir dir;
  const std::string path = dir / "s.log";
  {
    std::ofstream out(path);
    for (int i = 0; i < 5000; ++i) out << line(kBase + i, std::to_string(i));
  }
  LogStreamReader reader(path);
  ASSERT_EQ(reader.next()->text, "0");
  std::filesystem::rename(path, path + ".1");
  std::ofstream(path) << line(kBase + 9999, "of the new file");
  int last = 0;
  while (const auto next = reader.next()) last = std::stoi(std::string(next->text));
  EXPECT_EQ(last, 4999);
}

}  // namespace
}  // namespace kiln::logs
