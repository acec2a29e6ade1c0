#include "template/include.h"

#include <algorithm>

#include "template/node_reader.h"
#include "template/sam_node.h"

namespace kiln::cfn {
namespace {

constexpr const char* kFailed = "Transform AWS::Include failed with: ";

// Name and Parameters of AWS::Include; nullptr for anything else.
Node* parameters_of(Node& transform) {
  const Node* name = transform.find("Name");
  if (!name || !name->is_text() || name->text != kIncludeTransform) return nullptr;
  return sam::find(transform, "Parameters");
}

bool is_include(const Node& transform) {
  const Node* name = transform.find("Name");
  return name && name->is_text() && name->text == kIncludeTransform;
}

void set_places(Node& node, Place place) {
  node.place = place;
  for (Node& item : node.list) set_places(item, place);
  for (Member& member : node.map) {
    member.place = place;
    set_places(member.value, place);
  }
}

// What is included stands in the place of a member of the same name, as recorded on AWS.
void merge(Node& into, Node from) {
  for (Member& member : from.map) {
    if (Node* there = sam::find(into, member.name))
      *there = std::move(member.value);
    else
      into.map.push_back(std::move(member));
  }
}

// The same for each section of a template.
void merge_sections(Node& into, Node from) {
  for (Member& section : from.map) {
    Node* there = sam::find(into, section.name);
    if (!there)
      into.map.push_back(std::move(section));
    else if (there->is_map() && section.value.is_map())
      merge(*there, std::move(section.value));
  }
}

// Why the object at `location` can't be had. The text of a missing bucket is as recorded on AWS.
std::string reason(const Error& error, const std::string& location) {
  constexpr std::string_view kScheme = "s3://";
  if (error.type != "NoSuchBucket" || !location.starts_with(kScheme))
    return error.message + " (" + location + ")";
  const std::string place = location.substr(kScheme.size());
  return "S3 bucket [" + place.substr(0, place.find('/')) + "] does not exist.";
}

class IncludeExpander {
 public:
  IncludeExpander(Node& root, const std::map<std::string, std::string>& given,
                  const Include& include, std::vector<Problem>& problems)
      : root_(root), given_(given), include_(include), problems_(problems) {}

  Included run() {
    expand_top();
    for (Member& section : root_.map)
      if (section.name != "Transform") expand(section.value);
    return out_;
  }

 private:
  void wrong(Place place, const std::string& message) { problems_.push_back({message, place}); }

  // In the section Transform: the content belongs to the whole template.
  void expand_top() {
    Node* transform = sam::find(root_, "Transform");
    if (!transform) return;
    std::vector<Node> contents;
    const auto take = [&](Node& one) {
      if (!one.is_map() || !is_include(one)) return false;
      if (auto content = content_of(one)) contents.push_back(std::move(*content));
      one = sam::text(kIncludeTransform);
      return true;
    };
    if (!take(*transform))
      for (Node& one : transform->list) take(one);
    for (Node& content : contents) {
      if (!content.is_map())
        wrong(content.place, std::string(kFailed) + "what is included must be a map here");
      else
        merge_sections(root_, std::move(content));
    }
  }

  void expand(Node& node) {
    if (const Node* transform = node.find("Fn::Transform"); transform && is_include(*transform)) {
      Node use = *transform;
      sam::erase(node, "Fn::Transform");
      auto content = content_of(use);
      if (content && content->is_map())
        merge(node, std::move(*content));
      else if (content && node.map.empty())
        node = std::move(*content);
      else if (content)
        wrong(use.place, std::string(kFailed) + "what is included must be a map here");
    }
    for (Node& item : node.list) expand(item);
    for (Member& member : node.map) expand(member.value);
  }

  std::optional<Node> content_of(Node& use) {
    const Place place = use.place;
    const Node* parameters = parameters_of(use);
    const Node* location = parameters ? parameters->find("Location") : nullptr;
    const auto text = location ? text_of(*location) : std::nullopt;
    if (!text || text->empty()) {
      wrong(place, std::string(kFailed) + "The location parameter is not a valid S3 uri.");
      return std::nullopt;
    }
    if (++out_.done > kMaxIncludes) {
      if (out_.done == kMaxIncludes + 1)
        wrong(place, std::string(kFailed) + "there are more than " + std::to_string(kMaxIncludes) +
                         " in the template");
      return std::nullopt;
    }
    const auto found = include_(*text);
    if (!found) {
      ++out_.unknown;
      return std::nullopt;
    }
    if (!*found) {
      wrong(place, kFailed + reason(found->error(), *text));
      return std::nullopt;
    }
    bytes_ += (*found)->size();
    if (bytes_ > kMaxIncludedBytes) {
      wrong(place, std::string(kFailed) + "what is included has more than " +
                       std::to_string(kMaxIncludedBytes) + " bytes");
      return std::nullopt;
    }
    NodeOrProblem content = read_node(**found);
    if (const Problem* problem = std::get_if<Problem>(&content)) {
      wrong(place, std::string(kFailed) +
                       "The specified S3 object's content should be valid Yaml/JSON (" + *text +
                       ", line " + std::to_string(problem->place.line) + ": " + problem->message +
                       ")");
      return std::nullopt;
    }
    set_places(std::get<Node>(content), place);
    return std::move(std::get<Node>(content));
  }

  std::optional<std::string> parameter(const std::string& name) const {
    if (const auto found = given_.find(name); found != given_.end()) return found->second;
    const Node* parameters = root_.find("Parameters");
    const Node* one = parameters ? parameters->find(name) : nullptr;
    const Node* value = one ? one->find("Default") : nullptr;
    if (!value || value->is_map() || value->is_list()) return std::nullopt;
    return value->text;
  }

  // A text, a parameter, or a text with parameters in it.
  std::optional<std::string> text_of(const Node& node) const {
    if (node.is_text()) return node.text;
    if (const Node* name = node.find("Ref"); name && name->is_text()) return parameter(name->text);
    const Node* sub = node.find("Fn::Sub");
    if (!sub || !sub->is_text()) return std::nullopt;
    std::string out;
    size_t done = 0;
    for (size_t at; (at = sub->text.find("${", done)) != std::string::npos;) {
      const size_t end = sub->text.find('}', at);
      if (end == std::string::npos) break;
      const auto value = parameter(sub->text.substr(at + 2, end - at - 2));
      if (!value) return std::nullopt;
      out += sub->text.substr(done, at - done) + *value;
      done = end + 1;
    }
    return out + sub->text.substr(done);
  }

  Node& root_;
  const std::map<std::string, std::string>& given_;
  const Include& include_;
  std::vector<Problem>& problems_;
  Included out_;
  size_t bytes_ = 0;
};

void visit_use(Node& use, const std::function<void(Node&)>& visit) {
  Node* parameters = use.is_map() ? parameters_of(use) : nullptr;
  Node* location = parameters ? sam::find(*parameters, "Location") : nullptr;
  if (location && location->is_text()) visit(*location);
}

}  // namespace

Included expand_includes(Node& root, const std::map<std::string, std::string>& parameters,
                         const Include& include, std::vector<Problem>& problems) {
  return IncludeExpander(root, parameters, include, problems).run();
}

void visit_locations(Node& root, const std::function<void(Node&)>& visit) {
  for (Node& item : root.list) visit_locations(item, visit);
  for (Member& member : root.map) {
    if (member.name == "Fn::Transform") visit_use(member.value, visit);
    if (member.name == "Transform") {
      visit_use(member.value, visit);
      for (Node& one : member.value.list) visit_use(one, visit);
    }
    visit_locations(member.value, visit);
  }
}

}  // namespace kiln::cfn
