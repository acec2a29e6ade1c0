// The templates of a function's versions, whose programs the test plays.
#include "engine/snapshot_keeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/sandbox_double.h"

namespace kiln::engine {
namespace {

using namespace std::chrono_literals;

struct TemplatePuppet {
  sandbox::TemplateOwner* owner = nullptr;  // nullptr once it was destroyed
  bool started = false;
  bool paused = false;
};

class NoForks final : public sandbox::ForkSource {
  Result<std::shared_ptr<sandbox::Blank>> take(const sandbox::ResourceLimits&) override {
    return Error{};
  }
};

class TemplateDouble final : public sandbox::TemplatePort {
 public:
  TemplateDouble(std::shared_ptr<TemplatePuppet> puppet, sandbox::TemplateOwner& owner)
      : puppet_(std::move(puppet)) {
    puppet_->owner = &owner;
  }
  ~TemplateDouble() override { puppet_->owner = nullptr; }
  void start(const sandbox::SandboxSpec&) override { puppet_->started = true; }
  std::shared_ptr<sandbox::ForkSource> source() override { return source_; }
  void begin_cpu_quota(const sandbox::ResourceLimits&) override {}
  void pause_output() override { puppet_->paused = true; }
  void resume_output() override { puppet_->paused = false; }

 private:
  std::shared_ptr<TemplatePuppet> puppet_;
  std::shared_ptr<sandbox::ForkSource> source_ = std::make_shared<NoForks>();
};

class KeeperTest : public testing::Test {
 protected:
  KeeperTest()
      : root_(std::filesystem::temp_directory_path() /
              ("kiln-keeper-test-" + std::to_string(::getpid()))),
        store_(root_.string(), small_queue()),
        host_{loop_, {}, store_, sandbox::Isolation::kFull, {}, "http://127.0.0.1:1"} {
    host_.make_template = [this](sandbox::TemplateOwner& owner) {
      puppets_.push_back(std::make_shared<TemplatePuppet>());
      return std::make_unique<TemplateDouble>(puppets_.back(), owner);
    };
    keeper_ = std::make_unique<SnapshotKeeper>(
        host_, board_, turns_, events_,
        [](const model::FunctionConfig&) {
          return TaskFolder{"/code", nullptr};
        },
        [this](const model::ConfigPtr&, auto then) {
          ++rooms_wanted_;
          room_made_ = std::move(then);
        });
  }
  ~KeeperTest() override {
    keeper_.reset();
    loop_.turn();
    store_.flush();  // its writer makes files for what is left
    std::filesystem::remove_all(root_);
  }

  // What is behind its writer is seen to be.
  static logs::LogStoreOptions small_queue() {
    logs::LogStoreOptions options;
    options.max_queued_bytes = 10'000;
    options.gather_time = std::chrono::hours(1);
    return options;
  }
  static model::ConfigPtr version(const std::string& number) {
    auto config = std::make_shared<model::FunctionConfig>();
    config->region = "us-east-1";
    config->name = "f";
    config->version = number;
    config->runtime = "python3.12";
    config->snap_start = "PublishedVersions";
    return config;
  }
  std::string phase(const model::ConfigPtr& config) {
    return std::string(to_text(board_.get(*config).phase));
  }
  std::string error(const model::ConfigPtr& config) {
    const auto source = keeper_->source(config);
    return source ? *source ? "forks" : "plain" : source.error().type;
  }

  tests::LoopDouble loop_;
  std::filesystem::path root_;
  logs::LogStore store_;
  EnvironmentHost host_;
  SnapshotBoard board_;
  SnapshotTurns turns_;
  NoEvents events_;
  std::vector<std::shared_ptr<TemplatePuppet>> puppets_;
  int rooms_wanted_ = 0;
  std::function<void(bool)> room_made_;
  std::unique_ptr<SnapshotKeeper> keeper_;
};

TEST_F(KeeperTest, AVersionIsPendingUntilItsTemplateIsThere) {
  const auto one = version("1");
  EXPECT_EQ(error(one), "plain") << "a version that it doesn't keep";
  keeper_->set_targets({one});
  EXPECT_EQ(error(one), "SnapStartNotReadyException");
  loop_.advance(0s);
  ASSERT_EQ(puppets_.size(), 1u);
  EXPECT_TRUE(puppets_[0]->started);
  EXPECT_EQ(phase(one), "Pending");
  puppets_[0]->owner->on_template_ready();
  EXPECT_EQ(phase(one), "Active");
  EXPECT_EQ(error(one), "forks");
  // The same wish again changes nothing.
  keeper_->set_targets({one});
  loop_.advance(1s);
  EXPECT_EQ(puppets_.size(), 1u);
  keeper_->set_targets({});
  loop_.turn();
  EXPECT_EQ(puppets_[0]->owner, nullptr);
  EXPECT_EQ(error(one), "plain");
}

TEST_F(KeeperTest, AFailureIsKeptWithItsReason) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_unfit("3 threads run at the checkpoint");
  EXPECT_EQ(phase(one), "Failed");
  EXPECT_EQ(board_.get(*one).reason_code, "FunctionError");
  EXPECT_EQ(board_.get(*one).reason,
            "No snapshot can be made of the function: 3 threads run at the checkpoint.");
  EXPECT_EQ(error(one), "ResourceConflictException");
  loop_.turn();
  EXPECT_EQ(puppets_[0]->owner, nullptr) << "it is ended";
  loop_.advance(1h);
  EXPECT_EQ(puppets_.size(), 1u) << "and not made again";
}

TEST_F(KeeperTest, InitHas130SecondsOrTheTimeoutIfThatIsLonger) {
  auto slow = std::make_shared<model::FunctionConfig>(*version("2"));
  slow->timeout_s = 300;
  const auto quick = version("1");
  keeper_->set_targets({quick, slow});
  loop_.advance(0s);
  loop_.advance(130s - 1ms);
  EXPECT_EQ(phase(quick), "Pending");
  loop_.advance(1ms);
  EXPECT_EQ(phase(quick), "Failed");
  EXPECT_EQ(board_.get(*quick).reason_code, "FunctionError.InitTimeout");
  loop_.advance(170s - 1ms);
  EXPECT_EQ(phase(slow), "Pending");
  loop_.advance(1ms);
  EXPECT_EQ(phase(slow), "Failed");
}

TEST_F(KeeperTest, TwoAreMadeAtATime) {
  const std::vector<model::ConfigPtr> all = {version("1"), version("2"), version("3"),
                                             version("4")};
  keeper_->set_targets(all);
  loop_.advance(1s);
  ASSERT_EQ(puppets_.size(), 2u);
  puppets_[0]->owner->on_template_ready();
  loop_.advance(1s);
  ASSERT_EQ(puppets_.size(), 3u);
  puppets_[1]->owner->on_template_unfit("no");
  loop_.advance(1s);
  EXPECT_EQ(puppets_.size(), 4u);
}

TEST_F(KeeperTest, AnInitThatTakesLongKeepsNoTurn) {
  keeper_->set_targets({version("1"), version("2"), version("3")});
  loop_.advance(1s);
  ASSERT_EQ(puppets_.size(), 2u);
  loop_.advance(SnapshotTurns::kLong - 1s);
  loop_.advance(1s);
  ASSERT_EQ(puppets_.size(), 3u);
  // Whoever has given its turn back has none to give.
  puppets_[0]->owner->on_template_ready();
  puppets_[2]->owner->on_template_ready();
  EXPECT_TRUE(turns_.take());
  EXPECT_TRUE(turns_.take());
  EXPECT_FALSE(turns_.take());
}

TEST_F(KeeperTest, ATemplateThatEndsIsMadeAgain) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_ready();
  puppets_[0]->owner->on_template_gone({});
  EXPECT_EQ(phase(one), "Pending");
  EXPECT_TRUE(board_.get(*one).made_before);
  EXPECT_EQ(error(one), "SnapStartNotReadyException");
  loop_.advance(0s);
  ASSERT_EQ(puppets_.size(), 2u);
  puppets_[1]->owner->on_template_ready();
  EXPECT_EQ(error(one), "forks");
}

TEST_F(KeeperTest, ATemplateThatPrintsFasterThanLogsAreWrittenWaits) {
  keeper_->set_targets({version("1")});
  loop_.advance(0s);
  puppets_[0]->owner->on_output(std::string(5'000, 'x') + "\n");
  EXPECT_FALSE(puppets_[0]->paused);
  puppets_[0]->owner->on_output(std::string(5'000, 'x') + "\n");
  EXPECT_TRUE(puppets_[0]->paused);
  loop_.advance(1s);
  EXPECT_TRUE(puppets_[0]->paused);
  store_.flush();
  loop_.advance(20ms);
  EXPECT_FALSE(puppets_[0]->paused);
}

TEST_F(KeeperTest, ARemakeThatFailsIsTriedAgain) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_ready();
  puppets_[0]->owner->on_template_gone({});
  loop_.advance(0s);
  puppets_[1]->owner->on_template_init_error("{}", "NoDatabase");
  EXPECT_EQ(phase(one), "Pending");
  EXPECT_EQ(error(one), "SnapStartNotReadyException");
  loop_.advance(1s - 1ms);
  EXPECT_EQ(puppets_.size(), 2u);
  loop_.advance(1ms);
  ASSERT_EQ(puppets_.size(), 3u);
  EXPECT_EQ(puppets_[1]->owner, nullptr);
  puppets_[2]->owner->on_template_ready();
  EXPECT_EQ(phase(one), "Active");
}

// The machine is full for a while: that is nothing that the version could be blamed for.
TEST_F(KeeperTest, ATemplateWithoutRoomIsTriedAgain) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  sandbox::Exit full;
  full.kind = sandbox::Exit::Kind::kNotStarted;
  full.reason = "fork: Resource temporarily unavailable";
  full.lacks_room = true;
  puppets_[0]->owner->on_template_gone(full);
  EXPECT_EQ(phase(one), "Pending");
  EXPECT_EQ(error(one), "SnapStartNotReadyException");
  EXPECT_EQ(rooms_wanted_, 1);
  loop_.advance(1s);
  ASSERT_EQ(puppets_.size(), 1u) << "an idle environment ends first";
  room_made_(true);
  loop_.advance(20ms);
  ASSERT_EQ(puppets_.size(), 2u);
  puppets_[1]->owner->on_template_gone(full);
  EXPECT_EQ(rooms_wanted_, 2);
  room_made_(true);
  loop_.advance(20ms);
  ASSERT_EQ(puppets_.size(), 3u) << "one was not enough";
  puppets_[2]->owner->on_template_gone(full);
  room_made_(false);
  loop_.advance(2s - 1ms);
  EXPECT_EQ(puppets_.size(), 3u) << "no other is idle";
  loop_.advance(1ms);
  ASSERT_EQ(puppets_.size(), 4u);
  puppets_[3]->owner->on_template_ready();
  EXPECT_EQ(phase(one), "Active");
}

// The word of a program ends no environment of others.
TEST_F(KeeperTest, ATemplateThatSaysThatThereIsNoRoomIsTriedAgain) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_without_room("fork: Resource temporarily unavailable");
  EXPECT_EQ(phase(one), "Pending");
  EXPECT_EQ(rooms_wanted_, 0);
  loop_.advance(0s);
  ASSERT_EQ(puppets_.size(), 2u);
  puppets_[1]->owner->on_template_ready();
  EXPECT_EQ(phase(one), "Active");
}

TEST_F(KeeperTest, WhereNothingCanBeForkedEnvironmentsStartPlainly) {
  const auto one = version("1"), two = version("2");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_not_permitted("no namespaces");
  EXPECT_EQ(error(one), "plain");
  host_.isolation = sandbox::Isolation::kNone;
  keeper_->set_targets({one, two});
  EXPECT_EQ(error(two), "plain");
  loop_.advance(1s);
  EXPECT_EQ(puppets_.size(), 1u);
}

TEST_F(KeeperTest, ChangedCodeMakesAnotherTemplate) {
  const auto one = version("1");
  keeper_->set_targets({one});
  loop_.advance(0s);
  puppets_[0]->owner->on_template_ready();
  keeper_->remake_all();
  EXPECT_EQ(phase(one), "Pending");
  loop_.advance(0s);
  EXPECT_EQ(puppets_[0]->owner, nullptr);
  EXPECT_EQ(puppets_.size(), 2u);
}

}  // namespace
}  // namespace kiln::engine
