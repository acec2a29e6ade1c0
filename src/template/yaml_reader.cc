// YAML as CloudFormation takes it: one document, aliases, and the short forms of its functions. The
// parser's events are taken one by one, so that an alias costs what it stands for.
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>

#include "base/ascii.h"
#include "base/json_access.h"
#include "template/node_reader.h"

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

// "!Sub" is "Fn::Sub"; two have no prefix.
constexpr std::array kTags = {"And"sv,          "Base64"sv,       "Cidr"sv,
                              "Condition"sv,    "Contains"sv,     "EachMemberEquals"sv,
                              "EachMemberIn"sv, "Equals"sv,       "FindInMap"sv,
                              "GetAZs"sv,       "GetAtt"sv,       "If"sv,
                              "ImportValue"sv,  "Join"sv,         "Length"sv,
                              "Not"sv,          "Or"sv,           "Ref"sv,
                              "RefAll"sv,       "Select"sv,       "Split"sv,
                              "Sub"sv,          "ToJsonString"sv, "Transform"sv,
                              "ValueOf"sv,      "ValueOfAll"sv};

class TextStream : public std::streambuf {
 public:
  explicit TextStream(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

Place place_of(const YAML::Mark& mark) {
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

bool is_number(const std::string& text) {
  // JSON's form, and what YAML adds that templates use: a sign.
  const size_t start = text.starts_with('+') ? 1 : 0;
  const auto parsed = json_parse(text.substr(start));
  return parsed.is_number();
}

// YAML 1.1's words, which CloudFormation goes by; "y" and "n" stay texts.
std::optional<bool> truth_of(std::string_view text) {
  for (const auto word :
       {"true"sv, "True"sv, "TRUE"sv, "yes"sv, "Yes"sv, "YES"sv, "on"sv, "On"sv, "ON"sv})
    if (text == word) return true;
  for (const auto word :
       {"false"sv, "False"sv, "FALSE"sv, "no"sv, "No"sv, "NO"sv, "off"sv, "Off"sv, "OFF"sv})
    if (text == word) return false;
  return std::nullopt;
}

Node::Kind kind_of_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Node::Kind::kNull;
  if (truth_of(text)) return Node::Kind::kBool;
  const char first = text.front();
  const bool may_be = ascii::is_digit(first) || first == '-' || first == '+';
  return may_be && is_number(text) ? Node::Kind::kNumber : Node::Kind::kText;
}

// {"Fn::GetAtt": ["A", "B.C"]} of "A.B.C".
Node split_get_att(const Node& text) {
  const size_t dot = text.text.find('.');
  if (!text.is_text() || dot == std::string::npos) return text;
  Node list;
  list.kind = Node::Kind::kList;
  list.place = text.place;
  for (const std::string& part : {text.text.substr(0, dot), text.text.substr(dot + 1)}) {
    Node item;
    item.kind = Node::Kind::kText;
    item.text = part;
    item.place = text.place;
    list.list.push_back(std::move(item));
  }
  return list;
}

class YamlHandler final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (tree_.wants_name())
      throw TreeBuilder::Stop{{"Template format error: a key must be a text", place_of(mark)}};
    add_scalar(Node::Kind::kNull, "", place_of(mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw TreeBuilder::Stop{
          {"Template format error: an alias within its own anchor", place_of(mark)}};
    if (tree_.wants_name()) {
      if (found->second.is_map() || found->second.is_list())
        throw TreeBuilder::Stop{{"Template format error: a key must be a text", place_of(mark)}};
      tree_.scalar(Node::Kind::kText, found->second.text, place_of(mark));
      return;
    }
    tree_.add(found->second);
    ended(0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const Place place = place_of(mark);
    if (tree_.wants_name()) {
      if (value == "<<")
        throw TreeBuilder::Stop{
            {"Template format error: YAML's merge key << is not supported; "
             "write the members out",
             place}};
      if (is_short_form(tag))
        throw TreeBuilder::Stop{{"Template format error: a key must be a text, not " + tag, place}};
      Node text;
      text.kind = Node::Kind::kText;
      text.text = value;
      text.place = place;
      tree_.scalar(Node::Kind::kText, value, place);
      remember(anchor, text);
      return;
    }
    if (is_short_form(tag)) {
      open_function(tag, place);
      Node text;
      text.kind = Node::Kind::kText;
      text.text = value;
      text.place = place;
      tree_.add(tag == "!GetAtt" ? split_get_att(text) : text);
      close_function(anchor);
      return;
    }
    Node::Kind kind = Node::Kind::kText;
    if (is_plain(tag, place)) kind = kind_of_plain(value);
    std::string text = value;
    if (kind == Node::Kind::kBool) text = truth_of(value).value() ? "true" : "false";
    if (kind == Node::Kind::kNull) text.clear();
    if (kind == Node::Kind::kNumber && text.starts_with('+')) text.erase(0, 1);
    add_scalar(kind, std::move(text), place, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, tag, place_of(mark), anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMap, tag, place_of(mark), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  TreeBuilder& tree() { return tree_; }

 private:
  struct Frame {
    YAML::anchor_t anchor = 0;
    bool in_function = false;  // a map with the function's name lies around it
  };

  static bool is_short_form(const std::string& tag) {
    return tag.size() > 1 && tag[0] == '!' && tag != "!";
  }
  void open_function(const std::string& tag, Place place) {
    const std::string name = tag.substr(1);
    if (std::find(kTags.begin(), kTags.end(), name) == kTags.end()) throw unknown_tag(tag, place);
    tree_.begin(Node::Kind::kMap, place);
    tree_.scalar(Node::Kind::kText, name == "Ref" || name == "Condition" ? name : "Fn::" + name,
                 place);
  }
  void close_function(YAML::anchor_t anchor) {
    tree_.end();
    ended(anchor);
  }
  void open(Node::Kind kind, const std::string& tag, Place place, YAML::anchor_t anchor) {
    const bool function = is_short_form(tag);
    if (tree_.wants_name())
      throw TreeBuilder::Stop{
          {"Template format error: a key must be a text, not a list or a map", place}};
    if (function)
      open_function(tag, place);
    else
      check_container(tag, kind == Node::Kind::kList ? "seq" : "map", place);
    tree_.begin(kind, place);
    frames_.push_back({anchor, function});
  }
  void close() {
    const Frame frame = frames_.back();
    frames_.pop_back();
    tree_.end();
    if (frame.in_function) tree_.end();
    ended(frame.anchor);
  }
  // Whether a scalar means what it looks like. Quoted ones are texts, and so are those of !!str.
  static bool is_plain(const std::string& tag, Place place) {
    if (tag == "?" || tag.empty()) return true;
    if (tag == "!") return false;
    if (tag.starts_with(kCoreTag)) {
      const std::string name = tag.substr(kCoreTag.size());
      if (name == "str") return false;
      if (name == "int" || name == "float" || name == "bool" || name == "null") return true;
    }
    throw unknown_tag(tag, place);
  }
  static void check_container(const std::string& tag, std::string_view core, Place place) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    if (tag.starts_with(kCoreTag) && tag.substr(kCoreTag.size()) == core) return;
    throw unknown_tag(tag, place);
  }
  static TreeBuilder::Stop unknown_tag(const std::string& tag, Place place) {
    return {{"Template format error: unknown tag " + tag, place}};
  }
  void add_scalar(Node::Kind kind, std::string text, Place place, YAML::anchor_t anchor) {
    tree_.scalar(kind, std::move(text), place);
    ended(anchor);
  }
  void ended(YAML::anchor_t anchor) {
    if (anchor != 0) remember(anchor, tree_.last());
  }
  void remember(YAML::anchor_t anchor, const Node& node) {
    if (anchor == 0) return;
    tree_.count(node);
    anchors_[anchor] = node;
  }

  TreeBuilder tree_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
};

bool is_indented_by_tab(std::string_view text, size_t line) {
  while (line > 1 && !text.empty()) {
    const size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    --line;
  }
  const size_t word = text.find_first_not_of(" \t");
  return text.substr(0, word).find('\t') != std::string_view::npos;
}

}  // namespace

NodeOrProblem read_yaml(std::string_view text, std::vector<Problem>* notes) {
  TextStream buffer(text);
  std::istream in(&buffer);
  YamlHandler handler;
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(handler) || !handler.tree().is_complete())
      return Problem{"Template format error: the template is empty", {}};
    YamlHandler second;
    if (parser.HandleNextDocument(second))
      return Problem{"Template format error: more than one YAML document", {}};
  } catch (const TreeBuilder::Stop& stop) {
    return stop.problem;
  } catch (const YAML::Exception& error) {
    const Place place = error.mark.is_null() ? Place{} : place_of(error.mark);
    return Problem{"Template format error: YAML not well-formed. (line " +
                       std::to_string(place.line) + ", column " + std::to_string(place.column) +
                       ")\n" +
                       (is_indented_by_tab(text, place.line)
                            ? "a tab indents this line; YAML is indented by blanks"
                            : error.msg),
                   place};
  }
  if (notes) *notes = handler.tree().take_notes();
  return handler.tree().take();
}

}  // namespace kiln::cfn
