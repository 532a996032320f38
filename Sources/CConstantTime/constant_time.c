// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

#include "CConstantTime.h"

// An optimiser that sees where a mask comes from may turn the arithmetic back into a branch: hide its origin.
static uint32_t opaque(uint32_t value) {
    __asm__("" : "+r"(value));
    return value;
}

// All ones when value is zero, else zero.
static uint32_t mask_if_zero(uint32_t value) {
    return opaque((uint32_t)0 - ((~value & (value - 1u)) >> 31));
}

int sceptic_unpad_pkcs1(const uint8_t *encoded, size_t encoded_length, const uint8_t *fallback, uint8_t *key,
                        size_t key_length) {
    if (encoded_length < 11 || key_length > encoded_length - 11) {
        return 0;
    }
    size_t separator = encoded_length - key_length - 1;
    uint32_t good = mask_if_zero(encoded[0]) & mask_if_zero((uint32_t)encoded[1] ^ 2u);
    for (size_t i = 2; i < separator; i++) {
        good &= ~mask_if_zero(encoded[i]);
    }
    good &= mask_if_zero(encoded[separator]);
    sceptic_select(good & 1u, encoded + separator + 1, fallback, key, key_length);
    return 1;
}

void sceptic_select(unsigned int accept, const uint8_t *chosen, const uint8_t *fallback, uint8_t *key, size_t key_length) {
    uint8_t mask = (uint8_t)~mask_if_zero((uint32_t)accept & 1u);
    for (size_t i = 0; i < key_length; i++) {
        key[i] = (uint8_t)((chosen[i] & mask) | (fallback[i] & (uint8_t)~mask));
    }
}

int sceptic_equal(const uint8_t *left, const uint8_t *right, size_t length) {
    uint32_t difference = 0;
    for (size_t i = 0; i < length; i++) {
        difference |= (uint32_t)(left[i] ^ right[i]);
    }
    return (int)(mask_if_zero(difference) & 1u);
}
