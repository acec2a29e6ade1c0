#include "stack/near_type.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/near_word.h"
#include "stack/resource_type.h"
#include "template/serverless.h"

namespace kiln::stack {
namespace {

constexpr std::string_view kSeparator = "::";
// Types of AWS's that look like a slip in one that stacks hold.
constexpr std::array kNoSlips = {std::string_view("AWS::CloudFormation::WaitCondition"),
                                 std::string_view("AWS::IoT::Policy")};

// "AWS::Lambda" and "Function" of "AWS::Lambda::Function".
struct Parts {
  std::string service, last;
};

Parts parts_of(std::string_view name) {
  const size_t at = name.rfind(kSeparator);
  if (at == std::string_view::npos) return {"", std::string(name)};
  return {std::string(name.substr(0, at)), std::string(name.substr(at + kSeparator.size()))};
}

}  // namespace

std::string near_type(std::string_view name, const std::vector<std::string>& known) {
  if (std::find(kNoSlips.begin(), kNoSlips.end(), name) != kNoSlips.end()) return "";
  const Parts wanted = parts_of(name);
  std::vector<std::string> services, lasts;
  for (const std::string& one : known) {
    if (ascii::lower(one) == ascii::lower(name)) return one;
    const Parts parts = parts_of(one);
    if (parts.service == wanted.service) lasts.push_back(parts.last);
    if (parts.last == wanted.last) services.push_back(parts.service);
  }
  if (const std::string last = near_word(wanted.last, lasts); !last.empty())
    return wanted.service + std::string(kSeparator) + last;
  const std::string service = near_word(wanted.service, services);
  return service.empty() ? "" : service + std::string(kSeparator) + wanted.last;
}

std::string advice_for_types(const std::vector<std::string>& unknown, bool has_sam_transform) {
  const std::vector<std::string> sam = cfn::serverless_types();
  std::vector<std::string> known = sam;
  for (const std::string_view name : resource_type_names()) known.emplace_back(name);
  std::string out;
  bool needs_transform = false;
  for (const std::string& name : unknown) {
    const bool is_sam = std::find(sam.begin(), sam.end(), name) != sam.end();
    needs_transform = needs_transform || (is_sam && !has_sam_transform);
    if (is_sam) continue;
    if (const std::string near = near_type(name, known); !near.empty())
      out += (out.empty() ? "Did you mean " : ", ") + near;
  }
  if (!out.empty()) out += "?";
  if (needs_transform)
    out += std::string(out.empty() ? "" : " ") +
           "AWS::Serverless's types need the line 'Transform: AWS::Serverless-2016-10-31' at the "
           "top of the template.";
  return out;
}

}  // namespace kiln::stack
