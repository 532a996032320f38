// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import CLibCrypto

/// When libcrypto ends.
public enum LibraryLifetime: Sendable {
    /// Lets libcrypto live as long as the process does; to be called before anything else uses it.
    ///
    /// By itself it takes its locks away when `exit` is called, and whichever thread still signs, or opens a connection to a
    /// database, then crashes. There is nothing that would have to be cleared away.
    public static func isTheProcess() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
