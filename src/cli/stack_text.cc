#include "cli/stack_text.h"

#include <fmt/format.h>

#include <set>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/left_out_reason.h"
#include "cli/api_client.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr size_t kShownValue = 100;  // characters
constexpr size_t kBelowTime = 14;    // in an event's line
constexpr size_t kBelowMark = 6;     // in a property's

// An empty list of an XML answer reads as an empty text.
const json& list_at(const json& object, const char* name) {
  static const json none = json::array();
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : none;
}

enum class ChangeKind { kCreate, kUpdate, kReplace, kDelete, kSkip };
constexpr const char* kMarks[] = {"+ create ", "~ update ", "± replace", "- delete ", "  skip   "};

ChangeKind kind_of_change(const json& change) {
  const std::string action = string_at(change, "Action");
  // What was made of it until now goes.
  if (string_at(change, "KilnLeftOut") == "true")
    return action == "Modify" ? ChangeKind::kDelete : ChangeKind::kSkip;
  if (action == "Add") return ChangeKind::kCreate;
  if (action == "Remove") return ChangeKind::kDelete;
  return string_at(change, "Replacement") == "False" ? ChangeKind::kUpdate : ChangeKind::kReplace;
}

std::string shown(const json& value) {
  std::string text = json_dump(value);
  for (const std::string mark = "{{changeSet:KNOWN_AFTER_APPLY}}";;) {
    const size_t at = text.find(mark);
    if (at == std::string::npos) break;
    text.replace(at, mark.size(), "(known after deployment)");
  }
  if (text.size() > kShownValue) text = text.substr(0, kShownValue) + "…";
  return text;
}

json properties_of(const json& change, const char* context) {
  const json parsed = json_parse(string_at(change, context));
  return json_member(parsed, "Properties");
}

std::string property_lines(const Console& console, const json& change) {
  const json before = properties_of(change, "BeforeContext");
  const json after = properties_of(change, "AfterContext");
  std::set<std::string> names;
  for (const json* side : {&before, &after})
    for (const auto& item : side->items()) names.insert(item.key());
  std::string out;
  for (const std::string& name : names) {
    const auto old = before.find(name), now = after.find(name);
    if (old != before.end() && now != after.end() && *old == *now) continue;
    if (old != before.end())
      out += console.paint(Style::kRed, fmt::format("    - {}: {}", name, shown(*old))) + "\n";
    if (now != after.end())
      out += console.paint(Style::kGreen, fmt::format("    + {}: {}", name, shown(*now))) + "\n";
  }
  return out;
}

}  // namespace

std::string plan_text(const Console& console, const json& changes) {
  std::string out;
  for (const json& each : changes) {
    const json change = json_member(each, "ResourceChange");
    const ChangeKind kind = kind_of_change(change);
    std::string line =
        fmt::format("{} {} {}", kMarks[static_cast<int>(kind)],
                    string_at(change, "LogicalResourceId"), string_at(change, "ResourceType"));
    if (string_at(change, "Replacement") == "Conditional") line += " (if its new value differs)";
    const Style style = kind == ChangeKind::kDelete ? Style::kRed
                        : kind == ChangeKind::kSkip ? Style::kDim
                                                    : Style::kBold;
    out += console.paint(style, line) + "\n";
    if (const std::string note = string_at(change, "KilnNote"); !note.empty())
      out += for_console(console, "    " + note + "\n", kBelowMark);
    if (kind == ChangeKind::kUpdate || kind == ChangeKind::kReplace)
      out += for_console(console, property_lines(console, change), kBelowMark);
  }
  return out;
}

std::string plan_summary(const json& changes) {
  int counts[std::size(kMarks)] = {};
  for (const json& each : changes)
    ++counts[static_cast<int>(kind_of_change(json_member(each, "ResourceChange")))];
  std::string out = fmt::format("{} to create, {} to update, {} to replace, {} to delete",
                                counts[0], counts[1], counts[2], counts[3]);
  if (counts[4] > 0) out += fmt::format("; {} left out", counts[4]);
  return out;
}

std::map<std::string, std::string> functions_by_runtime(const json& changes) {
  std::map<std::string, std::string> out;
  for (const json& each : changes) {
    const json change = json_member(each, "ResourceChange");
    if (string_at(change, "ResourceType") != "AWS::Lambda::Function" ||
        kind_of_change(change) == ChangeKind::kSkip)
      continue;
    const std::string runtime = string_at(properties_of(change, "AfterContext"), "Runtime");
    if (runtime.empty() || runtime == string_at(properties_of(change, "BeforeContext"), "Runtime"))
      continue;
    std::string& names = out[runtime];
    names += (names.empty() ? "" : ", ") + string_at(change, "LogicalResourceId");
  }
  return out;
}

std::string event_text(const Console& console, const json& event) {
  const std::string status = string_at(event, "ResourceStatus");
  const std::string reason = string_at(event, "ResourceStatusReason");
  const Style style =
      status.find("FAILED") != std::string::npos || status.find("ROLLBACK") != std::string::npos
          ? Style::kRed
      : status.ends_with("COMPLETE") ? Style::kGreen
                                     : Style::kDim;
  const std::string time = string_at(event, "Timestamp");
  std::string line =
      fmt::format("{}  {:<28}  {}  {}", time.size() > 23 ? time.substr(11, 12) : time, status,
                  string_at(event, "LogicalResourceId"), string_at(event, "ResourceType"));
  if (!reason.empty()) line += "  " + reason;
  return for_console(console, console.paint(style, line), kBelowTime);
}

bool is_left_out(const json& resource) {
  return string_at(resource, "ResourceStatusReason").starts_with(kLeftOutReason);
}

namespace {

bool names(const std::string& text, const std::string& mark) {
  for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const size_t end = at + mark.size();
    if (end == text.size() || !ascii::is_alnum(text[end])) return true;
  }
  return false;
}

// The resource that was left out and whose name or ARN `text` would have; "": none.
std::string left_out_in(const std::string& text, const std::vector<json>& resources) {
  for (const json& resource : resources) {
    const std::string id = string_at(resource, "LogicalResourceId");
    if (is_left_out(resource) &&
        (names(text, "skipped-" + id) || names(text, "arn:aws:skipped:::" + id)))
      return id;
  }
  return "";
}

}  // namespace

json outputs_document(const json& stack) {
  json out = json::object();
  for (const json& output : list_at(stack, "Outputs"))
    out[string_at(output, "OutputKey")] = string_at(output, "OutputValue");
  return out;
}

std::string outputs_text(const Console& console, const json& stack,
                         const std::vector<json>& resources) {
  std::string out;
  const json outputs = outputs_document(stack);
  for (const auto& [name, value] : outputs.items()) {
    const std::string text = json_text(value), missing = left_out_in(text, resources);
    const std::string bold = console.paint(Style::kBold, name);
    if (missing.empty())
      out += bold + " = " + text + "\n";  // whole, so that it can be copied
    else
      out += for_console(
          console,
          bold + ": nothing, since " + missing + " was left out" +
              (text.starts_with("http") ? "; `kiln url NAME` gives a function a URL\n" : "\n"));
  }
  return out;
}

}  // namespace kiln::cli
