// Counts what a program asks of the kernel and of the allocator, thread by thread: loaded with
// LD_PRELOAD, it stands in front of the C library's functions and adds one to a number in a file,
// which whoever wants to know maps, too.
//
//   LD_PRELOAD=libcall_counter.so KILN_CALL_COUNTS=FILE kiln serve …
//
// FILE is made if it isn't there, and has 64 slots of 128 bytes: 4 bytes thread id (0: free), 4
// bytes nothing, then numbers of 8 bytes in the order of Kind. More threads than slots share the
// last one. A program that lacks the variable counts nothing. What the C library calls on its own,
// and io_uring by its ring, is not seen.
//
// Threading: any thread; a thread counts in its own slot. Cost: some nanoseconds a call.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

enum Kind {
  kReceive,
  kReceiveNothing,
  kSend,
  kRead,
  kWrite,
  kSleep,
  kWake,
  kOther,
  kAllocate,
  kAllocatedBytes,
  kLook,  // at what epoll has, without waiting
  kKinds
};

struct alignas(128) Slot {
  int32_t thread;
  uint64_t counts[kKinds];
};
static_assert(sizeof(Slot) == 128);
constexpr uint32_t kSlots = 64;

Slot* slots = nullptr;
uint32_t slots_taken = 0;
__thread Slot* own __attribute__((tls_model("initial-exec"))) = nullptr;

template <class F>
F* next(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

using Syscall = long(long, ...);

Slot* take_slot() {
  static Syscall* const real = next<Syscall>("syscall");
  const uint32_t at = __atomic_fetch_add(&slots_taken, 1, __ATOMIC_RELAXED);
  own = &slots[at < kSlots ? at : kSlots - 1];
  own->thread = static_cast<int32_t>(real(SYS_gettid));
  return own;
}

void count(Kind kind, uint64_t by = 1) {
  if (slots == nullptr) return;
  Slot* const slot = own != nullptr ? own : take_slot();
  __atomic_store_n(&slot->counts[kind], slot->counts[kind] + by, __ATOMIC_RELAXED);
}

[[gnu::constructor]] void open_counts() {
  const char* const file = std::getenv("KILN_CALL_COUNTS");
  if (file == nullptr) return;
  const int fd = ::open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || ::ftruncate(fd, sizeof(Slot) * kSlots) != 0) return;
  void* const memory =
      ::mmap(nullptr, sizeof(Slot) * kSlots, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory != MAP_FAILED) slots = static_cast<Slot*>(memory);
}

}  // namespace

extern "C" {

struct msghdr;
struct iovec;
struct epoll_event;
struct pollfd;
struct itimerspec;

#define COUNTED(kind, type, name, parameters, arguments)    \
  type name parameters {                                    \
    static auto* const real = next<type parameters>(#name); \
    count(kind);                                            \
    return real arguments;                                  \
  }
#define RECEIVES(type, name, parameters, arguments)         \
  type name parameters {                                    \
    static auto* const real = next<type parameters>(#name); \
    const type result = real arguments;                     \
    count(kReceive);                                        \
    if (result < 0) count(kReceiveNothing);                 \
    return result;                                          \
  }

RECEIVES(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags))
RECEIVES(ssize_t, recvfrom,
         (int fd, void* data, size_t size, int flags, void* address, void* length),
         (fd, data, size, flags, address, length))
RECEIVES(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags))
COUNTED(kSend, ssize_t, send, (int fd, const void* data, size_t size, int flags),
        (fd, data, size, flags))
COUNTED(kSend, ssize_t, sendto,
        (int fd, const void* data, size_t size, int flags, const void* address, unsigned length),
        (fd, data, size, flags, address, length))
COUNTED(kSend, ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags))
COUNTED(kSend, ssize_t, sendfile, (int to, int from, long* offset, size_t size),
        (to, from, offset, size))
COUNTED(kRead, ssize_t, read, (int fd, void* data, size_t size), (fd, data, size))
COUNTED(kRead, ssize_t, readv, (int fd, const iovec* parts, int count_of_parts),
        (fd, parts, count_of_parts))
COUNTED(kRead, ssize_t, pread, (int fd, void* data, size_t size, long offset),
        (fd, data, size, offset))
COUNTED(kWrite, ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
COUNTED(kWrite, ssize_t, writev, (int fd, const iovec* parts, int count_of_parts),
        (fd, parts, count_of_parts))
COUNTED(kWrite, ssize_t, pwrite, (int fd, const void* data, size_t size, long offset),
        (fd, data, size, offset))
// One that doesn't wait is no sleep.
COUNTED(timeout == 0 ? kLook : kSleep, int, epoll_wait,
        (int fd, epoll_event* events, int size, int timeout), (fd, events, size, timeout))
COUNTED(kSleep, int, epoll_pwait,
        (int fd, epoll_event* events, int size, int timeout, const void* signals),
        (fd, events, size, timeout, signals))
COUNTED(kSleep, int, epoll_pwait2,
        (int fd, epoll_event* events, int size, const timespec* timeout, const void* signals),
        (fd, events, size, timeout, signals))
COUNTED(kSleep, int, nanosleep, (const timespec* time, timespec* left), (time, left))
COUNTED(kSleep, int, poll, (pollfd * fds, unsigned long size, int timeout), (fds, size, timeout))
COUNTED(kSleep, int, pthread_cond_wait, (void* condition, void* mutex), (condition, mutex))
COUNTED(kWake, int, pthread_cond_signal, (void* condition), (condition))
COUNTED(kWake, int, pthread_cond_broadcast, (void* condition), (condition))
COUNTED(kOther, int, epoll_ctl, (int fd, int operation, int other, epoll_event* event),
        (fd, operation, other, event))
COUNTED(kOther, int, accept4, (int fd, void* address, void* length, int flags),
        (fd, address, length, flags))
COUNTED(kOther, int, close, (int fd), (fd))
COUNTED(kOther, int, sched_yield, (), ())
COUNTED(kOther, int, timerfd_settime, (int fd, int flags, const itimerspec* value, itimerspec* old),
        (fd, flags, value, old))
COUNTED(kOther, int, setsockopt, (int fd, int level, int name, const void* value, unsigned size),
        (fd, level, name, value, size))
COUNTED(kOther, int, getsockopt, (int fd, int level, int name, void* value, void* size),
        (fd, level, name, value, size))
COUNTED(kOther, int, shutdown, (int fd, int how), (fd, how))
COUNTED(kOther, int, io_uring_submit, (void* ring), (ring))
COUNTED(kSleep, int, io_uring_submit_and_wait, (void* ring, unsigned wait), (ring, wait))
COUNTED(kSleep, int, io_uring_submit_and_wait_timeout,
        (void* ring, void** entry, unsigned wait, void* timeout, void* signals),
        (ring, entry, wait, timeout, signals))
COUNTED(kSleep, int, io_uring_submit_and_get_events, (void* ring), (ring))

long syscall(long number, ...) {
  static Syscall* const real = next<Syscall>("syscall");
  __builtin_va_list list;
  __builtin_va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = __builtin_va_arg(list, long);
  __builtin_va_end(list);
  constexpr long kCommand = 127;  // without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
  const long command = arguments[1] & kCommand;
  const bool wakes =
      number == SYS_futex && (command == 1 || command == 10);  // FUTEX_WAKE, FUTEX_WAKE_BITSET
  const bool waits =
      number == SYS_futex && (command == 0 || command == 9);  // FUTEX_WAIT, FUTEX_WAIT_BITSET
  count(wakes ? kWake : waits ? kSleep : kOther);
  return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
              arguments[5]);
}

// The allocator by its own names: looking them up would allocate.
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t number, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) noexcept {
  count(kAllocate);
  count(kAllocatedBytes, size);
  return __libc_malloc(size);
}
void* calloc(size_t number, size_t size) noexcept {
  count(kAllocate);
  count(kAllocatedBytes, number * size);
  return __libc_calloc(number, size);
}
void* realloc(void* memory, size_t size) noexcept {
  count(kAllocate);
  count(kAllocatedBytes, size);
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept {
  count(kAllocate);
  count(kAllocatedBytes, size);
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
  count(kAllocate);
  count(kAllocatedBytes, size);
  *memory = __libc_memalign(alignment, size);
  return *memory != nullptr || size == 0 ? 0 : 12;  // ENOMEM
}

}  // extern "C"
