// Internal extensions, without a sandbox around them.
#include "sandbox/extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using testing::HasSubstr;

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
    const auto now = extensions_.next(id, [this](net::Response&& r) { told_ = r.body; });
    return now ? now->body : "waits";
  }

  Extensions extensions_{{"f", "1", "h"}};
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

TEST_F(ExtensionsTest, OneThatWantsNoEventsGetsNone) {
  const std::string id = registered("a", R"({"events":[]})");
  invoke("r-1");
  EXPECT_EQ(next(id), "waits");
  invoke("r-2");
  EXPECT_EQ(told_, "");
}

}  // namespace
}  // namespace kiln::sandbox
