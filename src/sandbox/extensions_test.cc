// Extensions, without a sandbox around them.
#include "sandbox/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using testing::HasSubstr;
using testing::Not;

class ExtensionsTest : public testing::Test {
 protected:
  std::string registered(const char* name, const char* body) {
    const net::Response response = extensions_.register_one(name, body);
    EXPECT_EQ(response.status, 200U) << response.body;
    for (const auto& [header, value] : response.headers)
      if (header == "Lambda-Extension-Identifier") return std::string(value);
    return "";
  }
  void invoke(const char* id) {
    Event event;
    event.request_id = id;
    event.function_arn = "arn";
    extensions_.invoked(event);
  }
  // What `id` is told at once, or "waits".
  std::string next(const std::string& id) {
    const auto now = extensions_.next(id, this, [this](net::Response&& r) { told_ = r.body; });
    return now ? now->body : "waits";
  }

  Extensions extensions_{{"f", "1", "h", "111122223333"}};
  std::string told_;
};

TEST_F(ExtensionsTest, OneThatWaitsIsTold) {
  const std::string id = registered("a", R"({"events":["INVOKE"]})");
  EXPECT_EQ(next(id), "waits");
  invoke("r-1");
  EXPECT_THAT(told_, HasSubstr(R"("requestId":"r-1")"));
  EXPECT_EQ(next(id), "waits");
}

TEST_F(ExtensionsTest, OneOnItsWayToAskGetsTheLastEventThen) {
  const std::string id = registered("a", R"({"events":["INVOKE"]})");
  invoke("r-1");
  invoke("r-2");
  EXPECT_THAT(next(id), HasSubstr(R"("requestId":"r-2")"));
  EXPECT_EQ(next(id), "waits");
}

// Its client gave up, and asked anew before its first connection was seen to end.
TEST_F(ExtensionsTest, OneThatAskedAnewIsToldThoughItsFirstConnectionEnds) {
  const std::string id = registered("a", R"({"events":["INVOKE"]})");
  const int first = 0;
  int status = 0;
  EXPECT_FALSE(extensions_.next(id, &first, [&](net::Response&& r) { status = r.status; }));
  EXPECT_EQ(next(id), "waits");
  EXPECT_EQ(status, 403) << "its connection is free again";
  extensions_.gone(id, &first);
  invoke("r-1");
  EXPECT_THAT(told_, HasSubstr(R"("requestId":"r-1")"));
  EXPECT_EQ(next(id), "waits");
  extensions_.gone(id, this);
  invoke("r-2");
  EXPECT_THAT(next(id), HasSubstr(R"("requestId":"r-2")")) << "it is on its way to ask";
}

TEST_F(ExtensionsTest, OneThatWantsNoEventsGetsNone) {
  const std::string id = registered("a", R"({"events":[]})");
  invoke("r-1");
  EXPECT_EQ(next(id), "waits");
  invoke("r-2");
  EXPECT_EQ(told_, "");
}

TEST_F(ExtensionsTest, TheAccountIsToldWhereItIsAskedFor) {
  const auto told = [this](const char* name, const char* features) {
    return extensions_.register_one(name, "{}", features).body;
  };
  const char* account = R"("accountId":"111122223333")";
  EXPECT_THAT(told("a", "accountId"), HasSubstr(account));
  EXPECT_THAT(told("b", "more , accountId,"), HasSubstr(account));
  EXPECT_THAT(told("c", "accountIds"), Not(HasSubstr("accountId")));
  EXPECT_THAT(told("d", ""), Not(HasSubstr("accountId")));
}

// Programs of /opt/extensions, known before they register.
TEST_F(ExtensionsTest, ExternalOnesAreWaitedFor) {
  int news = 0;
  extensions_.expect({"/opt/extensions/a", "/opt/extensions/b"}, [&] { ++news; });
  EXPECT_TRUE(extensions_.any_external());
  EXPECT_FALSE(extensions_.registered());
  const std::string a = registered("a", R"({"events":["INVOKE","SHUTDOWN"]})");
  EXPECT_FALSE(extensions_.registered());
  const std::string b = registered("b", R"({"events":[]})");
  EXPECT_TRUE(extensions_.registered());
  EXPECT_FALSE(extensions_.settled()) << "they have not asked for an event";
  EXPECT_EQ(next(a), "waits");
  EXPECT_FALSE(extensions_.settled());
  EXPECT_EQ(next(b), "waits");
  EXPECT_TRUE(extensions_.settled());
  EXPECT_EQ(news, 4);
  invoke("r-1");
  EXPECT_FALSE(extensions_.settled()) << "a has an event";
  EXPECT_EQ(next(a), "waits");
  EXPECT_TRUE(extensions_.settled());
  const auto all = extensions_.external();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].events, testing::ElementsAre("INVOKE", "SHUTDOWN"));
  EXPECT_TRUE(all[1].events.empty());
}

TEST_F(ExtensionsTest, TheEndIsToldToThoseThatWantToKnow) {
  extensions_.expect({"a", "b"}, [] {});
  const std::string a = registered("a", R"({"events":["SHUTDOWN"]})");
  const std::string b = registered("b", R"({"events":["INVOKE"]})");
  EXPECT_EQ(next(b), "waits");
  extensions_.shut_down("spindown", 17);
  EXPECT_EQ(told_, "");
  EXPECT_EQ(next(a), R"({"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":17})");
}

TEST_F(ExtensionsTest, WhoWantsNoShutdownDoesNotHoldTheEndUp) {
  extensions_.expect({"a", "b"}, [] {});
  EXPECT_FALSE(extensions_.want_to_end());
  registered("a", R"({"events":["INVOKE"]})");
  EXPECT_FALSE(extensions_.want_to_end());
  registered("b", R"({"events":["SHUTDOWN"]})");
  EXPECT_TRUE(extensions_.want_to_end());
}

TEST_F(ExtensionsTest, AnInternalOneHoldsItUp) {
  registered("i", R"({"events":[]})");
  EXPECT_TRUE(extensions_.want_to_end());
}

TEST_F(ExtensionsTest, AnInternalOneThatHasNeverAskedIsNotWaitedFor) {
  extensions_.expect({}, [] {});
  const std::string id = registered("a", R"({"events":["INVOKE"]})");
  invoke("r-1");
  EXPECT_TRUE(extensions_.settled());
  EXPECT_THAT(next(id), HasSubstr("r-1"));
  EXPECT_EQ(next(id), "waits");
  invoke("r-2");
  EXPECT_FALSE(extensions_.settled()) << "it has an event";
}

TEST_F(ExtensionsTest, OneThatSaysThatItHasFailedIsHeardAtOnceAndNoMore) {
  int news = 0;
  extensions_.expect({"a"}, [&] { ++news; });
  const std::string internal = registered("i", "{}"), a = registered("a", "{}");
  news = 0;
  EXPECT_EQ(extensions_.error(a, "Mine", false).status, 202U);
  EXPECT_EQ(news, 1);
  EXPECT_EQ(extensions_.error(a, "Mine", true).status, 403U);
  EXPECT_THAT(next(a), HasSubstr("Extension.InvalidExtensionState"));
  EXPECT_EQ(extensions_.error(internal, "X", true).status, 202U);
  EXPECT_EQ(extensions_.fault().type, "Extension.ExitError") << "the first counts";
  EXPECT_EQ(extensions_.fault().text, "Mine");
  EXPECT_EQ(news, 1);
}

TEST_F(ExtensionsTest, AnInternalOneMayFailToo) {
  const std::string internal = registered("i", "{}");
  EXPECT_EQ(extensions_.error(internal, std::string(1000, 'x'), true).status, 202U);
  EXPECT_EQ(extensions_.fault().type, "Extension.InitError");
  EXPECT_EQ(extensions_.fault().text, std::string(256, 'x'));
}

// As one does that can't send what it has left.
TEST_F(ExtensionsTest, AFailureAtTheEndEndsNothing) {
  extensions_.expect({"a"}, [] {});
  const std::string a = registered("a", R"({"events":["SHUTDOWN"]})");
  extensions_.shut_down("spindown", 17);
  EXPECT_EQ(extensions_.error(a, "X", false).status, 202U);
  EXPECT_EQ(extensions_.fault().type, "");
}

TEST(ExtensionEnvironment, HasNothingOfTheRuntimes) {
  EXPECT_THAT(extension_environment({"A=1", "_HANDLER=h", "AWS_XRAY_CONTEXT_MISSING=x",
                                     "LAMBDA_TASK_ROOT=/t", "AWS_LAMBDA_LOG_GROUP_NAME=g",
                                     "AWS_LAMBDA_FUNCTION_NAME=f", "KILN_X=1"}),
              testing::ElementsAre("A=1", "AWS_LAMBDA_FUNCTION_NAME=f"));
}

TEST_F(ExtensionsTest, Refusals) {
  const std::string id = registered("a", R"({"configurationKeys":[]})");
  const std::string none = "00000000-0000-4000-8000-000000000000";
  EXPECT_THAT(extensions_.register_one("b", R"({"configurationKeys":["k"]})").body,
              HasSubstr("configurationKeys are deprecated; use environment variables instead"));
  for (const char* wrong :
       {"[]", "1", "\"INVOKE\"", R"({"events":"INVOKE"})", R"({"events":{"INVOKE":1}})"})
    EXPECT_THAT(extensions_.register_one("b", wrong).body, HasSubstr("InvalidRequestFormat"))
        << wrong;
  EXPECT_THAT(next(none), HasSubstr("Unknown extension " + none));
  EXPECT_THAT(extensions_.error(none, "", true).body, HasSubstr("Extension.MissingHeader"));
  EXPECT_THAT(extensions_.error(none, "X", true).body,
              HasSubstr("Unknown Lambda-Extension-Identifier"));
  EXPECT_EQ(extensions_.error(id, "X", true).status, 202U);
}

}  // namespace
}  // namespace kiln::sandbox
