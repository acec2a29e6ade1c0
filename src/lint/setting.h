// A property of a template as a rule sees it: absent, known, or there but unknown before the
// deployment. Rules skip what is unknown instead of guessing.
#pragma once

#include <optional>
#include <utility>

#include "template/node.h"

namespace kiln::lint {

template <class T>
class Setting {
 public:
  Setting() = default;  // absent
  static Setting unknown(cfn::Place place) { return Setting(State::kUnknown, T(), place); }
  static Setting known(T value, cfn::Place place) {
    return Setting(State::kKnown, std::move(value), place);
  }

  bool is_absent() const { return state_ == State::kAbsent; }
  bool is_known() const { return state_ == State::kKnown; }
  // The value; nullopt unless it is known.
  std::optional<T> value() const { return is_known() ? std::optional<T>(value_) : std::nullopt; }
  // The same, where AWS takes `otherwise` for a property that is absent.
  std::optional<T> value_or(T otherwise) const {
    return is_absent() ? std::optional<T>(std::move(otherwise)) : value();
  }
  cfn::Place place() const { return place_; }

 private:
  enum class State { kAbsent, kUnknown, kKnown };
  Setting(State state, T value, cfn::Place place)
      : state_(state), value_(std::move(value)), place_(place) {}

  State state_ = State::kAbsent;
  T value_{};
  cfn::Place place_;
};

}  // namespace kiln::lint
