#include "template/node_reader.h"

#include "template/template.h"

namespace kiln::cfn {
namespace {

constexpr size_t kMaxNotes = 20;  // of one template

}  // namespace

void TreeBuilder::count_one(Place place) {
  if (++nodes_ > kMaxNodes)
    throw Stop{{"Template format error: the template has more than " + std::to_string(kMaxNodes) +
                    " values, each use of a YAML anchor counted in full",
                place}};
}

void TreeBuilder::count_text(size_t bytes, Place place) {
  text_bytes_ += bytes;
  if (text_bytes_ > kMaxTextBytes)
    throw Stop{{"Template format error: the template has more than " +
                    std::to_string(kMaxTextBytes) +
                    " bytes of text, each use of a YAML anchor counted in full",
                place}};
}

// `depth`: of lists and maps around the node. Stops before it goes deeper than is allowed.
void TreeBuilder::count_below(const Node& node, size_t depth) {
  count_one(node.place);
  count_text(node.text.size(), node.place);
  if (!node.is_list() && !node.is_map()) return;
  if (depth >= kMaxDepth)
    throw Stop{
        {"Template format error: nested deeper than " + std::to_string(kMaxDepth) + " levels",
         node.place}};
  for (const Node& item : node.list) count_below(item, depth + 1);
  for (const Member& member : node.map) {
    count_text(member.name.size(), member.place);
    count_below(member.value, depth + 1);
  }
}

void TreeBuilder::count(const Node& node) { count_below(node, 0); }

// The resource that a key is of, or which it names; "": none.
std::string TreeBuilder::owner_of(const std::string& key) const {
  if (open_.size() < 2 || open_[0].name != "Resources") return "";
  return open_.size() == 2 ? key : open_[1].name;
}

void TreeBuilder::scalar(Node::Kind kind, std::string text, Place place) {
  if (wants_name()) {
    Open& map = open_.back();
    map.again = !map.names.insert(text).second;
    if (map.again && notes_.size() < kMaxNotes)
      notes_.push_back({std::string(kDuplicateKey) + "'" + text + "': the last one holds", place,
                        owner_of(text)});
    if (map.node.map.size() >= kMaxMembers)
      throw Stop{
          {"Template format error: more than " + std::to_string(kMaxMembers) + " keys in one map",
           place}};
    count_text(text.size(), place);
    map.named = true;
    map.name = std::move(text);
    map.name_place = place;
    last_ = nullptr;
    return;
  }
  Node node;
  node.kind = kind;
  node.text = std::move(text);
  node.place = place;
  add(std::move(node));
}

void TreeBuilder::begin(Node::Kind kind, Place place) {
  if (wants_name())
    throw Stop{{"Template format error: a key must be a text, not a list or a map", place}};
  if (open_.size() >= kMaxDepth)
    throw Stop{
        {"Template format error: nested deeper than " + std::to_string(kMaxDepth) + " levels",
         place}};
  count_one(place);
  Open open;
  open.node.kind = kind;
  open.node.place = place;
  open_.push_back(std::move(open));
}

void TreeBuilder::end() {
  Node node = std::move(open_.back().node);
  open_.pop_back();
  put(std::move(node));
}

void TreeBuilder::add(Node node) {
  count_below(node, open_.size());
  put(std::move(node));
}

void TreeBuilder::put(Node node) {
  if (open_.empty()) {
    root_ = std::move(node);
    complete_ = true;
    last_ = &root_;
    return;
  }
  Open& parent = open_.back();
  if (parent.node.is_list()) {
    parent.node.list.push_back(std::move(node));
    last_ = &parent.node.list.back();
    return;
  }
  parent.named = false;
  if (parent.again) {
    // To the end, where the later one stands.
    std::erase_if(parent.node.map, [&](const Member& old) { return old.name == parent.name; });
    parent.again = false;
  }
  parent.node.map.push_back({std::move(parent.name), parent.name_place, std::move(node)});
  last_ = &parent.node.map.back().value;
}

namespace {

// The place of the first byte that is not UTF-8, or that no text has: NUL. None: line 0.
Place first_bad_byte(std::string_view text) {
  Place place{1, 1};
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    size_t size = 1;
    uint32_t least = 0, code = byte;
    if (byte >= 0xF0 && byte <= 0xF4) {
      size = 4, least = 0x10000, code = byte & 0x07U;
    } else if (byte >= 0xE0 && byte < 0xF0) {
      size = 3, least = 0x800, code = byte & 0x0FU;
    } else if (byte >= 0xC2 && byte < 0xE0) {
      size = 2, least = 0x80, code = byte & 0x1FU;
    } else if (byte >= 0x80 || byte == 0) {
      return place;
    }
    if (i + size > text.size()) return place;
    for (size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0U) != 0x80U) return place;
      code = code << 6 | (next & 0x3FU);
    }
    if (code < least || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return place;
    i += size;
    ++place.column;
    if (byte == '\n') place = {place.line + 1, 1};
  }
  return {};
}

}  // namespace

NodeOrProblem read_node(std::string_view text, std::vector<Problem>* notes) {
  if (text.size() > kMaxTemplateBytes)
    return Problem{"Template may not exceed " + std::to_string(kMaxTemplateBytes) +
                       " bytes in size; it has " + std::to_string(text.size()),
                   {}};
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const Place bad = first_bad_byte(text); bad.line != 0)
    return Problem{"Template format error: the template is not a UTF-8 text", bad};
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return Problem{"Template format error: the template is empty", {}};
  return text[first] == '{' ? read_json(text, notes) : read_yaml(text, notes);
}

}  // namespace kiln::cfn
