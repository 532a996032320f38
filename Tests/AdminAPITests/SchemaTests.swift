// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import AdminAPI
import StrictJSON
import Testing

import struct Foundation.Date

@Suite struct SchemaTests {
    private static let schema = ObjectSchema(
        "Sample",
        .required("name", .profileName, "A name."),
        .optional("count", .integer(1...3), "How many."),
        .optional("list", .list(of: .choice(["a", "b"]), maximum: 2), "Words."),
        .optional("nested", .object(ObjectSchema(nil, .required("at", .moment, "When."))), "Inside."),
        .optional(
            "kind",
            .union(by: "type", ["x": ObjectSchema(nil, .optional("size", .number(0...1), "Size."))]),
            "One."
        )
    )

    @Test(arguments: [
        (#"{"name":"a-1"}"#, []),
        (#"{"name":"a","count":3.0,"list":["a","b"],"nested":{"at":"2026-01-01T00:00:00.5+01:00"}}"#, []),
        (#"{"name":"a","kind":{"type":"x","size":0.5}}"#, []),
        (#"{}"#, ["/name"]),
        (#"{"name":"A"}"#, ["/name"]),
        (#"{"name":"a\n"}"#, ["/name"]),
        (#"{"name":"a","count":4}"#, ["/count"]),
        (#"{"name":"a","count":"1"}"#, ["/count"]),
        (#"{"name":"a","count":1.5}"#, ["/count"]),
        (#"{"name":"a","list":["a","b","a"]}"#, ["/list"]),
        (#"{"name":"a","list":["c"]}"#, ["/list/0"]),
        (#"{"name":"a","nested":{"at":"yesterday"}}"#, ["/nested/at"]),
        (#"{"name":"a","nested":{"at":"2026-13-01T00:00:00Z"}}"#, ["/nested/at"]),
        (#"{"name":"a","kind":{"type":"y"}}"#, ["/kind/type"]),
        (#"{"name":"a","kind":{"type":"x","size":2}}"#, ["/kind/size"]),
        (#"{"name":"a","stray/~":1}"#, ["/stray~1~0"]),
        (#"[]"#, [""]),
    ])
    func valuesAreComparedWithTheirDescription(_ text: String, _ pointers: [String]) throws {
        let value = try JSONValue(strictly: text.utf8)
        #expect(Self.schema.violations(in: value).map(\.pointer) == pointers)
    }

    @Test(arguments: [
        ("2026-01-01T00:00:00Z", 0.0), ("2026-01-01t00:00:00.25z", 0.25), ("2026-01-01T22:13:00+22:13", 0),
        ("2025-12-31T00:01:00-23:59", 0), ("2026-01-01T00:00:00.123456789Z", 0.123),
    ])
    func momentsAreReadInWhateverZone(_ text: String, _ seconds: Double) throws {
        let moment = try #require(AdminJSON.moment(text))
        #expect(abs(moment.timeIntervalSince1970 - 1_767_225_600 - seconds) < 0.001)
    }

    @Test(arguments: [
        "2026-01-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00+24:00", "2026-02-30T00:00:00Z",
        "2026-01-01T25:00:00Z", "2026-01-01T00:00:00+01:60", "+2026-01-01T00:00:00Z", "",
    ])
    func whatIsNoMomentIsNone(_ text: String) { #expect(AdminJSON.moment(text) == nil) }

    @Test func patternsAreReadByCodePoints() throws {
        let schema = ObjectSchema(nil, .required("name", .string(pattern: "dns:[\\s\\S]+"), "A name."))
        for text in ["dns:\u{301}", "dns:a\nb"] {
            #expect(schema.violations(in: .object(["name": .string(text)])).isEmpty, "\(text)")
        }
    }

    @Test func writtenJSONIsReadBackTheSame() throws {
        let value = JSONValue.object([
            "b": .array([.null, .boolean(true), .number("1.50"), .object([:]), .array([])]),
            "a": .string("\"\\\n\r\t\u{1}\u{2028}é𝄞/"),
        ])
        #expect(try JSONValue(strictly: value.written.utf8) == value)
        #expect(try JSONValue(strictly: value.laidOut.utf8) == value)
        #expect(value.written.hasPrefix(#"{"a":"#))
        #expect(!value.written.contains("\u{2028}"))
    }
}
