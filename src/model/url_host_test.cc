#include "model/url_host.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

const std::string kId = "0123456789abcdefghijklmnopqrstuv";

TEST(UrlHost, PartsInLowerCase) {
  const auto host =
      parse_url_host("0123456789ABCDEFGHIJKLMNOPQRSTUV.Lambda-URL.EU-west-1.on.aws:80");
  ASSERT_TRUE(host);
  EXPECT_EQ(host->id, kId);
  EXPECT_EQ(host->region, "eu-west-1");
  EXPECT_EQ(host->name, kId + ".lambda-url.eu-west-1.on.aws");
  EXPECT_EQ(host->port, "80");
  const auto local = parse_url_host(kId + ".lambda-url.us-east-1.localhost");
  ASSERT_TRUE(local);
  EXPECT_EQ(local->region, "us-east-1");
  EXPECT_EQ(local->port, "");
}

TEST(UrlHost, OtherHostsAreNone) {
  for (const std::string& host :
       {std::string(), std::string("localhost:4566"), std::string("127.0.0.1"), kId,
        kId + ".lambda-url", kId + ".lambda-url.", kId + "x.lambda-url.r.localhost",
        kId.substr(1) + ".lambda-url.r.localhost", kId + "-lambda-url.r.localhost",
        kId + ".lambda-urls.r.localhost", kId + ".lambda-url.r_1.localhost",
        kId + ".lambda-url.r/..", kId + ".lambda-url.r.localhost:80a",
        "-" + kId.substr(1) + ".lambda-url.r.localhost",
        "." + kId.substr(1) + ".lambda-url.r.localhost"})
    EXPECT_FALSE(parse_url_host(host)) << host;
}

TEST(UrlHost, LengthHasALimit) {
  const std::string most = kId + ".lambda-url." + std::string(253 + 6 - kId.size() - 12, 'r');
  EXPECT_TRUE(parse_url_host(most));
  EXPECT_FALSE(parse_url_host(most + "r"));
}

}  // namespace
}  // namespace kiln::model
