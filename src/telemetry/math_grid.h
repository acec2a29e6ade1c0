// The periods of a range of time in metric math: functions that make a point for each of them,
// whether there is data or not. Periods are aligned to the epoch. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "telemetry/math_value.h"

namespace kiln::telemetry {

// Starts of the periods in [scope.start_s, scope.end_s). An error past kMaxMathGridPoints.
Result<std::vector<int64_t>> math_grid(const MathScope& scope, int period_s);

// `value` in each period of the scope; without points if it is kNoValue.
Result<Series> constant_series(double value, const MathScope& scope);

// FILL: with a number, the points of a series, the word REPEAT (the point before) or LINEAR (the
// line between the points around). What these do not have stays missing.
Result<Series> fill_series(Series series, const MathValue& filler, const MathScope& scope);

// Of a period's start, in UTC.
double epoch_at(int64_t time_s);
double minute_at(int64_t time_s);   // of the hour
double hour_at(int64_t time_s);     // of the day
double weekday_at(int64_t time_s);  // 1 = Monday, 7 = Sunday
double date_at(int64_t time_s);     // of the month
double month_at(int64_t time_s);
double year_at(int64_t time_s);

}  // namespace kiln::telemetry
