// What each function of functions/ costs without the engine and without JSON made into trees: the
// same work by the shortest way that its libraries have. bench/functions and bench/data_throughput
// compare the functions with these.
//
// A floor is prepared once, from the event in a file, and then called over and over. Threading: one
// thread. Ownership: a floor keeps what it was prepared with.
#pragma once

#include <functional>
#include <string>

namespace kiln::bench {

// One request's work; what it returns keeps the compiler from leaving the work out.
using Floor = std::function<double()>;

// RE2 on the two patterns of validate_user.
Floor validate_user();
// simdjson over the records, and their fields cleaned as kiln::DataProcessor cleans them.
Floor clean_records(std::string event);
// The arithmetic alone.
Floor cpu_intensive_batch();
// The three HTTP requests on one connection to the engine at that port.
Floor ask_for_metrics(uint16_t port);
// simdjson over the records, into the moments and counts of optimized_imports.
Floor analyse_records(std::string event);
// SQLite's C interface with prepared statements, on a file in `folder`.
Floor authorize_again(const std::string& folder);      // a request id that is there
Floor store_order(const std::string& folder);          // a new row: a commit
Floor store_hundred_again(const std::string& folder);  // that are there, in one transaction

}  // namespace kiln::bench
