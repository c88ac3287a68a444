// The three products of a dense layer, summed in f32, on panels (panels.h) and blocks that stay in cache: what the kernels in linear.cpp take.
//
// Every element is one sum in one order, whichever rows a call is given.
#pragma once

#include <cstdint>

#include "dispatch.h"
#include "panels.h"

namespace earthcraft {

constexpr int64_t kLinearRows = 96;    // rows of a block
constexpr int64_t kLinearDepth = 256;  // of the sums that a block takes in one go

EC_DECLARE_VARIANTS(
    // Rows [begin, end) of out [rows, columns] = a [rows, depth] · b + bias [columns] where there is one. `b`: panels.
    void linear_rows(const float* a, const float* b, const float* bias, int64_t depth, int64_t columns, int64_t begin, int64_t end, float* out);
    // The same for rows of bf16, widened as they pass. scratch: kLinearRows * (depth + columns) floats.
    void linear_rows_bf16(const uint16_t* a, const float* b, const float* bias, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                          float* scratch, uint16_t* out);
    // Rows [begin, end) of out [rows, columns] = aᵀ · b; a [depth, rows], b [depth, columns]. At most kLinearRows rows.
    // scratch: kLinearDepth * (kLinearRows + padded_columns(columns)) floats.
    void linear_outer(const float* a, const float* b, int64_t rows, int64_t columns, int64_t depth, int64_t begin, int64_t end, float* scratch,
                      float* out);
    // Adds rows [begin, end) of x [rows, columns] to sums [columns].
    void column_sums(const float* x, int64_t columns, int64_t begin, int64_t end, float* sums);)

}  // namespace earthcraft
