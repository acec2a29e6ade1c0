// Who a forked environment's process 1 is: it says so itself, over a socket, and the kernel adds
// its pid. The template is hostile: the message may come from any process that it could reach.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/unique_fd.h"

namespace kiln::sandbox {

// From now on the kernel adds the sender's pid to what comes over this socket.
bool ask_for_pids(int socket);

struct ForkWord {
  char letter = 0;   // 0: nobody is there any more
  std::string text;  // behind the letter
  pid_t pid = 0;     // as this process sees it; 0: unknown
  uid_t uid = 0;
};
// One packet. False: none is there now.
bool read_word(int socket, ForkWord& out);

// Gives the user namespace of the process that said so a user: inside the id that it had, outside
// `user`. What the template left belongs to `template_user`, which it may still read. False: it is
// no process of the template's, or has no namespace of its own that lacks one.
bool give_user(const ForkWord& word, uid_t template_user, uid_t user);

// The namespace ids in a status file of /proc: "NSpid:\t100\t7\t1" has three, and ends with 1. 0:
// it has no such line, or its process isn't process 1 of the innermost.
int depth_of_first(const std::string& status_text);

// A descriptor of the process if it is `uid`'s, and process 1 of a PID namespace that is one below
// `parent`'s, itself the first of its own. Empty: it isn't, or has ended.
UniqueFd open_first_process(const ForkWord& hello, uid_t uid, pid_t parent);

}  // namespace kiln::sandbox
