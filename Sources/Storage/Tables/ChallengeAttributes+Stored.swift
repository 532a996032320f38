// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import Enrollment

import struct Foundation.Data
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder

extension ChallengeAttributes {
    /// The text of a column; nil when there are none.
    func stored() throws(StoreError) -> String? {
        if values.isEmpty { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let data = try? encoder.encode(self) else { throw .corrupted("attributes that can't be written") }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads the text of a column.
    init(stored text: String) throws(StoreError) {
        guard let attributes = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else {
            throw .corrupted("the attributes of a request that waits")
        }
        self = attributes
    }
}
