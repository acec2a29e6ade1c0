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
#include <streambuf>

#include "template/node_reader.h"

namespace kiln::cfn {
namespace {

using std::string_view_literals::operator""sv;

// "!Sub" is "Fn::Sub"; two have no prefix.
constexpr std::array kTags = {"And"sv,    "Base64"sv,  "Cidr"sv,        "Condition"sv,
                              "Equals"sv, "FindInMap"sv, "GetAZs"sv,    "GetAtt"sv,
                              "If"sv,     "ImportValue"sv, "Join"sv,    "Length"sv,
                              "Not"sv,    "Or"sv,      "Ref"sv,         "Select"sv,
                              "Split"sv,  "Sub"sv,     "ToJsonString"sv, "Transform"sv};

class TextStream : public std::streambuf {
 public:
  explicit TextStream(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // only read
    setg(begin, begin, begin + text.size());
  }
};

Place place_of(const YAML::Mark& mark) {
  return {static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
}

bool is_number(const std::string& text) {
  // JSON's form, and what YAML adds that templates use: a sign.
  const size_t start = text.starts_with('+') ? 1 : 0;
  const auto parsed = nlohmann::json::parse(text.substr(start), nullptr, false);
  return parsed.is_number();
}

Node::Kind kind_of_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Node::Kind::kNull;
  for (const char* word : {"true", "True", "TRUE", "false", "False", "FALSE"})
    if (text == word) return Node::Kind::kBool;
  const char first = text.front();
  const bool may_be = (first >= '0' && first <= '9') || first == '-' || first == '+';
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

class Handler final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add_scalar(Node::Kind::kNull, "", place_of(mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw TreeBuilder::Stop{{"Template format error: an alias within its own anchor",
                               place_of(mark)}};
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
        throw TreeBuilder::Stop{{"Template format error: YAML's merge key << is not supported; "
                                 "write the members out",
                                 place}};
      tree_.scalar(Node::Kind::kText, value, place);
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
    if (tag == "?") kind = kind_of_plain(value);
    std::string text = kind == Node::Kind::kBool   ? std::string(value[0] == 't' || value[0] == 'T'
                                                                     ? "true"
                                                                     : "false")
                       : kind == Node::Kind::kNull ? std::string()
                       : kind == Node::Kind::kNumber && value.starts_with('+') ? value.substr(1)
                                                                               : value;
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
    if (std::find(kTags.begin(), kTags.end(), name) == kTags.end())
      throw TreeBuilder::Stop{{"Template format error: unknown tag !" + name, place}};
    tree_.begin(Node::Kind::kMap, place);
    tree_.scalar(Node::Kind::kText,
                 name == "Ref" || name == "Condition" ? name : "Fn::" + name, place);
  }
  void close_function(YAML::anchor_t anchor) {
    tree_.end();
    ended(anchor);
  }
  void open(Node::Kind kind, const std::string& tag, Place place, YAML::anchor_t anchor) {
    const bool function = is_short_form(tag);
    if (tree_.wants_name())
      throw TreeBuilder::Stop{{"Template format error: a key must be a text, not a list or a map",
                               place}};
    if (function) open_function(tag, place);
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
  void add_scalar(Node::Kind kind, std::string text, Place place, YAML::anchor_t anchor) {
    const bool is_name = tree_.wants_name();
    tree_.scalar(kind, std::move(text), place);
    if (!is_name) ended(anchor);
  }
  void ended(YAML::anchor_t anchor) {
    if (anchor == 0) return;
    tree_.count(tree_.last());
    anchors_[anchor] = tree_.last();
  }

  TreeBuilder tree_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
};

}  // namespace

NodeOrProblem read_yaml(std::string_view text) {
  TextStream buffer(text);
  std::istream in(&buffer);
  Handler handler;
  try {
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(handler) || !handler.tree().is_complete())
      return Problem{"Template format error: the template is empty", {}};
    Handler second;
    if (parser.HandleNextDocument(second))
      return Problem{"Template format error: more than one YAML document", {}};
  } catch (const TreeBuilder::Stop& stop) {
    return stop.problem;
  } catch (const YAML::Exception& error) {
    return Problem{"Template format error: YAML not well-formed: " + error.msg,
                   error.mark.is_null() ? Place{} : place_of(error.mark)};
  }
  return handler.tree().take();
}

}  // namespace kiln::cfn
