// The users that environments run as.
#pragma once

#include <cstdint>

namespace kiln {

// Kiln's own uids, one for each sandbox: so many from this on.
inline constexpr uint32_t kFirstUid = 900'000;
inline constexpr uint32_t kUids = 10'000'000;

// Whether this process, as root, can have processes of those users. In a user namespace, such as a
// container that an ordinary user runs, uid 0 is nobody's but that user's, and few others are
// there.
bool has_uids_for_sandboxes();

}  // namespace kiln
