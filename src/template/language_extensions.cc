#include "template/language_extensions.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <tuple>

#include "base/ascii.h"
#include "base/json_access.h"
#include "template/functions.h"
#include "template/node_reader.h"
#include "template/parameter_type.h"
#include "template/sam_node.h"

namespace kiln::cfn {
namespace {

constexpr std::string_view kForEach = "Fn::ForEach::";
constexpr size_t kMaxLoops = 5;  // one in the other, as CloudFormation has it

Node placed(Node node, Place place) {
  sam::place_within(node, place);
  return node;
}

struct TooLarge {
  Place place;
};

// The values of a template that are known before it is deployed.
class KnownValues {
 public:
  // Of parameters with NoEcho.
  enum class Secrets { kKnown, kHidden };
  KnownValues(const Node& root, const std::map<std::string, std::string>& given,
              Secrets secrets = Secrets::kKnown)
      : root_(root), given_(given), secrets_(secrets) {}

  // What a parameter's value is, a mapping's entry, or a text that is put together of these. Throws
  // TooLarge once all that was found would be far beyond any template.
  std::optional<std::string> text_of(const Node& node) const {
    auto text = look_up(node);
    if (++found_ > kMaxFound) throw TooLarge{node.place};
    found_bytes_ += text ? text->size() : 0;
    if (found_bytes_ > kMaxFoundBytes) throw TooLarge{node.place};
    return text;
  }
  const Node* entry_of(const Node& node) const {
    const Node* names = node.find("Fn::FindInMap");
    const Node* at = names ? root_.find("Mappings") : nullptr;
    if (!names || names->list.size() < 3) return nullptr;
    for (size_t i = 0; i < 3 && at; ++i) {
      const auto name = text_of(names->list[i]);
      at = name ? at->find(*name) : nullptr;
    }
    if (at) return at;
    return names->list.size() > 3 ? names->list[3].find("DefaultValue") : nullptr;
  }
  // What Fn::If gives; any other node gives itself. nullptr: it isn't known.
  const Node* branch_of(const Node& node) const {
    const Node* at = &node;
    for (int depth = 0; depth < kMaxConditions; ++depth) {
      const Node* arguments = sam::if_arguments(*at);
      if (!arguments) return at;
      const auto holds = condition_of(arguments->list[0].text, depth);
      if (!holds) return nullptr;
      at = &arguments->list[*holds ? 1 : 2];
    }
    return nullptr;
  }

 private:
  // Conditions may be circular.
  static constexpr int kMaxConditions = 32;
  static constexpr size_t kMaxFound = 4 * kMaxNodes, kMaxFoundBytes = 8 * kMaxTextBytes;

  std::optional<std::string> look_up(const Node& node) const {
    if (!node.is_map() && !node.is_list()) return node.text;
    if (const Node* sub = node.find("Fn::Sub")) return substituted(*sub);
    if (const Node* join = node.find("Fn::Join")) return joined_text(*join);
    if (const Node* name = node.find("Ref"); name && name->is_text()) {
      const Node* parameters = root_.find("Parameters");
      const Node* parameter = parameters ? parameters->find(name->text) : nullptr;
      const Node* type = parameter ? parameter->find("Type") : nullptr;
      if (type && names_ssm_parameter(type->text)) return std::nullopt;
      if (secrets_ == Secrets::kHidden && parameter && sam::is_true(parameter->find("NoEcho")))
        return std::nullopt;
      if (const auto found = given_.find(name->text); found != given_.end()) return found->second;
      const Node* value = parameter ? parameter->find("Default") : nullptr;
      if (value && !value->is_map() && !value->is_list()) return value->text;
    }
    const Node* entry = entry_of(node);
    if (entry && !entry->is_map() && !entry->is_list()) return entry->text;
    return std::nullopt;
  }

  std::optional<std::string> substituted(const Node& argument) const {
    const bool list = argument.list.size() == 2;
    const Node& text = list ? argument.list[0] : argument;
    if (!text.is_text()) return std::nullopt;
    std::string out;
    // A variable that is asked for twice may be made of others that are.
    std::map<std::string, std::optional<std::string>, std::less<>> values;
    for (SubPart& part : sub_parts(text.text)) {
      if (part.kind == SubPart::Kind::kText) {
        out += part.text;
        continue;
      }
      const auto [at, is_new] = values.try_emplace(part.text);
      std::optional<std::string>& value = at->second;
      if (is_new) {
        const Node* own = list ? argument.list[1].find(part.text) : nullptr;
        value = text_of(own ? *own : sam::ref(part.text));
      }
      if (!value || out.size() + value->size() > kMaxTextBytes) return std::nullopt;
      out += *value;
    }
    return out;
  }
  std::optional<std::string> joined_text(const Node& argument) const {
    if (argument.list.size() != 2 || !argument.list[1].is_list()) return std::nullopt;
    std::string out;
    for (const Node& item : argument.list[1].list) {
      const auto text = text_of(item);
      if (!text || out.size() + text->size() > kMaxTextBytes) return std::nullopt;
      if (&item != &argument.list[1].list.front()) out += argument.list[0].text;
      out += *text;
    }
    return out;
  }

  std::optional<bool> condition_of(const std::string& name, int depth) const {
    // Not known while it is being found, and each is found once.
    const auto [known, is_new] = conditions_.try_emplace(name);
    if (!is_new) return known->second;
    const Node* all = root_.find("Conditions");
    const Node* condition = all ? all->find(name) : nullptr;
    if (condition) known->second = truth_of(*condition, depth + 1);
    return known->second;
  }
  std::optional<bool> truth_of(const Node& node, int depth) const {
    if (depth > kMaxConditions || node.map.size() != 1) return std::nullopt;
    const auto& [function, value] = std::tie(node.map[0].name, node.map[0].value);
    if (function == "Condition") return condition_of(value.text, depth);
    const std::vector<Node>& arguments = value.list;
    if (function == "Fn::Equals" && arguments.size() == 2) {
      const auto left = text_of(arguments[0]), right = text_of(arguments[1]);
      return left && right ? std::optional(*left == *right) : std::nullopt;
    }
    if (function == "Fn::Not" && arguments.size() == 1) {
      const auto holds = truth_of(arguments[0], depth + 1);
      return holds ? std::optional(!*holds) : std::nullopt;
    }
    const bool is_or = function == "Fn::Or";
    if (!is_or && function != "Fn::And") return std::nullopt;
    if (arguments.size() < 2 || arguments.size() > 10) return std::nullopt;
    for (const Node& argument : arguments) {
      const auto holds = truth_of(argument, depth + 1);
      if (!holds || *holds == is_or) return holds;
    }
    return !is_or;
  }

  const Node& root_;
  const std::map<std::string, std::string>& given_;
  const Secrets secrets_;
  mutable std::map<std::string, std::optional<bool>> conditions_;
  mutable size_t found_ = 0, found_bytes_ = 0;
};

// True: it is to go.
bool resolve_policy(const KnownValues& known, Member& member) {
  const bool is_policy = member.name == "DeletionPolicy" || member.name == "UpdateReplacePolicy";
  if (!is_policy || !member.value.is_map()) return false;
  const Node* branch = known.branch_of(member.value);
  if (!branch) return false;
  if (sam::is_no_value(*branch)) return true;
  const auto text = known.text_of(*branch);
  if (text && *text == "AWS::NoValue") return true;
  if (text) member.value = placed(sam::text(*text), member.value.place);
  return false;
}

class ExtensionsExpander {
 public:
  ExtensionsExpander(Node& root, const std::map<std::string, std::string>& given,
                     std::vector<Problem>& problems)
      : root_(root), known_(root, given), problems_(problems) {}

  void run() {
    try {
      for (const char* section : {"Conditions", "Resources", "Outputs"})
        if (Node* node = sam::find(root_, section)) {
          expand(*node, 0);
          name_what_is_referred_to(*node);
        }
      find_code();
    } catch (const TooLarge& large) {
      wrong(large.place, "AWS::LanguageExtensions makes more of this template than " +
                             std::to_string(kMaxNodes) + " values, or " +
                             std::to_string(kMaxTextBytes) + " bytes of text");
      return;
    }
  }

 private:
  void wrong(Place place, const std::string& message) {
    problems_.push_back({"Template error: " + message, place});
  }
  std::optional<std::vector<std::string>> collection_of(const Node& node) const {
    std::vector<std::string> out;
    const Node* entry = node.is_map() ? known_.entry_of(node) : nullptr;
    const Node& list = entry ? *entry : node;
    if (list.is_list()) {
      for (const Node& item : list.list) {
        const auto text = known_.text_of(item);
        if (!text) return std::nullopt;
        // A parameter of the type CommaDelimitedList within the list stands for its items.
        if (item.is_map())
          split(*text, out);
        else
          out.push_back(*text);
      }
      return out;
    }
    const auto text = known_.text_of(list);
    if (!text) return std::nullopt;
    split(*text, out);
    return out;
  }
  static void split(const std::string& text, std::vector<std::string>& out) {
    for (size_t start = 0; !text.empty();) {
      const size_t comma = text.find(',', start);
      std::string item = text.substr(start, comma - start);
      item.erase(0, item.find_first_not_of(' '));
      item.erase(item.find_last_not_of(' ') + 1);
      out.push_back(std::move(item));
      if (comma == std::string::npos) return;
      start = comma + 1;
    }
  }

  // ${Name} and &{Name}, of which the second keeps letters and digits only.
  static std::string put_in(const std::string& text, const std::string& name,
                            const std::string& value) {
    std::string plain;
    for (const char c : value)
      if (ascii::is_alnum(c)) plain += c;
    std::string out;
    for (size_t i = 0; i < text.size();) {
      const bool here = (text[i] == '$' || text[i] == '&') &&
                        text.compare(i + 1, name.size() + 2, "{" + name + "}") == 0;
      if (here) {
        out += text[i] == '$' ? value : plain;
        i += name.size() + 3;
      } else {
        out += text[i++];
      }
    }
    return out;
  }

  Node with(const Node& node, const std::string& name, const std::string& value) {
    if (++made_ > kMaxNodes) throw TooLarge{node.place};
    if (node.map.size() == 1 && node.map[0].name == "Ref" && node.map[0].value.text == name)
      return placed(sam::text(value), node.place);
    Node out = node;
    if (out.is_text()) out.text = put_in(out.text, name, value);
    bytes_ += out.text.size();
    if (bytes_ > kMaxTextBytes) throw TooLarge{node.place};
    for (Node& item : out.list) item = with(item, name, value);
    for (Member& member : out.map) {
      member.name = put_in(member.name, name, value);
      bytes_ += member.name.size();
      member.value = with(member.value, name, value);
    }
    return out;
  }

  void make_text(Node& node) {
    if (!node.is_map()) return;
    auto text = known_.text_of(node);
    if (!text) return;
    bytes_ += text->size();
    if (bytes_ > kMaxTextBytes) throw TooLarge{node.place};
    node = placed(sam::text(std::move(*text)), node.place);
  }
  // Ref and Fn::GetAtt take functions here.
  void name_what_is_referred_to(Node& node) {
    for (Node& item : node.list) name_what_is_referred_to(item);
    for (Member& member : node.map) {
      if (node.map.size() == 1 && member.name == "Ref") make_text(member.value);
      if (node.map.size() == 1 && member.name == "Fn::GetAtt")
        for (Node& item : member.value.list) make_text(item);
      name_what_is_referred_to(member.value);
    }
  }
  // SAM asks for the text of these, and finds it where this transform was carried out before.
  void find_code() {
    const auto find_in = [this](Node& properties) {
      for (const char* name : {"CodeUri", "ContentUri", "DefinitionUri"})
        if (Node* uri = sam::find(properties, name)) make_text(*uri);
    };
    if (Node* globals = sam::find(root_, "Globals"))
      for (Member& kind : globals->map) find_in(kind.value);
    if (Node* resources = sam::find(root_, "Resources"))
      for (Member& resource : resources->map)
        if (Node* properties = sam::find(resource.value, "Properties")) find_in(*properties);
  }

  // Members of a map that are loops stand for what they make.
  void expand(Node& node, size_t loops) {
    for (Node& item : node.list) expand(item, loops);
    std::vector<Member> out;
    bool looped = false;
    for (Member& member : node.map) {
      if (!member.name.starts_with(kForEach)) {
        expand(member.value, loops);
        out.push_back(std::move(member));
        continue;
      }
      looped = true;
      const Node& loop = member.value;
      const bool fine = loop.list.size() == 3 && loop.list[0].is_text() && loop.list[2].is_map();
      const auto values = fine ? collection_of(loop.list[1]) : std::nullopt;
      if (!values || loops >= kMaxLoops) {
        wrong(member.place,
              loops >= kMaxLoops
                  ? "at most " + std::to_string(kMaxLoops) + " Fn::ForEach may be in each other"
                  : member.name +
                        " must have an identifier, a collection that is known before the "
                        "deployment, and a map");
        continue;
      }
      for (const std::string& value : *values) {
        Node body = with(loop.list[2], loop.list[0].text, value);
        expand(body, loops + 1);
        for (Member& made : body.map) out.push_back(std::move(made));
      }
    }
    node.map = std::move(out);
    if (looped) check_twice(node);
  }
  void check_twice(Node& node) {
    std::set<std::string> seen;
    std::erase_if(node.map, [&](const Member& member) {
      if (seen.insert(member.name).second) return false;
      wrong(member.place, "Fn::ForEach makes '" + member.name + "' twice");
      return true;
    });
  }

  Node& root_;
  const KnownValues known_;
  std::vector<Problem>& problems_;
  size_t made_ = 0, bytes_ = 0;
};

bool has_functions(const Node& node) {
  bool found = false;
  visit_functions(node, Within::kValues, [&](const FunctionUse&) { found = true; });
  return found;
}

// What a function gives where all in it is known.
std::optional<Node> outcome_of(const KnownValues& known, const Node& node) {
  const auto& [function, argument] = std::tie(node.map[0].name, node.map[0].value);
  if (function == "Fn::Sub" || function == "Fn::Join") {
    const auto text = known.text_of(node);
    return text ? std::optional(sam::text(*text)) : std::nullopt;
  }
  if (function == "Fn::Length" && argument.is_list())
    return sam::number(static_cast<int64_t>(argument.list.size()));
  if (function == "Fn::Length" && argument.find("Ref")) {
    const auto text = known.text_of(argument);
    if (!text) return std::nullopt;
    return sam::number(text->empty() ? 0 : 1 + std::count(text->begin(), text->end(), ','));
  }
  const bool is_json = function == "Fn::ToJsonString" && (argument.is_list() || argument.is_map());
  if (!is_json || has_functions(argument)) return std::nullopt;
  return sam::text(json_dump(to_json(argument)));
}

void carry_out(const KnownValues& known, Node& node) {
  for (Node& item : node.list) carry_out(known, item);
  for (Member& member : node.map) carry_out(known, member.value);
  if (node.map.size() != 1) return;
  if (auto outcome = outcome_of(known, node)) node = placed(std::move(*outcome), node.place);
}

}  // namespace

bool has_language_extensions(const Node& root) {
  return sam::asks_for_transform(root, kLanguageExtensions);
}

void expand_language_extensions(Node& root, const std::map<std::string, std::string>& parameters,
                                std::vector<Problem>& problems) {
  ExtensionsExpander(root, parameters, problems).run();
}

void resolve_policies(Node& root, const std::map<std::string, std::string>& parameters) {
  Node* resources = sam::find(root, "Resources");
  if (!resources) return;
  const KnownValues known(root, parameters);
  for (Member& resource : resources->map)
    std::erase_if(resource.value.map, [&](Member& member) {
      try {
        return resolve_policy(known, member);
      } catch (const TooLarge&) {
        return false;  // refused as it is
      }
    });
}

void carry_out_known_functions(Node& root, const std::map<std::string, std::string>& parameters) {
  const KnownValues known(root, parameters, KnownValues::Secrets::kHidden);
  try {
    for (const char* section : {"Resources", "Outputs"})
      if (Node* node = sam::find(root, section)) carry_out(known, *node);
  } catch (const TooLarge&) {
    // The others stay as they are written.
  }
}

}  // namespace kiln::cfn
