// SPDX-License-Identifier: Apache-2.0
// Copyright the Sceptic authors

import SCEP
import SCEPCrafting
import TestSupport
import Testing

/// The attributes as the RFC's own samples have them (`rfc8894` §3.2.1; shapes checked byte for byte against those samples).
@Suite struct AttributeVectorTests {
    private static func attributes(_ status: String) throws -> [[UInt8]] {
        let reply = try #require(try Dialogue.replies(try SCEPScene()).first { $0.status == status }).reply
        return try ReplyReader(reply).attributes
    }

    @Test(arguments: [
        ("0", "3011060a6086480186f84501090231031301 33"),  // messageType "3"
        ("0", "3011060a6086480186f84501090331031301 30"),  // pkiStatus "0"
        ("2", "3011060a6086480186f84501090331031301 32"),  // pkiStatus "2"
        ("2", "3011060a6086480186f84501090431031301 31"),  // failInfo "1"
        ("0", "301806092a864886f70d010903310b06092a864886f70d010701"),  // contentType = data
        ("0", "3020060a6086480186f84501090631120410 0102030405060708090a0b0c0d0e0f10"),  // recipientNonce
        ("0", "3020060a6086480186f84501090731121310 30313233343536373839414243444546"),  // transactionID
    ])
    func repliesHoldTheAttributeAsItIsWritten(status: String, hex: String) throws {
        #expect(try Self.attributes(status).contains([UInt8](hex: hex)))
    }

    @Test func aSenderNonceHasTheShapeOfTheSamples() throws {
        let head = [UInt8](hex: "3020060a6086480186f84501090531120410")
        let found = try Self.attributes("0").filter { $0.starts(with: head) }
        #expect(found.map(\.count) == [34])
    }

    @Test func aRequestMadeOfTheVectorsIsRead() throws {
        let scene = try SCEPScene()
        var message = try scene.message()
        message.attributes = [
            [UInt8](hex: "3012060a6086480186f8450109023104 1302 3139"),
            [UInt8](hex: "3020060a6086480186f84501090531120410 0102030405060708090a0b0c0d0e0f10"),
            TLV.attribute(OID.transactionID, TLV.printable("12345678901234567")),
        ]
        let received = try ReceivedMessage(bytes: try message.build())
        #expect(received.messageType == .pkcsReq)
        #expect(received.senderNonce?.bytes == Array(1...16))
        #expect(received.transactionID.text == "12345678901234567")
    }

    @Test func aReplyHasTheFullSetOfAttributes() throws {
        let common = [
            OID.transactionID, OID.messageType, OID.pkiStatus, OID.senderNonce, OID.recipientNonce, OID.contentType,
            OID.messageDigest,
            OID.signingTime,
        ]
        for (status, expected) in [("0", common), ("2", common + [OID.failInfo, OID.failInfoText])] {
            let types = try Self.attributes(status).map { try DERElement($0).at(0).encoded }
            #expect(Set(types) == Set(expected))
            #expect(types.count == expected.count)
        }
    }
}
