// Words that people bring along from the AWS CLI, SAM, LocalStack, and other command lines, and
// what Kiln calls them.
#pragma once

#include <string>
#include <string_view>

namespace kiln::cli {

// For a command that Kiln doesn't have, which of its own does that: "`kiln list` lists functions".
// "" when the word is not known.
std::string advice_for_command(std::string_view word);

// For an option that `command` ("invoke", "alarm set") doesn't have, what to write instead. "" when
// the word is not known.
std::string advice_for_option(std::string_view command, std::string_view option);

}  // namespace kiln::cli
