// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

#ifndef SCEPTIC_CONSTANT_TIME_H
#define SCEPTIC_CONSTANT_TIME_H

#include <stddef.h>
#include <stdint.h>

// Takes a content-encryption key out of an RSAES-PKCS1-v1_5 encoded message (RFC 8017 section 7.2.2)
// without a branch or memory address that depends on the message.
//
// The length of the key is known beforehand (it follows from the content cipher), so the zero byte that ends
// the padding can stand in one place only. When the encoding is right, `key` gets the last `key_length` bytes of
// `encoded`; when it is wrong, `key` gets `fallback` (RFC 3218 section 2.3.2). The caller can't tell which, and
// must not try. Requires key_length + 11 <= encoded_length; returns 0 and leaves `key` alone otherwise, which depends
// on lengths alone.
int sceptic_unpad_pkcs1(const uint8_t *encoded, size_t encoded_length, const uint8_t *fallback, uint8_t *key,
                        size_t key_length);

// Copies `chosen` to `key` when `accept` is 1 and `fallback` when it is 0, without a branch on `accept`.
void sceptic_select(unsigned int accept, const uint8_t *chosen, const uint8_t *fallback, uint8_t *key, size_t key_length);

// Returns 1 when both runs of `length` bytes are equal and 0 otherwise, in a time that depends on `length` alone.
int sceptic_equal(const uint8_t *left, const uint8_t *right, size_t length);

#endif
