// AWS's price list of AWSLambda: the offer file, or the answer of GetProducts.
//
// Pure; the document may be anything.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cost/prices.h"

namespace kiln::cost {

// Whether it looks like one of the two.
bool is_offer(const Json& document);

// Prices of one Region. Error (kInvalid, type Usage): another service's, or nothing of this Region.
Result<Prices> read_offer(const Json& document, const std::string& region);

// CloudWatch's prices and free amounts of `from`, which an offer of AWSLambda lacks.
void keep_cloudwatch(const Prices& from, Prices& prices);

}  // namespace kiln::cost
