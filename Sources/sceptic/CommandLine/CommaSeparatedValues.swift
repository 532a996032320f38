// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

/// Records of comma-separated values (RFC 4180): fields may be quoted, lines end with CR LF or LF.
struct CommaSeparatedValues {
    /// The most bytes of a record: no device has more to say.
    static let maximumRecordByteCount = 1_048_576

    /// One record, and the line on which it begins.
    struct Record: Equatable {
        var line: Int
        var fields: [String]
    }

    /// What is wrong, and where.
    struct Defect: Error, Equatable {
        var line: Int
        var sentence: String
    }

    /// Reads records; empty lines between them don't count.
    static func records(_ bytes: [UInt8], limit: Int) throws(Defect) -> [Record] {
        var parser = Parser(limit: limit)
        // Excel marks UTF-8 so.
        let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        for byte in bytes.dropFirst(start) { try parser.take(byte) }
        return try parser.end()
    }

    /// A record as a line.
    static func line(_ fields: [String]) -> String {
        fields.map { field in
            let isPlain = field.utf8.allSatisfy { ![0x22, 0x2C, 0x0D, 0x0A].contains($0) }
            return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
        }
        .joined(separator: ",") + "\r\n"
    }

    private struct Parser {
        private enum State {
            case start, plain, quoted, quoteInQuoted
        }

        private let limit: Int
        private var state = State.start
        private var line = 1
        private var firstLine = 1
        private var field: [UInt8] = []
        private var fields: [String] = []
        private var byteCount = 0
        private var records: [Record] = []
        private var isAfterReturn = false

        init(limit: Int) { self.limit = limit }

        mutating func take(_ byte: UInt8) throws(Defect) {
            byteCount += 1
            guard byteCount <= CommaSeparatedValues.maximumRecordByteCount else {
                throw defect("the record is too long")
            }
            if isAfterReturn {
                guard byte == 0x0A else { throw defect("a carriage return stands alone") }
                isAfterReturn = false
                return try endRecord()
            }
            switch (state, byte) {
            case (.quoted, 0x22): state = .quoteInQuoted
            case (.quoted, _):
                if byte == 0x0A { line += 1 }
                field.append(byte)
            case (.quoteInQuoted, 0x22):
                field.append(byte)
                state = .quoted
            case (.start, 0x22): state = .quoted
            case (_, 0x2C): try endField()
            case (_, 0x0A): try endRecord()
            case (_, 0x0D): isAfterReturn = true
            case (.quoteInQuoted, _): throw defect("something follows a closing quotation mark")
            case (.plain, 0x22): throw defect("a quotation mark stands inside a field that is not quoted")
            default:
                field.append(byte)
                state = .plain
            }
        }

        mutating func end() throws(Defect) -> [Record] {
            guard state != .quoted else { throw defect("the closing quotation mark is missing") }
            guard !isAfterReturn else { throw defect("a carriage return stands alone") }
            if byteCount > 0 { try endRecord() }
            return records
        }

        private mutating func endField() throws(Defect) {
            guard let text = String(validating: field, as: UTF8.self), !field.contains(0) else {
                throw defect("it is not UTF-8 text")
            }
            fields.append(text)
            field = []
            state = .start
        }

        private mutating func endRecord() throws(Defect) {
            let isEmpty = fields.isEmpty && field.isEmpty && state == .start
            try endField()
            if !isEmpty {
                guard records.count < limit else { throw defect("there are more than \(limit) records") }
                records.append(Record(line: firstLine, fields: fields))
            }
            fields = []
            byteCount = 0
            line += 1
            firstLine = line
        }

        private func defect(_ sentence: String) -> Defect { Defect(line: firstLine, sentence: sentence) }
    }
}
