// Stacks and what belongs to them as CloudFormation's API writes them. Times are epoch seconds.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "stack/stack.h"
#include "template/template.h"

namespace kiln::services {

inline double stack_seconds(WallTime time) { return static_cast<double>(epoch_ms(time)) / 1000; }
nlohmann::json stack_document(const stack::Stack& stack);
nlohmann::json stack_summary(const stack::Stack& stack);
nlohmann::json event_document(const stack::Stack& stack, const stack::StackEvent& event);
nlohmann::json resource_document(const stack::Stack& stack, const stack::StackResource& resource);
nlohmann::json resource_summary(const stack::StackResource& resource);
// Values: with the properties before and after, as IncludePropertyValues asks.
enum class Values { kLeftOut, kIncluded };
nlohmann::json change_set_document(const stack::Stack& stack, const stack::ChangeSet& set,
                                   Values values);
nlohmann::json change_set_summary(const stack::Stack& stack, const stack::ChangeSet& set);
// What ValidateTemplate and GetTemplateSummary say of a template.
enum class Detail { kValidation, kSummary };
nlohmann::json template_document(const cfn::Template& parsed, Detail detail);

// Parts of these documents. `resolved`: what came from SSM; `hidden`: those with NoEcho.
nlohmann::json parameters_of(const std::map<std::string, std::string>& parameters,
                             const std::map<std::string, std::string>& resolved,
                             const std::vector<std::string>& hidden);
nlohmann::json tags_of(const std::map<std::string, std::string>& tags);

bool is_cloudformation_time(std::string_view member);

}  // namespace kiln::services
