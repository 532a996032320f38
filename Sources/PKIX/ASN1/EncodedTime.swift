// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

internal import SwiftASN1

public import struct Foundation.Date

/// Reads and writes the Time of certificates and CMS (RFC 5280 §4.1.2.5): UTCTime to 2049, GeneralizedTime after.
public enum EncodedTime: Sendable {
    /// The moment after which no certificate is valid (RFC 5280 §4.1.2.5): 9999-12-31 23:59:59 UTC.
    public static let endOfTime = Date(timeIntervalSince1970: 253_402_300_799)

    /// The first moment that a Time can name: 1950-01-01 00:00:00 UTC.
    private static let startOfTime = Date(timeIntervalSince1970: -631_152_000)

    package static func parse(_ node: EncodedValue, _ what: String) throws(PKIXError) -> Date {
        if node.identifier == .utcTime, let time = try? UTCTime(berEncoded: node.encodedBytes) {
            return date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        }
        if node.identifier == .generalizedTime, let time = try? GeneralizedTime(berEncoded: node.encodedBytes) {
            return date(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        }
        throw .malformed("\(what): not a time")
    }

    /// The fields of a moment in UTC, in the Gregorian calendar.
    package static func fields(
        _ date: Date
    ) -> (year: Int, month: Int, day: Int, hours: Int, minutes: Int, seconds: Int) {
        let seconds = Int(max(startOfTime, min(date, endOfTime)).timeIntervalSince1970.rounded(.down))
        // Before 1970 the remainder is negative and the day is the one before.
        let ofDay = (seconds % 86_400 + 86_400) % 86_400
        let (year, month, day) = civil(fromDays: (seconds - ofDay) / 86_400)
        return (year, month, day, ofDay / 3600, ofDay / 60 % 60, ofDay % 60)
    }

    package static func append(_ date: Date, to serializer: inout DEREncoder) {
        let fields = fields(date)
        let year = fields.year
        let digits = [fields.month, fields.day, fields.hours, fields.minutes, fields.seconds].map { twoDigits($0) }
            .joined()
        let text =
            year < 2050
            ? "\(twoDigits(year % 100))\(digits)Z" : "\(twoDigits(year / 100))\(twoDigits(year % 100))\(digits)Z"
        serializer.primitive(year < 2050 ? .utcTime : .generalizedTime, text.utf8)
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func date(
        _ year: Int,
        _ month: Int,
        _ day: Int,
        _ hours: Int,
        _ minutes: Int,
        _ seconds: Int
    ) -> Date {
        // Days since 1970 in the proleptic Gregorian calendar, with years that begin in March.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Date(timeIntervalSince1970: Double(days * 86_400 + hours * 3600 + minutes * 60 + seconds))
    }

    private static func civil(fromDays days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
