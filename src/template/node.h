// A value of a template with its place in the file: JSON and YAML give the same tree. The short
// forms of YAML's functions are written out: !GetAtt a.b is {"Fn::GetAtt": ["a", "b"]}.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::cfn {

// From 1; 0: nowhere (what a transform made out of nothing).
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
};

// What is wrong with a template, and where.
struct Problem {
  std::string message;
  Place place;
  std::string subject = {};  // logical ID of the resource that it is about; "": of none
};

struct Member;

struct Node {
  enum class Kind { kNull, kBool, kNumber, kText, kList, kMap };

  Kind kind = Kind::kNull;
  std::string text;         // of kText, of kNumber as it is written, of kBool "true" or "false"
  std::vector<Node> list;   // of kList
  std::vector<Member> map;  // of kMap, in the file's order, no name twice
  Place place;

  bool is_text() const { return kind == Kind::kText; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_map() const { return kind == Kind::kMap; }
  // The member of this name; nullptr when there is none or this is no map.
  const Node* find(std::string_view name) const;
};

struct Member {
  std::string name;
  Place place;  // of the name
  Node value;
};

// Without places; functions stay as they are.
nlohmann::json to_json(const Node& node);

}  // namespace kiln::cfn
