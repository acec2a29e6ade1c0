// The uid that owns the other end of a TCP connection within this machine, asked from the kernel
// (sock_diag). Cost: about 10 µs; nullopt when the kernel doesn't say.
#pragma once

#include <cstdint>
#include <optional>

struct inet_diag_msg;

namespace kiln::sandbox {

std::optional<uint32_t> peer_uid(int socket);

// Whose it is by what the kernel tells of the other end. Where no such connection ends on this
// machine, it tells of a listener on that port; what nobody holds any more it may call root's.
// Pure.
std::optional<uint32_t> holder_of(const inet_diag_msg& told);

}  // namespace kiln::sandbox
