#include "cost/price_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

namespace kiln::cost {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text, const std::string& region = "us-east-1") {
  const Result<Prices> prices = read_prices(text, region);
  return prices ? "no error" : prices.error().message;
}

TEST(PriceFile, EveryRegionsFileIsWhole) {
  const std::vector<std::string> regions = built_in_regions();
  EXPECT_GE(regions.size(), 20U);
  for (const std::string& region : regions) {
    const Result<Prices> prices = built_in_prices(region);
    ASSERT_TRUE(prices);
    EXPECT_EQ(prices->region, region);
    EXPECT_FALSE(prices->source.empty());
    for (const Architecture architecture : kArchitectures) {
      EXPECT_TRUE(first_price(*prices, Item::kRequests, architecture)) << region;
      EXPECT_TRUE(first_price(*prices, Item::kDuration, architecture)) << region;
    }
  }
}

// AWS's price list of 2026-09-19.
TEST(PriceFile, NorthVirginia) {
  const Prices prices = *built_in_prices("us-east-1");
  const auto x86 = [&](Item item) { return *first_price(prices, item, Architecture::kX86_64); };
  const auto arm = [&](Item item) { return *first_price(prices, item, Architecture::kArm64); };
  EXPECT_DOUBLE_EQ(x86(Item::kRequests), 0.20 / 1e6);
  EXPECT_DOUBLE_EQ(x86(Item::kDuration), 0.0000166667);
  EXPECT_DOUBLE_EQ(arm(Item::kDuration), 0.0000133334);
  EXPECT_DOUBLE_EQ(x86(Item::kProvisionedCapacity), 0.0000041667);
  EXPECT_DOUBLE_EQ(arm(Item::kProvisionedCapacity), 0.0000033334);
  EXPECT_DOUBLE_EQ(arm(Item::kProvisionedDuration), 0.0000077778);
  EXPECT_DOUBLE_EQ(x86(Item::kSnapStartRestore), 0.0001397998);
  const std::vector<Tier>& tiers = prices.of(Item::kDuration, Architecture::kArm64);
  ASSERT_EQ(tiers.size(), 3U);
  EXPECT_EQ(tiers[1].up_to, 18.75e9);
  EXPECT_TRUE(std::isinf(tiers[2].up_to));
}

// AWS's blog, "Introducing tiered pricing for AWS Lambda": 10 % less from 6 (arm64: 7.5) billion
// GB-seconds a month on, 20 % from 15 (18.75).
TEST(PriceFile, EveryRegionHasTheTiersOfDuration) {
  for (const std::string& region : built_in_regions()) {
    const Result<Prices> prices = built_in_prices(region);
    ASSERT_TRUE(prices) << region;
    for (const auto& [architecture, first, second] :
         {std::tuple(Architecture::kX86_64, 6e9, 15e9),
          std::tuple(Architecture::kArm64, 7.5e9, 18.75e9)}) {
      const std::vector<Tier>& tiers = prices->of(Item::kDuration, architecture);
      ASSERT_EQ(tiers.size(), 3U) << region;
      EXPECT_EQ(tiers[0].up_to, first) << region;
      EXPECT_EQ(tiers[1].up_to, second) << region;
      // Prices have ten decimals.
      EXPECT_NEAR(tiers[1].price, tiers[0].price * 0.9, 1e-10) << region;
      EXPECT_NEAR(tiers[2].price, tiers[0].price * 0.8, 1e-10) << region;
    }
  }
}

TEST(PriceFile, AnUnknownRegionIsSaid) {
  const Result<Prices> prices = built_in_prices("xx-west-9");
  ASSERT_FALSE(prices);
  EXPECT_THAT(prices.error().message, HasSubstr("no prices of the Region 'xx-west-9'"));
  EXPECT_THAT(prices.error().message, HasSubstr("us-east-1"));
}

TEST(PriceFile, WhatIsWrittenIsReadAgain) {
  for (const std::string& region : built_in_regions()) {
    const Json document = prices_document(*built_in_prices(region));
    const Result<Prices> again = read_prices(document.to_text(), region);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(prices_document(*again), document);
  }
}

TEST(PriceFile, FaultsAreNamed) {
  EXPECT_THAT(error_of("{"), HasSubstr("no JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("neither in Kiln's form"));
  EXPECT_THAT(error_of(R"({"region": "eu-west-1", "date": "2026-01-01"})"),
              HasSubstr("of eu-west-1, not of us-east-1"));
  EXPECT_THAT(error_of(R"({"region": "us-east-1"})"), HasSubstr("\"date\""));
  const auto own = [](std::string_view rest) {
    return R"({"region": "us-east-1", "date": "2026-01-01", )" + std::string(rest) + "}";
  };
  EXPECT_THAT(error_of(own(R"("x86_64": {"duraton": 1})")), HasSubstr("x86_64.duraton"));
  EXPECT_THAT(error_of(own(R"("x86_64": {"alarms": 1})")), HasSubstr("x86_64.alarms"));
  EXPECT_THAT(error_of(own(R"("x86_64": {"duration": "1"})")), HasSubstr("no price at"));
  EXPECT_THAT(error_of(own(R"("x86_64": {"duration": -1})")), HasSubstr("no price at"));
  EXPECT_THAT(error_of(own(
                  R"("x86_64": {"duration": [{"upTo": 5, "price": 1}, {"upTo": 5, "price": 1}]})")),
              HasSubstr("wrong tier at x86_64.duration"));
  EXPECT_THAT(error_of(own(R"("free": {"requests": "all"})")), HasSubstr("free.requests"));
}

// In the form of the offer file: two Regions, tiers, the free tier of "Any".
constexpr std::string_view kOffer = R"json({
 "formatVersion": "v1.0", "offerCode": "AWSLambda", "publicationDate": "2026-09-19T04:00:00Z",
 "products": {
  "A": {"sku": "A", "attributes": {"servicecode": "AWSLambda", "regionCode": "us-east-2", "usagetype": "USE2-Lambda-GB-Second", "group": "AWS-Lambda-Duration"}},
  "B": {"sku": "B", "attributes": {"regionCode": "us-east-2", "usagetype": "USE2-Lambda-Provisioned-Concurrency-ARM"}},
  "C": {"sku": "C", "attributes": {"regionCode": "us-east-1", "usagetype": "Request"}},
  "D": {"sku": "D", "attributes": {"regionCode": "", "location": "Any", "usagetype": "Global-Request"}}},
 "terms": {"OnDemand": {
  "A": {"A.T": {"priceDimensions": {
    "3": {"unit": "Lambda-GB-Second", "beginRange": "15000000000", "endRange": "Inf", "pricePerUnit": {"USD": "0.0000133334"}},
    "1": {"beginRange": "0", "endRange": "6000000000", "pricePerUnit": {"USD": "0.0000166667"}},
    "2": {"beginRange": "6000000000", "endRange": "15000000000", "pricePerUnit": {"USD": "0.0000150000"}}}}},
  "B": {"B.T": {"priceDimensions": {"1": {"endRange": "Inf", "pricePerUnit": {"USD": "0.0000033334"}}}}},
  "C": {"C.T": {"priceDimensions": {"1": {"endRange": "Inf", "pricePerUnit": {"USD": "0.0000002000"}}}}},
  "D": {"D.T": {"priceDimensions": {"1": {"endRange": "1000000", "pricePerUnit": {"USD": "0.0000000000"}}}}}}}})json";

TEST(PriceFile, ReadsAwsOfferFile) {
  const Result<Prices> prices = read_prices(kOffer, "us-east-2");
  ASSERT_TRUE(prices) << prices.error().message;
  EXPECT_EQ(prices->date, "2026-09-19");
  const std::vector<Tier>& tiers = prices->of(Item::kDuration, Architecture::kX86_64);
  ASSERT_EQ(tiers.size(), 3U);
  EXPECT_EQ(tiers[0].up_to, 6e9);
  EXPECT_EQ(tiers[1].price, 0.000015);
  EXPECT_TRUE(std::isinf(tiers[2].up_to));
  EXPECT_EQ(first_price(*prices, Item::kProvisionedCapacity, Architecture::kArm64), 0.0000033334);
  EXPECT_FALSE(first_price(*prices, Item::kRequests, Architecture::kX86_64));
  // The other Region: its request price, and CloudWatch's as Kiln has them.
  const Result<Prices> virginia = read_prices(kOffer, "us-east-1");
  ASSERT_TRUE(virginia);
  EXPECT_EQ(first_price(*virginia, Item::kRequests, Architecture::kX86_64), 0.0000002);
  EXPECT_EQ(first_price(*virginia, Item::kAlarms, Architecture::kX86_64), 0.10);
  EXPECT_THAT(error_of(kOffer, "eu-west-1"),
              HasSubstr("nothing of Lambda in the Region eu-west-1"));
}

TEST(PriceFile, ReadsTheAnswerOfGetProducts) {
  const Json entry{
      {"product", {{"attributes", {{"regionCode", "us-east-1"}, {"usagetype", "Request-ARM"}}}}},
      {"publicationDate", "2026-10-01T00:00:00Z"},
      {"terms",
       {{"OnDemand",
         {{"X",
           {{"priceDimensions",
             {{"1", {{"endRange", "Inf"}, {"pricePerUnit", {{"USD", "0.0000002"}}}}}}}}}}}}}};
  const Json document{{"FormatVersion", "aws_v1"}, {"PriceList", Json::array({entry.to_text()})}};
  const Result<Prices> prices = read_prices(document.to_text(), "us-east-1");
  ASSERT_TRUE(prices) << prices.error().message;
  EXPECT_EQ(first_price(*prices, Item::kRequests, Architecture::kArm64), 0.0000002);
  EXPECT_EQ(prices->date, "2026-10-01");
}

TEST(PriceFile, AnotherServicesOfferIsRefused) {
  EXPECT_THAT(error_of(R"({"offerCode": "AmazonEC2", "products": {}})"), HasSubstr("AmazonEC2"));
}

}  // namespace
}  // namespace kiln::cost
