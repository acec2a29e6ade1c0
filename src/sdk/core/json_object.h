// JsonObject: the text of one JSON object, whose members stand in the order of their keys whatever
// order they came in, as nlohmann::json prints them.
//
//   JsonObject body;
//   body.add("success", true);
//   body.add("amount", 12.5);
//   body.add_json("order", order_text);
//   body.text();  // {"amount":12.5,"order":{…},"success":true}
//
// Threading: one thread. Ownership: values are copied, keys are referred to. Cost: three
// allocations, whatever the number of members.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/core/json_writer.h"

namespace kiln::sdk {

class JsonObject {
 public:
  JsonObject();

  // A key that is given twice is there twice.
  template <class T>
  void add(std::string_view key, const T& value) {
    begin(key);
    writer_.value(value);
  }
  void add_json(std::string_view key, std::string_view json) {
    begin(key);
    writer_.raw(json);
  }

  std::string text() const;

 private:
  struct Member {
    uint64_t rank;  // the key's first eight bytes, which decide most comparisons
    std::string_view key;
    size_t begin;  // of key and value; behind them is a comma, or the end
  };

  void begin(std::string_view key);

  JsonWriter writer_;  // members in the order they came in
  std::vector<Member> members_;
};

}  // namespace kiln::sdk
