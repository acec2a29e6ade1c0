// The text of a template as a tree: JSON when it begins with a brace, YAML otherwise.
//
// Pure functions on hostile input. Limits: kMaxTemplateBytes, kMaxNodes and kMaxTextBytes with each
// YAML anchor and each use of one counted in full, kMaxDepth, kMaxMembers. The text must be UTF-8.
// One problem ends the reading.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>
#include <variant>
#include <vector>

#include "template/node.h"

namespace kiln::cfn {

inline constexpr size_t kMaxNodes = 200'000;
inline constexpr size_t kMaxTextBytes = 4'194'304;  // of all keys and scalars together
inline constexpr size_t kMaxDepth = 100;            // of lists and maps; !Sub and the like are maps
inline constexpr size_t kMaxMembers = 10'000;       // of one map

using NodeOrProblem = std::variant<Node, Problem>;

// What a note of a key that stands twice in a map begins with.
inline constexpr std::string_view kDuplicateKey = "duplicate key ";

// `notes`: keys that stand twice in a map, where the last one holds.
NodeOrProblem read_node(std::string_view text, std::vector<Problem>* notes = nullptr);

// Its two halves.
NodeOrProblem read_json(std::string_view text, std::vector<Problem>* notes = nullptr);
NodeOrProblem read_yaml(std::string_view text, std::vector<Problem>* notes = nullptr);

// Collects a tree from the events of a parser; what both halves share.
class TreeBuilder {
 public:
  // Thrown by the builder, caught by the readers.
  struct Stop {
    Problem problem;
  };

  void scalar(Node::Kind kind, std::string text, Place place);
  void begin(Node::Kind kind, Place place);
  void end();
  // A whole subtree; each of its nodes counts, and so does its depth.
  void add(Node node);
  // Counts a subtree that is copied elsewhere.
  void count(const Node& node);

  bool wants_name() const {
    return !open_.empty() && open_.back().node.is_map() && !open_.back().named;
  }
  bool is_complete() const { return complete_; }
  Node take() { return std::move(root_); }
  std::vector<Problem> take_notes() { return std::move(notes_); }
  // The node that was added or ended last. REQUIRES: there is one, and it is still in place.
  const Node& last() const { return *last_; }

 private:
  struct Open {
    Node node;
    bool named = false;  // of a map: a name waits for its value
    bool again = false;  // it has a value already
    std::string name;
    Place name_place;
    std::unordered_set<std::string> names;
  };

  std::string owner_of(const std::string& key) const;
  void put(Node node);
  void count_one(Place place);
  void count_text(size_t bytes, Place place);
  void count_below(const Node& node, size_t depth);

  std::vector<Open> open_;
  std::vector<Problem> notes_;
  Node root_;
  bool complete_ = false;
  const Node* last_ = nullptr;
  size_t nodes_ = 0;
  size_t text_bytes_ = 0;
};

}  // namespace kiln::cfn
