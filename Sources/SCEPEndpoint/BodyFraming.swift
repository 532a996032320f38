// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import NIOHTTP1

/// How a request's body is delimited, from header fields that the decoder has already found free of contradictions.
enum BodyFraming: Equatable {
    case none
    case length(Int)
    case chunked
    case invalid

    init(_ headers: HTTPHeaders) {
        if headers.contains(name: "transfer-encoding") {
            self = .chunked
            return
        }
        guard let text = headers.first(name: "content-length") else {
            self = .none
            return
        }
        let digits = text.utf8.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var length = 0
        var hasDigits = false
        for byte in digits {
            if hasDigits, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { continue }
            let (product, overflows) = length.multipliedReportingOverflow(by: 10)
            guard byte.isDigit, !overflows else {
                self = .invalid
                return
            }
            let (sum, overflowsToo) = product.addingReportingOverflow(Int(byte - UInt8(ascii: "0")))
            guard !overflowsToo else {
                self = .invalid
                return
            }
            length = sum
            hasDigits = true
        }
        self = hasDigits ? (length == 0 ? .none : .length(length)) : .invalid
    }
}
