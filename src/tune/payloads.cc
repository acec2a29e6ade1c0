#include "tune/payloads.h"

#include <algorithm>

#include "base/check.h"

namespace kiln::tune {

Payloads::Payloads(std::vector<WeightedPayload> payloads)
    : payloads_(std::move(payloads)), due_(payloads_.size(), 0) {
  KILN_REQUIRE(!payloads_.empty());
  for (const WeightedPayload& payload : payloads_) sum_ += payload.weight;
}

const std::string& Payloads::next() {
  for (size_t i = 0; i < due_.size(); ++i) due_[i] += payloads_[i].weight;
  const auto chosen =
      static_cast<size_t>(std::distance(due_.begin(), std::max_element(due_.begin(), due_.end())));
  due_[chosen] -= sum_;
  return payloads_[chosen].text;
}

}  // namespace kiln::tune
