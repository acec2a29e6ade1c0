// A value that each thread has for itself, made when the thread first asks for it, and gone with
// the thread.
//
//   const ThreadOwned<simdjson::dom::parser> parser;
//   parser->parse(text);
//
// As `thread_local`, with a difference: where there is no memory, the C++ library ends the whole
// process as it notes the destructor of a `thread_local`, and this one throws std::bad_alloc.
// Objects of it live as long as the program. Thread-safe. Cost: a look into a table.
#pragma once

#include <pthread.h>

#include <memory>
#include <new>

namespace kiln {

template <class T>
class ThreadOwned {
 public:
  ThreadOwned() {
    if (::pthread_key_create(&key_, [](void* value) { delete static_cast<T*>(value); }) != 0)
      throw std::bad_alloc();
  }
  ThreadOwned(const ThreadOwned&) = delete;

  T& operator*() const {
    if (void* const value = ::pthread_getspecific(key_)) return *static_cast<T*>(value);
    auto made = std::make_unique<T>();
    if (::pthread_setspecific(key_, made.get()) != 0) throw std::bad_alloc();
    return *made.release();
  }
  T* operator->() const { return &**this; }

 private:
  pthread_key_t key_ = 0;
};

}  // namespace kiln
