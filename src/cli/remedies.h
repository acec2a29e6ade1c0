// What to do about what AWS's APIs say of templates, versions, and concurrency: AWS's own texts say
// what is wrong, and no more.
//
//   "No export named vpc found." → "No export named vpc found; deploy the stack that exports it
//   first. `kiln aws cloudformation list-exports` shows what is exported"
//
// Pure.
#pragma once

#include <string>

namespace kiln::cli {

// `text`, a problem a line, with the next step behind each problem that has one. `function`: the
// function that a command is about, for the commands to copy.
std::string with_remedies(const std::string& text, const std::string& function = "NAME");

// The server's problems of the template in `file`: "line 3, column 5: …" → "FILE:3:5: …", as
// compilers say it, and what belongs to a problem in its line.
std::string placed_in(const std::string& file, const std::string& text);

}  // namespace kiln::cli
