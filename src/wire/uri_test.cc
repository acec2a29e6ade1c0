#include "wire/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Uri, SplitsPathAndQuery) {
  const Uri uri = Uri::parse("/2015-03-31/functions/f/invocations?Qualifier=prod&X=a%20b+c");
  EXPECT_EQ(uri.raw_path, "/2015-03-31/functions/f/invocations");
  EXPECT_THAT(uri.segments, ElementsAre("2015-03-31", "functions", "f", "invocations"));
  EXPECT_EQ(uri.query.get("Qualifier"), "prod");
  EXPECT_EQ(uri.query.get("X"), "a b c");
}

TEST(Uri, DecodesOnceAndAfterSplitting) {
  const Uri uri = Uri::parse("/functions/arn%3Aaws%3Alambda/a%2Fb/%2541/a+b");
  EXPECT_THAT(uri.segments, ElementsAre("functions", "arn:aws:lambda", "a/b", "%41", "a+b"));
}

TEST(Uri, KeepsPercentSignsThatEncodeNothing) {
  EXPECT_EQ(percent_decode("100%"), "100%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%zz%41"), "%zzA");
  EXPECT_EQ(percent_decode("%24LATEST"), "$LATEST");
}

TEST(Uri, AbsoluteFormAndFragments) {
  EXPECT_EQ(Uri::parse("http://localhost:4566/a/b?c=d").raw_path, "/a/b");
  EXPECT_EQ(Uri::parse("http://localhost:4566").raw_path, "/");
  EXPECT_EQ(Uri::parse("/a#b?c=d").raw_path, "/a");
}

TEST(Uri, EmptySegmentsVanish) {
  EXPECT_THAT(Uri::parse("/2015-03-31/functions/").segments,
              ElementsAre("2015-03-31", "functions"));
  EXPECT_THAT(Uri::parse("//a").segments, ElementsAre("a"));
  EXPECT_THAT(Uri::parse("/").segments, IsEmpty());
  EXPECT_THAT(Uri::parse("").segments, IsEmpty());
  EXPECT_EQ(Uri::parse("/").path(), "/");
}

TEST(QueryParams, RepeatedAbsentAndEmpty) {
  const QueryParams params = QueryParams::parse("tagKeys=a&tagKeys=b%26c&List&empty=&&=x");
  EXPECT_THAT(params.all("tagKeys"), ElementsAre("a", "b&c"));
  EXPECT_EQ(params.find("List"), std::string_view(""));
  EXPECT_EQ(params.find("empty"), std::string_view(""));
  EXPECT_EQ(params.find("absent"), std::nullopt);
  EXPECT_EQ(params.get("absent"), "");
}

TEST(Uri, EncodingRoundTrips) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("/aws/lambda/f"), "%2Faws%2Flambda%2Ff");
}

}  // namespace
}  // namespace kiln::wire
