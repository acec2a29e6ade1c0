// What a sandbox mounts in its own mount namespace: first what every blank has, then the folders of
// the function that it becomes.
//
// A mount costs little; to let go of the host's file system (/.host) costs 50 to 100 µs, since the
// kernel waits for all processors. So a blank has done that, and folders come as descriptors of
// mounts. The engine opens them where it has the right to, else the launcher. Before Linux 5.12
// there are none: then a blank keeps /.host until it knows what it needs.
#pragma once

#include <span>
#include <string>

#include "sandbox/launcher_message.h"
#include "sandbox/sandbox_process.h"

namespace kiln::sandbox {

// A read-only mount of a folder or file that is nowhere yet. Empty: errno says why.
UniqueFd open_mount(const std::string& path);

// The mounts that `order` needs, and where they belong.
OrderHead open_mounts(const StartOrder& order, const HostView& host, std::vector<UniqueFd>& mounts);

// In a sandbox. The step that failed, and errno says why; empty: none has.
std::string mount_blank(const BlankRequest& request, const Ground& ground);
// `ahead`: a program was started in the blank.
std::string mount_order(const StartOrder& order, const OrderHead& head,
                        std::span<const UniqueFd> mounts, const Ground& ground, bool ahead);

}  // namespace kiln::sandbox
