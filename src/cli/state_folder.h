// Where Kiln keeps its state, and finds its own files, when nobody says otherwise.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::cli {

// The folder of a project, with --here.
inline constexpr const char* kProjectFolder = ".kiln";
inline constexpr const char* kProjectConfig = "kiln.toml";

// $XDG_DATA_HOME/kiln, else ~/.local/share/kiln. As the XDG Base Directory Specification asks, a
// relative XDG_DATA_HOME doesn't count. Error (kInvalid): this user has no home folder.
Result<std::string> default_state_folder();

// What KILN_CONFIG names, else kiln.toml of the current folder, else kiln/config.toml in
// $XDG_CONFIG_HOME or ~/.config, if one is there; "" otherwise.
std::string default_config_file();

// The bootstraps of the managed runtimes: beside the program in a build, in lib/kiln when
// installed: share/kiln of ~/.local is the state folder.
std::string default_runtimes_folder();

}  // namespace kiln::cli
