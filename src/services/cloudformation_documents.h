// Stacks and what belongs to them as CloudFormation's API writes them. Times are epoch seconds.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "stack/stack.h"
#include "template/template.h"

namespace kiln::services {

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
// The template with its transforms carried out.
nlohmann::json processed_template(const cfn::Template& parsed);

bool is_cloudformation_time(std::string_view member);

}  // namespace kiln::services
