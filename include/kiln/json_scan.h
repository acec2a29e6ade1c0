// JsonMembers and JsonElements: the parts of an object or array in JSON text, one at a time,
// without a tree of the whole: for events that are many times larger than any of their parts.
//
//   std::string_view data;
//   kiln::JsonMembers members(event);
//   while (auto member = members.next()) {
//     if (member->key == "data") data = member->value;
//   }
//   kiln::JsonElements records(data);
//   while (auto record = records.next()) process(nlohmann::json::parse(*record));
//
// A part is its text, from the first byte to the last. Only what finding it takes is checked:
// commas, colons, and that quotes and brackets end; whether the part is JSON finds out who parses
// it. Errors are std::invalid_argument, which names the byte. So is nesting beyond 512 levels: what
// parses a part may be recursive.
//
// Threading: one thread at a time. Ownership: the text is borrowed and must outlive the parts.
// Cost: one pass, 3 GB/s over what is nested; no memory but for keys with escapes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kiln {

// One level of JSON text; what JsonMembers and JsonElements share.
class JsonScan {
 protected:
  JsonScan(std::string_view text, char open, char close);
  bool at_next();  // goes to the next part; false at the end
  std::string_view value();
  void expect(char c);
  void skip_blanks();

 private:
  [[noreturn]] void fail(const char* expected) const;
  void skip_string();
  void skip_nested();

  std::string_view text_;
  size_t at_ = 0;
  char close_;
  bool first_ = true;
  bool done_ = false;
};

class JsonMembers : private JsonScan {
 public:
  struct Member {
    std::string key;  // without escapes
    std::string_view value;
  };
  // Throws for what is no object.
  explicit JsonMembers(std::string_view object) : JsonScan(object, '{', '}') {}
  std::optional<Member> next();
};

class JsonElements : private JsonScan {
 public:
  // Throws for what is no array.
  explicit JsonElements(std::string_view array) : JsonScan(array, '[', ']') {}
  std::optional<std::string_view> next();
};

}  // namespace kiln
