// Seldom<T> and SeldomMap<Key, Value>: a value that most of its owners don't have, as large as a
// pointer where it is not there.
//
//   Seldom<LoggingConfig> logging;
//   logging->log_group;                  // the default's: ""
//   logging.change().log_group = "/a";   // from here on it takes room
//
//   SeldomMap<std::string, Alias> aliases;
//   for (const auto& [name, alias] : aliases) use(alias);
//   aliases["live"] = alias;
//
// Threading: as T. Ownership: owns its value, and copies it. Cost: an allocation for a value that
// was changed or is not the default.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <memory>
#include <utility>

namespace kiln {

template <class T>
class Seldom {
 public:
  Seldom() = default;
  Seldom(T value) {
    if (!(value == none())) value_ = std::make_unique<T>(std::move(value));
  }
  Seldom(const Seldom& other)
      : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Seldom(Seldom&&) noexcept = default;
  Seldom& operator=(const Seldom& other) { return *this = Seldom(other); }
  Seldom& operator=(Seldom&&) noexcept = default;
  ~Seldom() = default;

  const T& operator*() const { return value_ ? *value_ : none(); }
  const T* operator->() const { return &**this; }
  T& change() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  void reset() { value_.reset(); }

 private:
  static const T& none() {
    static const T value{};
    return value;
  }

  std::unique_ptr<T> value_;
};

template <class Key, class Value>
class SeldomMap {
 public:
  using Map = std::map<Key, Value>;
  using const_iterator = typename Map::const_iterator;

  SeldomMap() = default;
  SeldomMap(Map map) {
    if (!map.empty()) change() = std::move(map);
  }
  SeldomMap(std::initializer_list<typename Map::value_type> members) : SeldomMap(Map(members)) {}
  bool operator==(const SeldomMap& other) const { return all() == other.all(); }

  const Map& all() const { return *map_; }
  Map& change() { return map_.change(); }

  bool empty() const { return all().empty(); }
  size_t size() const { return all().size(); }
  const_iterator begin() const { return all().begin(); }
  const_iterator end() const { return all().end(); }
  const_iterator find(const Key& key) const { return all().find(key); }
  const_iterator upper_bound(const Key& key) const { return all().upper_bound(key); }
  bool contains(const Key& key) const { return all().contains(key); }
  const Value& at(const Key& key) const { return all().at(key); }

  Value& operator[](const Key& key) { return change()[key]; }
  size_t erase(const Key& key) {
    const size_t erased = contains(key) ? change().erase(key) : 0;
    if (empty()) clear();
    return erased;
  }
  void clear() { map_.reset(); }

 private:
  Seldom<Map> map_;
};

}  // namespace kiln
