// Pages of a list whose tokens name the last entry that was shown, so that whoever deletes what he
// is shown, or sees something new come in front, still sees each of the others once. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::wire {

struct KeyPage {
  size_t from = 0;
  size_t to = 0;
  std::string next;  // the token; "" at the end
};

// The page behind `token` ("" from the start) of a list with these keys. nullopt: no such token
// was given. REQUIRES: the keys are in ascending order, and no two are the same.
std::optional<KeyPage> key_page(const std::vector<std::string>& keys, const std::string& token,
                                size_t most);

// The token of a page that ends with this key.
std::string key_token(const std::string& key);

// A key that orders numbers from the largest down.
std::string descending_key(uint64_t number);

}  // namespace kiln::wire
