// Change sets as AWS tells of them: what is expected here is what AWS answered when it was asked to
// change such stacks.
#include <gtest/gtest.h>

#include "stack/change_reasons.h"
#include "stack/stack_book.h"
#include "tests/support/state_doubles.h"
#include "wire/query_protocol.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using Source = ChangeReason::Source;
using Evaluation = ChangeReason::Evaluation;
using Told = ChangeReason::Told;

json topic(const json& properties) {
  return {{"Type", "AWS::SNS::Topic"}, {"Properties", properties}};
}

class ChangeSetTest : public testing::Test {
 protected:
  ChangeSetTest() {
    StackBook::Options options{"111111111111", {}, state_, clock_, {}};
    options.api = [](const std::string& region) {
      const auto send = [](net::Request&& request) {
        const auto form = wire::QueryRequest::parse(request.body());
        // Topics are new, and everything else works.
        if (form->action() == "GetTopicAttributes")
          return wire::query_error({ErrorKind::kNotFound, "NotFound", "no such topic"}, "id");
        return wire::XmlAnswer(form->action(), "x").finish("id");
      };
      return AwsApi(send, region, "h");
    };
    options.ssm = [this](const std::string&,
                         const std::string&) -> std::optional<cfn::SsmParameter> {
      return cfn::SsmParameter{"String", stored_};
    };
    book_ = std::make_unique<StackBook>(std::move(options));
    book_->loaded();
  }

  static Wish wish(const json& resources, const json& parameters = nullptr,
                   std::map<std::string, std::string> values = {}) {
    json document = {{"Resources", resources}};
    if (!parameters.is_null()) document["Parameters"] = parameters;
    Wish out;
    out.template_text = document.dump();
    out.parameters = std::move(values);
    return out;
  }
  ChangeSet make(ChangeSet::Type type, const Wish& wanted, const std::string& name = "changes") {
    ChangeSet set;
    set.name = name;
    set.type = type;
    set.wish = wanted;
    const auto made = book_->create_change_set("us-east-1", "s", set);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made ? *made : set;
  }
  void execute(const ChangeSet& set) {
    const auto done = book_->execute_change_set("us-east-1", "s", set.id, "", {});
    EXPECT_TRUE(done.ok()) << done.error().message;
    book_->drain();
  }
  // The set that changes a stack of the first into the second.
  ChangeSet between(const Wish& before, const Wish& after) {
    execute(make(ChangeSet::Type::kCreate, before));
    return make(ChangeSet::Type::kUpdate, after);
  }
  static const Change& change_of(const ChangeSet& set, const std::string& id) {
    for (const Change& change : set.changes)
      if (change.logical_id == id) return change;
    ADD_FAILURE() << "no change of " << id;
    static const Change none;
    return none;
  }

  ManualClock clock_{WallTime(std::chrono::seconds(1'700'000'000))};
  tests::MemoryState state_;
  std::string stored_ = "one";  // what the Parameter Store has of every name
  std::unique_ptr<StackBook> book_;
};

TEST_F(ChangeSetTest, ANameIsFreeAgainOnceItsSetWasExecuted) {
  const ChangeSet first =
      make(ChangeSet::Type::kCreate, wish({{"A", topic({{"DisplayName", "1"}})}}));
  EXPECT_EQ(book_->create_change_set("us-east-1", "s", first).error().type,
            "AlreadyExistsException");
  execute(first);
  EXPECT_TRUE(book_->change_sets("us-east-1", "s")->empty());
  EXPECT_EQ(book_->find_change_set("us-east-1", "s", first.id)->execution_status,
            "EXECUTE_COMPLETE");
  EXPECT_EQ(book_->find("us-east-1", "s")->change_set_id, first.id);
  const ChangeSet second =
      make(ChangeSet::Type::kUpdate, wish({{"A", topic({{"DisplayName", "2"}})}}));
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(book_->find_change_set("us-east-1", "s", "changes")->id, second.id);
  EXPECT_EQ(book_->change_sets("us-east-1", "s")->size(), 1U);
  execute(second);
  EXPECT_EQ(book_->execute_change_set("us-east-1", "s", second.id, "", {}).error().message,
            "ChangeSet [" + second.id +
                "] cannot be executed in its current status of "
                "[EXECUTE_COMPLETE]");
}

TEST_F(ChangeSetTest, ExecutedSetsAreForgottenInTime) {
  std::vector<ChangeSet> all;
  for (int i = 0; i < 15; ++i) {
    all.push_back(make(i == 0 ? ChangeSet::Type::kCreate : ChangeSet::Type::kUpdate,
                       wish({{"A", topic({{"DisplayName", std::to_string(i)}})}})));
    execute(all.back());
    clock_.advance(std::chrono::seconds(1));
  }
  EXPECT_FALSE(book_->find_change_set("us-east-1", "s", all.front().id).ok());
  EXPECT_TRUE(book_->find_change_set("us-east-1", "s", all.back().id).ok());
}

TEST_F(ChangeSetTest, AnotherTextIsADirectModification) {
  const ChangeSet set = between(wish({{"Topic1", topic({{"TopicName", "a"}})}}),
                                wish({{"Topic1", topic({{"TopicName", "b"}})}}));
  const Change& change = change_of(set, "Topic1");
  EXPECT_EQ(change.replacement, Change::Replacement::kYes);
  ASSERT_EQ(change.reasons.size(), 1U);
  EXPECT_EQ(change.reasons[0].source, Source::kDirectModification);
  EXPECT_EQ(change.reasons[0].evaluation, Evaluation::kStatic);
  EXPECT_EQ(change.reasons[0].told, Told::kAlways);
}

TEST_F(ChangeSetTest, AParameterIsNamedAsTheCause) {
  const json parameters = {{"TopicName", {{"Type", "String"}}}, {"Other", {{"Type", "String"}}}};
  const json resources = {{"Topic1", topic({{"TopicName", {{"Ref", "TopicName"}}},
                                            {"DisplayName", {{"Fn::Sub", "${Other}"}}}})}};
  const ChangeSet set = between(wish(resources, parameters, {{"TopicName", "a"}, {"Other", "x"}}),
                                wish(resources, parameters, {{"TopicName", "b"}, {"Other", "x"}}));
  const Change& change = change_of(set, "Topic1");
  ASSERT_EQ(change.reasons.size(), 2U);
  EXPECT_EQ(change.reasons[0].source, Source::kParameterReference);
  EXPECT_EQ(change.reasons[0].causing_entity, "TopicName");
  EXPECT_EQ(change.reasons[0].evaluation, Evaluation::kStatic);
  EXPECT_EQ(change.reasons[1].source, Source::kDirectModification);
  EXPECT_EQ(change.reasons[1].evaluation, Evaluation::kDynamic);
  EXPECT_EQ(change.reasons[1].told, Told::kAlways);
}

TEST_F(ChangeSetTest, AnotherValueInTheParameterStoreIsADirectModification) {
  const json parameters = {{"Stored", {{"Type", "AWS::SSM::Parameter::Value<String>"}}}};
  const json resources = {{"Topic1", topic({{"DisplayName", {{"Ref", "Stored"}}}})}};
  execute(make(ChangeSet::Type::kCreate, wish(resources, parameters, {{"Stored", "/name"}})));
  stored_ = "another";
  const ChangeSet set =
      make(ChangeSet::Type::kUpdate, wish(resources, parameters, {{"Stored", "/name"}}));
  const Change& change = change_of(set, "Topic1");
  ASSERT_EQ(change.reasons.size(), 1U);
  EXPECT_EQ(change.reasons[0].source, Source::kDirectModification);
  EXPECT_EQ(change.reasons[0].evaluation, Evaluation::kStatic);
  // Another name is another value of the parameter.
  execute(set);
  stored_ = "a third";
  const ChangeSet renamed =
      make(ChangeSet::Type::kUpdate, wish(resources, parameters, {{"Stored", "/other"}}));
  EXPECT_EQ(change_of(renamed, "Topic1").reasons[0].source, Source::kParameterReference);
}

TEST_F(ChangeSetTest, WhatRefersToAReplacedResourceChangesWithIt) {
  const auto stack = [](const std::string& name) {
    return wish({{"Topic1", topic({{"TopicName", name}})},
                 {"Topic2", topic({{"TopicName", "two"}, {"DisplayName", {{"Ref", "Topic1"}}}})}});
  };
  const ChangeSet set = between(stack("a"), stack("b"));
  const Change& change = change_of(set, "Topic2");
  EXPECT_FALSE(change.is_potential);
  ASSERT_EQ(change.reasons.size(), 2U);
  EXPECT_EQ(change.reasons[0].source, Source::kResourceReference);
  EXPECT_EQ(change.reasons[0].causing_entity, "Topic1");
  EXPECT_EQ(change.reasons[1].told, Told::kWithValues);
  EXPECT_EQ(change.reasons[1].evaluation, Evaluation::kDynamic);
}

// The attribute of a resource that is changed in place may be another one afterwards. AWS says so
// when it isn't asked for values, for what refers to that resource in turn, too.
TEST_F(ChangeSetTest, AttributesOfChangedResourcesMayChange) {
  const auto stack = [](const std::string& shown) {
    return wish({{"Topic1", topic({{"TopicName", "one"}, {"DisplayName", shown}})},
                 {"Topic2", topic({{"TopicName", "two"},
                                   {"DisplayName", {{"Fn::GetAtt", {"Topic1", "DisplayName"}}}}})},
                 {"Topic3", topic({{"TopicName", "three"},
                                   {"DisplayName", {{"Fn::GetAtt", {"Topic2", "DisplayName"}}}}})},
                 {"Topic4", topic({{"TopicName", "four"}, {"DisplayName", {{"Ref", "Topic1"}}}})}});
  };
  const ChangeSet set = between(stack("first"), stack("second"));
  EXPECT_EQ(set.changes.size(), 3U);
  EXPECT_FALSE(change_of(set, "Topic1").is_potential);
  for (const auto& [id, entity] : std::map<std::string, std::string>{
           {"Topic2", "Topic1.DisplayName"}, {"Topic3", "Topic2.DisplayName"}}) {
    const Change& change = change_of(set, id);
    EXPECT_TRUE(change.is_potential);
    ASSERT_EQ(change.reasons.size(), 1U);
    EXPECT_EQ(change.reasons[0].source, Source::kResourceAttribute);
    EXPECT_EQ(change.reasons[0].causing_entity, entity);
    EXPECT_EQ(change.reasons[0].evaluation, Evaluation::kDynamic);
    EXPECT_EQ(change.reasons[0].told, Told::kWithoutValues);
  }
  execute(set);
  const auto resources = book_->find("us-east-1", "s")->resources;
  for (const char* id : {"Topic1", "Topic2", "Topic3"})
    EXPECT_EQ(resources.at(id).properties["DisplayName"], "second") << id;
}

// Events of a creation as AWS recorded them: with the id that was made, the properties, and ids of
// status and time.
// A transform is carried out once the set is there: that it fails is the set's state.
TEST_F(ChangeSetTest, WhatATransformCantMakeFailsTheSet) {
  Wish wanted = wish({{"B", {{"Type", "AWS::Serverless::Function"}}},
                      {"A",
                       {{"Type", "AWS::Serverless::SimpleTable"},
                        {"Properties", {{"PrimaryKey", {{"Type", "String"}}}}}}}},
                     {{"Secret", {{"Type", "String"}, {"NoEcho", true}}},
                      {"Stage", {{"Type", "String"}}},
                      {"Size", {{"Type", "Number"}, {"Default", 2}}}},
                     {{"Secret", "s3cr3t"}, {"Stage", "test"}});
  json document = json::parse(wanted.template_text);
  document["Transform"] = "AWS::Serverless-2016-10-31";
  wanted.template_text = document.dump();
  const ChangeSet set = make(ChangeSet::Type::kCreate, wanted);
  EXPECT_EQ(set.status, "FAILED");
  EXPECT_EQ(set.execution_status, "UNAVAILABLE");
  EXPECT_EQ(set.reason,
            "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
            "Specification document. Number of errors found: 2. Resource with id [B] is invalid. "
            "Runtime and Handler needs to be present when PackageType is of type `Zip` Resource "
            "with id [A] is invalid. Property 'PrimaryKey.Name' is required.");
  EXPECT_EQ(book_->find("us-east-1", "s")->status, "REVIEW_IN_PROGRESS");
  EXPECT_EQ(set.parameters, (std::map<std::string, std::string>{
                                {"Secret", "****"}, {"Size", "2"}, {"Stage", "test"}}));
  EXPECT_EQ(set.hidden_parameters, (std::vector<std::string>{"Secret"}));
  EXPECT_EQ(to_document(set).dump().find("s3cr3t"), std::string::npos);
  const auto done = book_->execute_change_set("us-east-1", "s", set.id, "", {});
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().type, "InvalidChangeSetStatus");
}

TEST_F(ChangeSetTest, WhatIsWrongBehindATransformFailsTheSet) {
  Wish wanted = wish({{"T", topic({{"TopicName", {{"Ref", "Absent"}}}})}});
  json document = json::parse(wanted.template_text);
  ChangeSet set;
  set.name = "changes";
  set.type = ChangeSet::Type::kCreate;
  set.wish = wanted;
  // Without one, AWS refuses it at once.
  const auto refused = book_->create_change_set("us-east-1", "s", set);
  ASSERT_FALSE(refused.ok());
  EXPECT_FALSE(book_->find("us-east-1", "s").ok());
  document["Transform"] = "AWS::LanguageExtensions";
  wanted.template_text = document.dump();
  EXPECT_EQ(make(ChangeSet::Type::kCreate, wanted).reason,
            "Template format error: Unresolved resource dependencies [Absent] in the Resources "
            "block of the template");
  // And so it does where a parameter has no value,
  document["Parameters"] = {{"P", {{"Type", "String"}}}};
  set.name = "unknown";
  set.wish.template_text = document.dump();
  const auto unknown = book_->create_change_set("us-east-1", "s", set);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().message, "Parameters: [P] must have values");
  // and where the parameters are wrong, which no transform changes.
  document["Parameters"] = {{"P", {{"Type", "Boolean"}}}};
  set.name = "others";
  set.wish.template_text = document.dump();
  EXPECT_FALSE(book_->create_change_set("us-east-1", "s", set).ok());
}

TEST_F(ChangeSetTest, EventsAreThoseOfAws) {
  execute(make(ChangeSet::Type::kCreate, wish({{"topic123", topic({{"TopicName", "t"}})}})));
  const auto events = book_->find("us-east-1", "s")->events;
  std::vector<std::string> told;
  for (const StackEvent& event : events)
    told.push_back(event.logical_id + " " + event.status +
                   (event.reason.empty() ? "" : " " + event.reason));
  EXPECT_EQ(told, (std::vector<std::string>{
                      "s REVIEW_IN_PROGRESS User Initiated",
                      "s CREATE_IN_PROGRESS User Initiated",
                      "topic123 CREATE_IN_PROGRESS",
                      "topic123 CREATE_IN_PROGRESS Resource creation Initiated",
                      "topic123 CREATE_COMPLETE",
                      "s CREATE_COMPLETE",
                  }));
  EXPECT_EQ(events[2].physical_id, "");
  EXPECT_EQ(events[3].physical_id, "arn:aws:sns:us-east-1:111111111111:t");
  for (size_t i = 2; i < 5; ++i) EXPECT_EQ(events[i].properties, R"({"TopicName":"t"})");
  EXPECT_EQ(events[4].id, "topic123-CREATE_COMPLETE-2023-11-14T22:13:20.004Z");
  std::set<std::string> ids;
  for (const StackEvent& event : events) ids.insert(event.id);
  EXPECT_EQ(ids.size(), events.size());
}

// The statuses of a replacement are those of an update.
TEST_F(ChangeSetTest, AReplacementIsAnUpdate) {
  execute(between(wish({{"T", topic({{"TopicName", "a"}})}}),
                  wish({{"T", topic({{"TopicName", "b"}})}})));
  std::vector<std::string> told;
  const Stack stack = *book_->find("us-east-1", "s");
  for (const StackEvent& event : stack.events)
    if (event.logical_id == "T")
      told.push_back(event.status + " " +
                     event.physical_id.substr(event.physical_id.rfind(':') + 1));
  EXPECT_EQ(told, (std::vector<std::string>{"CREATE_IN_PROGRESS ", "CREATE_IN_PROGRESS a",
                                            "CREATE_COMPLETE a", "UPDATE_IN_PROGRESS a",
                                            "UPDATE_IN_PROGRESS b", "UPDATE_COMPLETE b",
                                            "DELETE_IN_PROGRESS a", "DELETE_COMPLETE a"}));
}

TEST_F(ChangeSetTest, WhatWasExecutedOutlivesItsStack) {
  const Wish wanted = wish({{"A", topic({{"DisplayName", "1"}})}});
  EXPECT_TRUE(book_->create("us-east-1", "s", wanted, {}).ok());
  book_->drain();
  const ChangeSet done =
      make(ChangeSet::Type::kUpdate, wish({{"A", topic({{"DisplayName", "2"}})}}));
  execute(done);
  const ChangeSet open =
      make(ChangeSet::Type::kUpdate, wish({{"A", topic({{"DisplayName", "3"}})}}), "open");
  EXPECT_TRUE(book_->remove("us-east-1", "s", {}, "").ok());
  book_->drain();
  EXPECT_TRUE(book_->find_change_set("us-east-1", "", done.id).ok());
  EXPECT_FALSE(book_->find_change_set("us-east-1", "", open.id).ok());
  // Another stack of the name takes no notice of it.
  EXPECT_TRUE(book_->create("us-east-1", "s", wanted, {}).ok());
  book_->drain();
  EXPECT_FALSE(book_->find_change_set("us-east-1", "s", done.name).ok());
}

// As recorded from AWS.
TEST_F(ChangeSetTest, EventsOfDeletionsHavePropertiesWhereTheStackGoesToo) {
  const json one = topic({{"DisplayName", "1"}}), other = topic({{"DisplayName", "2"}});
  EXPECT_TRUE(book_->create("us-east-1", "s", wish({{"A", one}, {"B", other}}), {}).ok());
  book_->drain();
  const std::string id = book_->find("us-east-1", "s")->id;
  execute(make(ChangeSet::Type::kUpdate, wish({{"B", other}})));
  EXPECT_TRUE(book_->remove("us-east-1", "s", {}, "").ok());
  book_->drain();
  std::map<std::string, std::string> properties;
  const Stack gone = *book_->find("us-east-1", id);
  for (const StackEvent& event : gone.events)
    if (event.status == "DELETE_COMPLETE") properties[event.logical_id] = event.properties;
  EXPECT_EQ(properties["A"], "");
  EXPECT_EQ(properties["B"], R"({"DisplayName":"2"})");
}

TEST_F(ChangeSetTest, OperationsAndTimesOfAStack) {
  const Wish wanted = wish({{"A", topic({{"DisplayName", "1"}})}});
  EXPECT_TRUE(book_->create("us-east-1", "s", wanted, {}).ok());
  book_->drain();
  Stack now = *book_->find("us-east-1", "s");
  EXPECT_EQ(now.last_operation->type, "CREATE_STACK");
  EXPECT_FALSE(now.updated.has_value());  // a set's execution counts as an update, this doesn't
  execute(make(ChangeSet::Type::kUpdate, wish({{"A", topic({{"DisplayName", "2"}})}})));
  now = *book_->find("us-east-1", "s");
  EXPECT_EQ(now.last_operation->type, "UPDATE_STACK");
  EXPECT_TRUE(now.updated.has_value());
  EXPECT_TRUE(book_->remove("us-east-1", "s", {}, "").ok());
  book_->drain();
  const Stack gone = *book_->find("us-east-1", now.id);
  EXPECT_EQ(gone.last_operation->type, "DELETE_STACK");
  EXPECT_TRUE(gone.deleted.has_value());
  EXPECT_EQ(gone.change_set_id, "");
}

}  // namespace
}  // namespace kiln::stack
