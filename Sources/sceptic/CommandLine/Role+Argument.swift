// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import AdminAPI
public import ArgumentParser

extension Role: ExpressibleByArgument {}
