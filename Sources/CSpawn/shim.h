// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors
//
// What glibc declares under _GNU_SOURCE only, and Swift's Glibc module therefore does not know.

#ifndef SCEPTIC_CSPAWN_H
#define SCEPTIC_CSPAWN_H

#include <spawn.h>

int pipe2(int ends[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);

#endif
