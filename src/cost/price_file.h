// Prices from a file, and those that Kiln brings along.
//
//   Result<Prices> prices = read_prices(text, "eu-west-1");
//   Result<Prices> prices = built_in_prices("us-east-1");
//
// A file is one of
//   Kiln's own form:            {"region", "date", "source", "free": {…}, "x86_64": {…}, "arm64":
//   {…},
//                               "cloudWatch": {…}}; an item's price is a number, or a list of tiers
//                               [{"upTo": 6000000000, "price": 0.0000166667}, {"price": …}]
//   AWS's offer file:           https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AWSLambda/
//                               current/index.json, of one Region or of all
//   the AWS CLI's answer:       aws pricing get-products --service-code AWSLambda
// AWS's files have no CloudWatch prices: those that Kiln brings along for the Region are kept.
//
// Pure; the text may be anything. Cost: one JSON tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cost/prices.h"

namespace kiln::cost {

// Error (kInvalid, type Usage): not such a file, or none of this Region; it says what is wrong.
Result<Prices> read_prices(std::string_view text, const std::string& region);

// Error (kInvalid, type Usage): Kiln brings none along for this Region; it names those that it has.
Result<Prices> built_in_prices(const std::string& region);
std::vector<std::string> built_in_regions();

// In Kiln's own form.
Json prices_document(const Prices& prices);

}  // namespace kiln::cost
