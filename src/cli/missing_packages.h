// The packages that a function's files ask for and its folder doesn't have, and the command that
// puts them there. Thread-safe (no state).
#pragma once

#include <string>
#include <vector>

#include "cli/dir_zip.h"

namespace kiln::cli {

// "`python3 -m pip install --target DIR requests`": for a copy to the shell.
std::string pip_command(const std::string& folder, const std::string& what);
std::string npm_command(const std::string& folder, const std::string& package = "");

// What requirements.txt names, without versions, options and comments, as pip writes the names of
// folders: "Requests[socks]>=2" is "requests", "python-dateutil" is "python_dateutil".
std::vector<std::string> required_packages(const std::string& requirements);
// What "dependencies" of a package.json names.
std::vector<std::string> node_packages(const std::string& package_json);

// Of the code in `folder`, whose files are `entries`: "requirements.txt asks for requests, which
// isn't in the folder; `…` puts it there". "": nothing is missing. What Lambda's runtimes bring,
// such as boto3, isn't.
std::string missing_packages(const std::string& folder, const std::vector<CodeEntry>& entries);

}  // namespace kiln::cli
