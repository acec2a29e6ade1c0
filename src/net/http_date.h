// The Date of an answer: "Tue, 01 Dec 2026 12:36:21 GMT", as RFC 9110 (5.6.7) writes it. It is the
// machine's time, whatever `kiln serve --speed` says: clients set their own clock right by it.
#pragma once

#include <string>

namespace kiln::net {

class IoLoop;
struct Response;

// Adds it to what write_head() wrote of `response`, unless that has a Date of its own. Threading:
// the loop's own. Cost: a few comparisons and a copy; the clock is looked at once a second.
void add_date(std::string& head, const Response& response, const IoLoop& loop);

}  // namespace kiln::net
