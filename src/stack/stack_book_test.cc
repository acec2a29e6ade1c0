// Stacks over a double of SNS: topics are all that is made, so that failures, kills and leftovers
// can be counted.
#include "stack/stack_book.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <set>
#include <stdexcept>

#include "base/fence.h"
#include "base/trial.h"
#include "wire/query_protocol.h"

namespace kiln::stack {
namespace {

constexpr const char* kRegion = "eu-west-1";
const std::string kArn = "arn:aws:sns:eu-west-1:111111111111:";

// What is kept, and no more after `left` saves: then Kiln is dead, and nothing has any effect.
class FakeState final : public StatePort {
 public:
  Result<void> save(const std::string& kind, const std::string&, const std::string& key,
                    const std::string& document) override {
    const std::lock_guard lock(mutex_);
    if (full || refused_.contains(kind)) return refusal();
    if (left == 0) return Error{ErrorKind::kInternal, "", "dead"};
    if (left > 0) --left;
    documents[{kind, key}] = document;
    return {};
  }
  Result<void> erase_all(const std::vector<Place>& places) override {
    const std::lock_guard lock(mutex_);
    if (full) return refusal();
    if (left == 0) return Error{ErrorKind::kInternal, "", "dead"};
    for (const Place& place : places)
      if (refused_.contains("erase " + place.kind)) return refusal();
    for (const Place& place : places) documents.erase({place.kind, place.key});
    return {};
  }

  // Documents of these kinds can't be saved, or not erased ("erase KIND").
  void refuse(std::set<std::string> kinds) {
    const std::lock_guard lock(mutex_);
    refused_ = std::move(kinds);
  }

  bool is_dead() {
    const std::lock_guard lock(mutex_);
    return left == 0;
  }

  std::map<std::pair<std::string, std::string>, std::string> documents;
  int left = -1;  // -1: all
  std::atomic<bool> full = false;

 private:
  static Error refusal() { return {ErrorKind::kInternal, "DatabaseError", "the disk is full"}; }

  std::mutex mutex_;
  std::set<std::string> refused_;
};

class FakeSns {
 public:
  net::Response answer(const net::Request& request) {
    if (net::field(request, trial::kEffectsHeader) == trial::kNoEffects)
      return wire::query_error(trial::not_kept(), "id");
    const auto form = wire::QueryRequest::parse(request.body());
    const std::lock_guard lock(mutex_);
    const std::string action = form->action();
    std::string arn(form->get("TopicArn"));
    const std::string name =
        arn.empty() ? std::string(form->get("Name")) : arn.substr(arn.rfind(':') + 1);
    if (failing.contains(name) && action == "CreateTopic")
      return wire::query_error({ErrorKind::kInvalid, "InvalidParameter", "no " + name}, "id");
    if (action == "CreateTopic" && name == throwing) throw std::out_of_range("map::at");
    if (when_called) when_called(action);
    if (action == "CreateTopic") {
      topics[name] = std::string(form->get("Attributes.entry.1.value"));
    } else if (action == "DeleteTopic") {
      topics.erase(name);
    } else if (!topics.contains(name)) {
      return wire::query_error({ErrorKind::kNotFound, "NotFound", "Topic does not exist"}, "id");
    } else if (action == "SetTopicAttributes") {
      topics[name] = std::string(form->get("AttributeValue"));
    }
    return wire::XmlAnswer(action, "x").finish("id");
  }

  std::map<std::string, std::string> topics;  // name to DisplayName
  std::set<std::string> failing;
  std::string throwing;
  std::function<void(const std::string&)> when_called;

 private:
  std::mutex mutex_;
};

class StackBookTest : public testing::Test {
 protected:
  StackBookTest() { open(); }

  void open() {
    book_.reset();
    StackBook::Options options{"111111111111", {}, state_, clock_, {}};
    options.api = [this](const std::string& region) {
      const auto send = [this](net::Request&& request) {
        if (!state_.is_dead()) return sns_.answer(request);
        return wire::query_error({ErrorKind::kUnavailable, "Dead", "dead"}, "id");
      };
      return AwsApi(send, region, "h");
    };
    book_ = std::make_unique<StackBook>(std::move(options));
    for (const auto& [key, document] : std::map(state_.documents))
      EXPECT_TRUE(book_->load(key.first, kRegion, key.second, document).ok()) << document;
    book_->loaded();
  }

  // {"A": "x"}: a topic named and displayed so.
  static Wish wish(const std::map<std::string, std::string>& topics) {
    nlohmann::json resources = nlohmann::json::object();
    for (const auto& [id, display] : topics)
      resources[id] = {{"Type", "AWS::SNS::Topic"},
                       {"Properties", {{"TopicName", id}, {"DisplayName", display}}}};
    Wish out;
    out.template_text = nlohmann::json{{"Resources", resources}}.dump();
    return out;
  }
  std::string create(const Wish& wanted) {
    const auto id = book_->create(kRegion, "s", wanted, {});
    EXPECT_TRUE(id.ok()) << id.error().message;
    book_->drain();
    return id ? *id : "";
  }
  std::string update(const Wish& wanted) {
    const auto id = book_->update(kRegion, "s", wanted);
    book_->drain();
    return id ? status() : id.error().message;
  }
  std::string status() const { return book_->find(kRegion, "s")->status; }

  ManualClock clock_{WallTime(std::chrono::seconds(1'700'000'000))};
  FakeState state_;
  FakeSns sns_;
  std::unique_ptr<StackBook> book_;
};

using Topics = std::map<std::string, std::string>;

TEST_F(StackBookTest, MakesChangesAndRemoves) {
  const std::string id = create(wish({{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(status(), "CREATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(update(wish({{"A", "1"}, {"B", "2"}})), "No updates are to be performed.");
  EXPECT_EQ(update(wish({{"A", "3"}, {"C", "4"}})), "UPDATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "3"}, {"C", "4"}}));
  EXPECT_TRUE(book_->remove(kRegion, "s", {}, "").ok());
  book_->drain();
  EXPECT_EQ(book_->find(kRegion, id)->status, "DELETE_COMPLETE");
  EXPECT_FALSE(book_->find(kRegion, "s").ok());
  EXPECT_TRUE(sns_.topics.empty());
}

TEST_F(StackBookTest, WhatBeginsWhileKilnEndsIsLeftToTheNextDeployment) {
  create(wish({{"A", "1"}}));
  book_->leave();
  EXPECT_EQ(update(wish({{"A", "2"}})), "UPDATE_IN_PROGRESS");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "1"}}));
  open();
  EXPECT_EQ(update(wish({{"A", "2"}})), "UPDATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "2"}}));
}

TEST_F(StackBookTest, ACreationThatFailsLeavesNothing) {
  sns_.failing = {"B"};
  create(wish({{"A", "1"}, {"B", "2"}, {"C", "3"}}));
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_TRUE(sns_.topics.empty());
  EXPECT_NE(update(wish({{"A", "1"}})).find("can not be updated"), std::string::npos);
}

TEST_F(StackBookTest, AnUpdateThatFailsGoesBack) {
  create(wish({{"A", "1"}, {"B", "2"}}));
  sns_.failing = {"C"};
  EXPECT_EQ(update(wish({{"A", "changed"}, {"C", "new"}, {"D", "new"}})),
            "UPDATE_ROLLBACK_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(book_->find(kRegion, "s")->wish.template_text,
            wish({{"A", "1"}, {"B", "2"}}).template_text);
}

TEST_F(StackBookTest, SomebodyElsesThingIsLeftAlone) {
  sns_.topics["B"] = "theirs";
  create(wish({{"A", "1"}, {"B", "2"}}));
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"B", "theirs"}}));
}

TEST_F(StackBookTest, ASetIsCarriedOutOnceAndMakesTheOthersObsolete) {
  ChangeSet set;
  set.type = ChangeSet::Type::kCreate;
  set.wish = wish({{"A", "1"}});
  for (const char* name : {"one", "two"}) {
    set.name = name;
    ASSERT_TRUE(book_->create_change_set(kRegion, "s", set).ok());
  }
  EXPECT_TRUE(sns_.topics.empty());
  open();  // sets outlive a restart
  EXPECT_TRUE(book_->execute_change_set(kRegion, "s", "one", "", {}).ok());
  book_->drain();
  EXPECT_EQ(status(), "CREATE_COMPLETE");
  EXPECT_FALSE(book_->execute_change_set(kRegion, "s", "one", "", {}).ok());
  EXPECT_EQ(book_->find_change_set(kRegion, "s", "two").error().type, "ChangeSetNotFound");
}

// A kill after each of the saves that an operation makes: the next deployment makes everything as
// it is wanted, with nothing left of the first.
TEST_F(StackBookTest, AKillAtAnyMomentIsRepairedByTheNextDeployment) {
  const Wish before = wish({{"A", "1"}, {"B", "2"}, {"C", "3"}});
  const Wish after = wish({{"A", "9"}, {"C", "3"}, {"D", "4"}});
  for (int kept = 1;; ++kept) {
    state_.documents.clear();
    sns_.topics.clear();
    open();
    create(before);
    state_.left = kept;
    (void)book_->update(kRegion, "s", after);
    book_->drain();
    const bool whole = !state_.is_dead();
    state_.left = -1;
    open();  // from what was kept, with the topics as they are
    const std::string end = update(after);
    EXPECT_TRUE(end == "UPDATE_COMPLETE" || end == "No updates are to be performed.")
        << kept << ": " << end;
    EXPECT_EQ(sns_.topics, (Topics{{"A", "9"}, {"C", "3"}, {"D", "4"}})) << kept;
    if (whole) break;
  }
}

// A disk that has no more room from one moment on, in the middle of an operation: nobody waits for
// ever, and what is told now is what a restart finds.
TEST_F(StackBookTest, ADiskThatFillsUpLeavesAStackAsARestartFindsIt) {
  const auto fill_at = [&](const std::string& action) {
    sns_.when_called = [this, action](const std::string& called) {
      if (called == action) state_.full = true;
    };
  };
  const auto expect_as_restarted = [&](const std::string& wanted) {
    const Stack now = *book_->find(kRegion, "s");
    EXPECT_EQ(now.status, wanted);
    EXPECT_NE(now.reason.find("the disk is full"), std::string::npos) << now.reason;
    state_.full = false;
    sns_.when_called = {};
    open();
    const Stack then = *book_->find(kRegion, "s");
    EXPECT_EQ(then.status, wanted);
    EXPECT_EQ(then.wish.template_text, now.wish.template_text);
    EXPECT_EQ(then.resources.size(), now.resources.size());
  };
  fill_at("CreateTopic");
  create(wish({{"A", "1"}, {"B", "2"}}));
  expect_as_restarted("CREATE_FAILED");
  ASSERT_TRUE(book_->remove(kRegion, "s", {}, "").ok());
  book_->drain();
  EXPECT_TRUE(sns_.topics.empty());

  create(wish({{"A", "1"}, {"B", "2"}}));
  fill_at("SetTopicAttributes");
  EXPECT_EQ(update(wish({{"A", "9"}, {"B", "2"}})), "UPDATE_FAILED");
  expect_as_restarted("UPDATE_FAILED");
  EXPECT_EQ(update(wish({{"A", "9"}, {"B", "2"}})), "UPDATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "9"}, {"B", "2"}}));

  fill_at("DeleteTopic");
  ASSERT_TRUE(book_->remove(kRegion, "s", {}, "").ok());
  book_->drain();
  expect_as_restarted("DELETE_FAILED");
  // Refused at once: all is as it was.
  state_.full = true;
  const Stack before = *book_->find(kRegion, "s");
  EXPECT_EQ(book_->remove(kRegion, "s", {}, "").error().message, "the disk is full");
  EXPECT_EQ(update(wish({{"C", "1"}})), "the disk is full");
  EXPECT_FALSE(book_->create(kRegion, "t", wish({{"C", "1"}}), {}).ok());
  EXPECT_FALSE(book_->find(kRegion, "t").ok());
  EXPECT_EQ(book_->find(kRegion, "s")->status, before.status);
  EXPECT_EQ(book_->find(kRegion, "s")->wish.template_text, before.wish.template_text);
  state_.full = false;
  ASSERT_TRUE(book_->remove(kRegion, "s", {}, "").ok());
  book_->drain();
  EXPECT_FALSE(book_->find(kRegion, "s").ok());
  EXPECT_TRUE(sns_.topics.empty());
}

TEST_F(StackBookTest, WhatHasBegunIsCarriedOutOnceThoughItsSetCantBeKept) {
  ChangeSet set;
  set.type = ChangeSet::Type::kCreate;
  set.name = "set";
  set.wish = wish({{"A", "1"}});
  state_.refuse({StackBook::kChangeSetKind});
  EXPECT_EQ(book_->create_change_set(kRegion, "s", set).error().message, "the disk is full");
  EXPECT_TRUE(book_->all(kRegion).empty());
  state_.refuse({});
  ASSERT_TRUE(book_->create_change_set(kRegion, "s", set).ok());
  state_.refuse({StackBook::kChangeSetKind});
  const auto done = book_->execute_change_set(kRegion, "s", "set", "", {});
  EXPECT_TRUE(done.ok()) << done.error().message;
  book_->drain();
  EXPECT_EQ(status(), "CREATE_COMPLETE");
  for (int start = 0; start < 2; ++start) {
    EXPECT_EQ(book_->execute_change_set(kRegion, "s", "set", "", {}).error().type,
              "InvalidChangeSetStatus");
    open();
  }
}

TEST_F(StackBookTest, ASetThatCouldNotBeKeptIsNotCarriedOutBehindAnUpdate) {
  ChangeSet set;
  set.type = ChangeSet::Type::kCreate;
  set.name = "set";
  set.wish = wish({{"A", "1"}});
  ASSERT_TRUE(book_->create_change_set(kRegion, "s", set).ok());
  state_.refuse({StackBook::kChangeSetKind});
  ASSERT_TRUE(book_->execute_change_set(kRegion, "s", "set", "", {}).ok());
  book_->drain();
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(update(wish({{"A", "2"}})), "UPDATE_COMPLETE");
  open();
  const auto again = book_->execute_change_set(kRegion, "s", "set", "", {});
  EXPECT_EQ(again.error().type, "InvalidChangeSetStatus");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "2"}}));
}

TEST_F(StackBookTest, ARollbackThatIsCutShortGoesOnToWhatWas) {
  const Wish before = wish({{"A", "1"}});
  create(before);
  Wish after = wish({{"A", "2"}, {"B", "3"}});
  nlohmann::json document = nlohmann::json::parse(after.template_text);
  document["Resources"]["B"]["DependsOn"] = "A";
  after.template_text = document.dump();
  sns_.failing = {"B"};
  sns_.when_called = [this](const std::string& action) {
    if (action == "SetTopicAttributes" && sns_.topics["A"] == "2") state_.full = true;
  };
  EXPECT_EQ(update(after), "UPDATE_ROLLBACK_FAILED");
  state_.full = false;
  sns_.when_called = {};
  open();
  EXPECT_EQ(book_->find(kRegion, "s")->wish.template_text, before.template_text);
  ASSERT_TRUE(book_->continue_rollback(kRegion, "s").ok());
  book_->drain();
  EXPECT_EQ(status(), "UPDATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "1"}}));
}

TEST_F(StackBookTest, WhatCantBeSetAsideIsAResourceAlone) {
  create(wish({{"A", "1"}, {"B", "2"}}));
  state_.refuse({std::string("erase ") + StackRecord::kResourceKind});
  update(wish({{"A", "1"}}));
  const Stack now = *book_->find(kRegion, "s");
  EXPECT_TRUE(now.resources.contains("B"));
  EXPECT_TRUE(now.leftovers.empty());
  state_.refuse({});
  EXPECT_EQ(update(wish({{"A", "1"}})), "UPDATE_COMPLETE");
  EXPECT_EQ(sns_.topics, (Topics{{"A", "1"}}));
}

TEST_F(StackBookTest, AnOperationThatEndsLeavesTheNextOneAlone) {
  StackRecord record(Stack(), state_, clock_);
  const auto why = [](const std::string& status) { return status + " was cut short"; };
  ASSERT_TRUE(record.begin("UPDATE_IN_PROGRESS", "UPDATE_STACK", [](Stack&) {}).ok());
  const std::string first = record.operation();
  ASSERT_TRUE(record.set_status("UPDATE_COMPLETE").ok());
  record.cut_short(first, why);
  EXPECT_EQ(record.snapshot().status, "UPDATE_COMPLETE");
  ASSERT_TRUE(record.begin("DELETE_IN_PROGRESS", "DELETE_STACK", [](Stack&) {}).ok());
  record.cut_short(first, why);
  EXPECT_EQ(record.snapshot().status, "DELETE_IN_PROGRESS");
  record.cut_short(record.operation(), why);
  EXPECT_EQ(record.snapshot().status, "DELETE_FAILED");
  EXPECT_EQ(record.snapshot().reason, "DELETE_IN_PROGRESS was cut short");
}

// Continuous integration that makes a stack for each test: neither a thread nor memory stays
// behind.
TEST_F(StackBookTest, StacksThatAreGoneLeaveNothing) {
  const Wish wanted = wish({{"A", "1"}});
  const auto make_and_remove = [&](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(book_->create(kRegion, "s", wanted, {}).ok());
      book_->drain();
      ASSERT_TRUE(book_->remove(kRegion, "s", {}, "").ok());
      book_->drain();
    }
  };
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  make_and_remove(2 * static_cast<int>(StackBook::kMaxDeletedStacks));
  const size_t before = ::mallinfo2().uordblks;
  make_and_remove(2'000);
  EXPECT_LT(::mallinfo2().uordblks, before + (1 << 20));
  EXPECT_LT(threads(), 8);
  EXPECT_LE(book_->all(kRegion).size(), StackBook::kMaxDeletedStacks);
  EXPECT_TRUE(sns_.topics.empty());
}

TEST_F(StackBookTest, ManyDeploymentsAtOnceAllEnd) {
  constexpr int kStacks = 3 * static_cast<int>(StackBook::kMaxDeployments);
  for (int i = 0; i < kStacks; ++i)
    ASSERT_TRUE(
        book_->create(kRegion, "s" + std::to_string(i), wish({{"T" + std::to_string(i), "1"}}), {})
            .ok());
  book_->drain();
  for (const Stack& stack : book_->all(kRegion)) EXPECT_EQ(stack.status, "CREATE_COMPLETE");
  EXPECT_EQ(sns_.topics.size(), static_cast<size_t>(kStacks));
}

// What ends at the same moment is not counted as one; what is forgotten leaves nothing on disk.
TEST_F(StackBookTest, StacksDeletedTogetherAreForgottenAsThoseOneByOne) {
  constexpr size_t kKept = StackBook::kMaxDeletedStacks;
  const auto name = [](size_t i) { return "s" + std::to_string(i); };
  for (size_t i = 0; i < 4 * kKept; ++i)
    ASSERT_TRUE(book_->create(kRegion, name(i), wish({{"T" + std::to_string(i), "1"}}), {}).ok());
  book_->drain();
  for (size_t i = 0; i < 4 * kKept; ++i) ASSERT_TRUE(book_->remove(kRegion, name(i), {}, "").ok());
  book_->drain();
  EXPECT_EQ(book_->all(kRegion).size(), kKept);
  const auto kept = [&] {
    return std::count_if(state_.documents.begin(), state_.documents.end(), [](const auto& each) {
      return each.first.first == StackRecord::kStackKind;
    });
  };
  EXPECT_EQ(kept(), static_cast<std::ptrdiff_t>(kKept));
  // What an earlier version kept beyond that is forgotten at the start.
  const auto some = std::map(state_.documents);
  for (const auto& [key, document] : some) {
    nlohmann::json copy = nlohmann::json::parse(document);
    if (key.first != StackRecord::kStackKind) continue;
    copy["id"] = key.second + "x";
    state_.documents[{key.first, key.second + "x"}] = copy.dump();
  }
  open();
  EXPECT_EQ(book_->all(kRegion).size(), kKept);
  EXPECT_EQ(kept(), static_cast<std::ptrdiff_t>(kKept));
}

// Rules may ask for attributes of VPCs, which are not here.
TEST_F(StackBookTest, ARuleThatNobodyCanAnswerIsRefusedOrCountsAsKept) {
  Wish wanted;
  wanted.template_text =
      R"({"Parameters": {"Vpc": {"Type": "String", "Default": "vpc-1"}},
          "Rules": {"R": {"Assertions": [{"Assert": {"Fn::EachMemberIn": [
              {"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]}, [{"Ref": "Vpc"}]]}}]}},
          "Resources": {"A": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "A"}}}})";
  const auto refused = book_->create(kRegion, "s", wanted, {});
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("Fn::ValueOfAll asks for"), std::string::npos);
  wanted.unsupported = Wish::Unsupported::kSkip;
  create(wanted);
  EXPECT_EQ(status(), "CREATE_COMPLETE");
}

TEST_F(StackBookTest, AStepThatThrowsFailsItsStackAlone) {
  const uint64_t before = internal_errors();
  const FenceListener listener = set_fence_listener([](std::string_view, std::string_view) {});
  sns_.throwing = "B";
  create(wish({{"A", "1"}, {"B", "2"}}));
  set_fence_listener(listener);
  EXPECT_EQ(internal_errors() - before, 1u);
  EXPECT_EQ(status(), "ROLLBACK_COMPLETE");
  EXPECT_TRUE(sns_.topics.empty());
}

}  // namespace
}  // namespace kiln::stack
