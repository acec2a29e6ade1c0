// Words that people bring along from the AWS CLI, SAM, LocalStack, and other command lines, and
// what Kiln calls them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// For a command that Kiln doesn't have, which of its own does that: "`kiln list` lists functions".
// "" when the word is not known.
std::string advice_for_command(std::string_view word);

// For the words of a command line of the AWS CLI, without its `aws`: what runs it. "" when the
// first is neither a service nor an operation. REQUIRES: there is one.
std::string aws_command_of(const std::vector<std::string>& words);

// Of `ours`, the commands of one group, the one that does what `word` does elsewhere: "set" for
// "create". "" when there is none.
std::string our_verb(std::string_view word, const std::vector<std::string>& ours);

// For an option that `command` ("invoke", "alarm set") doesn't have, what to write instead. "" when
// the word is not known.
std::string advice_for_option(std::string_view command, std::string_view option);

}  // namespace kiln::cli
