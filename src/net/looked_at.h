// Memory that another process changes, and that a loop looks at in each of its turns: cheaper than
// a descriptor while both sides are busy. Before the loop sleeps it asks the other side to wake it,
// by whatever descriptor the two share.
//
// News come in the order in which they happened: what the other side did before it left something
// here (wrote to a pipe, say) is heard of before look(). So a turn notices first, asks the kernel
// then, and looks only at what it has noticed.
//
// A thread runs one loop, and what is looked at belongs to the thread: everything here is for the
// thread of the loop that is to look.
#pragma once

#include <cstddef>

namespace kiln::net {

class LookedAt;

// Has it looked at in each turn, from this one on, until look_away(). Both may be called within
// look(), and twice.
void look_at(LookedAt& what);
void look_away(LookedAt& what);

class LookedAt {
 public:
  // Whether there is something now, for look() to take.
  virtual bool notice() = 0;
  // Takes what was noticed. Whether there was something.
  virtual bool look() = 0;
  // The loop is about to sleep: asks to be woken. False: there is something already.
  virtual bool before_sleep() = 0;
  // It is awake again, and needs no word any more. Follows each before_sleep(); may also come
  // without one.
  virtual void after_sleep() = 0;

 protected:
  ~LookedAt() = default;

 private:
  friend void look_at(LookedAt& what);
  friend void look_away(LookedAt& what);
  static constexpr size_t kNowhere = static_cast<size_t>(-1);
  size_t place_ = kNowhere;
};

}  // namespace kiln::net
