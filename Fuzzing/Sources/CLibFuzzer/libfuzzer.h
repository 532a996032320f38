// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

#ifndef SCEPTIC_LIBFUZZER_H
#define SCEPTIC_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

// Mutates `size` bytes of `data` in place by one of libFuzzer's own ways, to at most `max_size` bytes, and returns their new number.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

// Fuzzes as the arguments say, feeding `test_one_input`, and returns the exit status.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *data, size_t size));

#endif
