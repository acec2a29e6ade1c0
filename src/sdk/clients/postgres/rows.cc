#include "sdk/clients/postgres/rows.h"

#include <cstdlib>

namespace kiln::postgres {

Rows::Rows(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

size_t Rows::size() const { return static_cast<size_t>(data_->pq.ntuples(data_->result)); }

size_t Rows::affected() const {
  return static_cast<size_t>(std::strtoull(data_->pq.cmdTuples(data_->result), nullptr, 10));
}

Row Rows::operator[](size_t row) const {
  if (row >= size()) {
    throw std::out_of_range("row " + std::to_string(row) + " of " + std::to_string(size()));
  }
  return {*this, row};
}

Rows::Iterator Rows::begin() const { return {*this, 0}; }
Rows::Iterator Rows::end() const { return {*this, size()}; }

// Not PQfnumber, which folds upper case as SQL does.
size_t Rows::column(std::string_view name) const {
  const int count = data_->pq.nfields(data_->result);
  for (int i = 0; i < count; ++i) {
    if (name == data_->pq.fname(data_->result, i)) return static_cast<size_t>(i);
  }
  throw Error("the result has no column '" + std::string(name) + "'");
}

std::optional<std::string_view> Rows::value(size_t row, size_t column) const {
  const auto& [pq, result] = *data_;
  if (column >= static_cast<size_t>(pq.nfields(result))) {
    throw Error("the result has no column " + std::to_string(column) + ", only " +
                std::to_string(pq.nfields(result)));
  }
  const int r = static_cast<int>(row);
  const int c = static_cast<int>(column);
  if (pq.getisnull(result, r, c)) return std::nullopt;
  return std::string_view(pq.getvalue(result, r, c),
                          static_cast<size_t>(pq.getlength(result, r, c)));
}

void Rows::mismatch(size_t row, size_t column, const char* wanted) const {
  const auto text = value(row, column);
  throw Error("column '" + std::string(data_->pq.fname(data_->result, static_cast<int>(column))) +
              "' is " + (text ? "'" + std::string(text->substr(0, 100)) + "'" : "NULL") +
              ", but the program asks for " + wanted);
}

}  // namespace kiln::postgres
