// What is known of services that are not here. Private to absent*.cc.
#pragma once

#include <span>
#include <string_view>

namespace kiln::services::absent {

// One operation of a service that speaks JSON or forms.
struct Question {
  std::string_view service;
  std::string_view operation;
  // The member that names what is asked for, which may be a list of names; "": nothing is named,
  // or what is asked for is a list of everything.
  std::string_view member;
  std::string_view error_type;  // when `member` is given, or there is no `empty`
  // {} stands for the name, {account} for the account.
  std::string_view message;
  // The answer's JSON when nothing is named; {arn} is "arn:aws:SERVICE:REGION:ACCOUNT".
  std::string_view empty;
  std::string_view always = {};  // a name that every account has, answered with `empty`
};
std::span<const Question> questions();

// One path of a REST service that speaks JSON; "*" is any one segment, which names what is asked
// for: the last of them is {} in the message.
struct Path {
  std::string_view service;
  std::string_view path;
  std::string_view error_type;
  std::string_view message;
  std::string_view empty;
};
std::span<const Path> paths();

}  // namespace kiln::services::absent
